package gen

import "math/rand/v2"

// Letters are drawn by table: 12 random bits choose one of 4096 slots, a letter having as many as it is frequent, so one
// 64-bit draw makes five letters.
const (
	slotBits       = 12
	slots          = 1 << slotBits
	lettersPerDraw = 64 / slotBits
)

type alphabet [slots]byte

// aminoAcids have the composition of UniProtKB/Swiss-Prot, in percent.
var aminoAcids = newAlphabet("LAGVESIKRDTPNQFYMHCW", 9.65, 8.25, 7.07, 6.86, 6.72, 6.65, 5.91, 5.79, 5.53, 5.46, 5.36, 4.74, 4.06,
	3.93, 3.86, 2.92, 2.41, 2.27, 1.38, 1.10)

var nucleotides = newAlphabet("ACGT", 25, 25, 25, 25)

// oddities are residues of both cases, ambiguous ones, gaps, stops, and bytes that no vocabulary knows.
var oddities = newAlphabet("LAGVESIKlagvesikXBZUOJ-.*#1\xff", 10, 10, 10, 10, 5, 5, 5, 5, 5, 5, 5, 5, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5)

func newAlphabet(letters string, frequencies ...float64) *alphabet {
	var total float64
	for _, f := range frequencies {
		total += f
	}
	a := new(alphabet)
	letter, upTo := 0, frequencies[0]
	for i := range a {
		for float64(i)/slots*total >= upTo && letter < len(letters)-1 {
			letter++
			upTo += frequencies[letter]
		}
		a[i] = letters[letter]
	}
	return a
}

// fill draws the letters of dst.
func (a *alphabet) fill(dst []byte, source *rand.PCG) {
	for len(dst) >= lettersPerDraw {
		v := source.Uint64()
		dst[0] = a[v&(slots-1)]
		dst[1] = a[v>>slotBits&(slots-1)]
		dst[2] = a[v>>(2*slotBits)&(slots-1)]
		dst[3] = a[v>>(3*slotBits)&(slots-1)]
		dst[4] = a[v>>(4*slotBits)&(slots-1)]
		dst = dst[lettersPerDraw:]
	}
	v := source.Uint64()
	for i := range dst {
		dst[i] = a[v&(slots-1)]
		v >>= slotBits
	}
}
