package index

// Residues are counted by adding, for every byte, two words of eight counters each, a byte wide; a byte of text adds at
// most one to a counter, so that the words are emptied every 255 bytes.
//
//	word  counters from the lowest byte on
//	0     lower case, U, O, B, Z, X, J, *
//	1     gaps, other bytes, white space, A, C, G, T or U, N
type classWords [2]uint64

// Counters that are no class: 16 in all, those of word 1 from 8 on.
const (
	counterSpace = 10 + iota
	counterA
	counterC
	counterG
	counterT
	counterN
	counterCount
)

const countersFull = 255

var classTable = makeClassTable()

func makeClassTable() (table [256]classWords) {
	for b := range table {
		add := func(counter int) { table[b][counter/8] += 1 << (counter % 8 * 8) }
		lower, upper := 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z'
		if lower {
			add(int(ClassLower))
		}
		switch {
		case lower || upper:
			switch b &^ 0x20 {
			case 'U':
				add(int(ClassU))
				add(counterT)
			case 'O':
				add(int(ClassO))
			case 'B':
				add(int(ClassB))
			case 'Z':
				add(int(ClassZ))
			case 'X':
				add(int(ClassX))
			case 'J':
				add(int(ClassJ))
			case 'A':
				add(counterA)
			case 'C':
				add(counterC)
			case 'G':
				add(counterG)
			case 'T':
				add(counterT)
			case 'N':
				add(counterN)
			}
		case b == '*':
			add(int(ClassStop))
		case b == '-' || b == '.':
			add(int(ClassGap))
		case b == ' ' || '\t' <= b && b <= '\r':
			add(counterSpace)
		default:
			add(int(ClassOther))
		}
	}
	return table
}

// ClassesOf counts the residues of a body, line ends and all, as it stands in its file.
func ClassesOf(body []byte) (c Classes) {
	var counters [counterCount]int64
	size := int64(len(body))
	for len(body) > 0 {
		n := min(len(body), countersFull)
		var first, second uint64
		for _, b := range body[:n] {
			words := &classTable[b]
			first += words[0]
			second += words[1]
		}
		for i := range 8 {
			counters[i] += int64(first >> (8 * i) & 0xff)
			counters[8+i] += int64(second >> (8 * i) & 0xff)
		}
		body = body[n:]
	}
	copy(c[:ClassNucleotide], counters[:])
	letters := size - counters[counterSpace] - c[ClassStop] - c[ClassGap] - c[ClassOther]
	if looksNucleotide(letters, &counters) {
		c[ClassNucleotide] = 1
	}
	return c
}

// looksNucleotide tells whether a record is rather DNA or RNA than protein: at least ten letters, nine in ten of them A, C,
// G, T, U or N, and two at least of the four bases among them. Of the letters of proteins A, C, G, T and N are about a
// quarter, so ten that all are among them are found once in a million, but in repeats of alanine or glycine.
func looksNucleotide(letters int64, counters *[counterCount]int64) bool {
	bases, kinds := counters[counterN], 0
	for _, n := range counters[counterA : counterT+1] {
		bases += n
		if n > 0 {
			kinds++
		}
	}
	return letters >= 10 && 10*bases >= 9*letters && kinds >= 2
}
