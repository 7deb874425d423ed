package index

// Residues are counted by adding, for every byte, a word of eight counters, each a byte wide, that stand for what the byte
// is; a byte of text adds at most one to a counter, so that the word is emptied every 255 bytes. What is rare in proteins
// has one counter together in the common word, and is told apart by a second pass over those 255 bytes that have any.
//
//	word    counters from the lowest byte on
//	common  A, C, G, T or U, N, X, other bytes, any of the rare
//	rare    lower case, U, O, B, Z, J, *, gaps
//
// Letters count in both cases. White space counts nowhere.
var commonTable, rareTable = makeClassTables()

// The counters of the common word.
const (
	counterA = iota
	counterC
	counterG
	counterT
	counterN
	counterX
	counterOther
	counterRare
	counters
)

// rareClasses are the counters of the rare word.
var rareClasses = [counters]Class{ClassLower, ClassU, ClassO, ClassB, ClassZ, ClassJ, ClassStop, ClassGap}

const countersFull = 255

func makeClassTables() (common, rare [256]uint64) {
	one := func(counter int) uint64 { return 1 << (8 * counter) }
	letters := map[int]int{'A': counterA, 'C': counterC, 'G': counterG, 'T': counterT, 'U': counterT, 'N': counterN, 'X': counterX}
	for b := range 256 {
		lower, upper := 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z'
		for counter, class := range rareClasses {
			letter := class >= ClassU && class <= ClassJ && (lower || upper) && class.Name()[0] == byte(b&^0x20)
			if letter || class == ClassLower && lower || class == ClassStop && b == '*' || class == ClassGap && (b == '-' || b == '.') {
				rare[b] += one(counter)
			}
		}
		if rare[b] != 0 {
			common[b] += one(counterRare)
		}
		if lower || upper {
			if counter, ok := letters[b&^0x20]; ok {
				common[b] += one(counter)
			}
		} else if rare[b] == 0 && b != ' ' && (b < '\t' || b > '\r') {
			common[b] += one(counterOther)
		}
	}
	return common, rare
}

// ClassesOf counts the residues of a body as it stands in its file, line ends and all; so many of its bytes are residues.
func ClassesOf(body []byte, residues int64) (c Classes) {
	var counts [counters]int64
	for len(body) > 0 {
		part := body[:min(len(body), countersFull)]
		body = body[len(part):]
		common := sum(&commonTable, part)
		for i := range counts {
			counts[i] += int64(common >> (8 * i) & 0xff)
		}
		if common>>(8*counterRare) == 0 {
			continue
		}
		rare := sum(&rareTable, part)
		for i, class := range rareClasses {
			c[class] += int64(rare >> (8 * i) & 0xff)
		}
	}
	c[ClassX], c[ClassOther] = counts[counterX], counts[counterOther]
	if looksNucleotide(residues-c[ClassStop]-c[ClassGap]-c[ClassOther], &counts) {
		c[ClassNucleotide] = 1
	}
	return c
}

// sum adds the words of up to 255 bytes, in two sums that do not wait for each other.
func sum(table *[256]uint64, part []byte) uint64 {
	var even, odd uint64
	for len(part) >= 4 {
		even += table[part[0]] + table[part[1]]
		odd += table[part[2]] + table[part[3]]
		part = part[4:]
	}
	for _, b := range part {
		even += table[b]
	}
	return even + odd
}

// looksNucleotide tells whether a record is rather DNA or RNA than protein: at least ten letters, nine in ten of them A, C,
// G, T, U or N, and two at least of the four bases among them. Of the letters of proteins A, C, G, T and N are about a
// quarter, so ten that all are among them are found once in a million, but in repeats of alanine or glycine.
func looksNucleotide(letters int64, counts *[counters]int64) bool {
	bases, kinds := counts[counterN], 0
	for _, n := range counts[counterA : counterT+1] {
		bases += n
		if n > 0 {
			kinds++
		}
	}
	return letters >= 10 && 10*bases >= 9*letters && kinds >= 2
}
