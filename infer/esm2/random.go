package esm2

import (
	"hash/fnv"
	"math"
)

// random is SplitMix64 (Steele, Lea and Flood 2014). Only integers are drawn and each number takes one float32
// multiplication, so the weights are the same bits on every platform.
type random struct{ state uint64 }

// randomFor gives every tensor a sequence of its own, so that none depends on the order they are written in.
func randomFor(seed uint64, tensor string) *random {
	name := fnv.New64a()
	name.Write([]byte(tensor))
	r := &random{seed ^ name.Sum64()}
	return &random{r.next()}
}

func (r *random) next() uint64 {
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// bell returns an integer with mean 0 and standard deviation bellDeviation, the sum of four uniform ones: close to a
// normal distribution and exact in float32.
func (r *random) bell() int32 {
	z := r.next()
	return int32(z&0xffff+z>>16&0xffff+z>>32&0xffff+z>>48) - 2*0xffff
}

// bellDeviation is sqrt(4/12)·2^16.
var bellDeviation = math.Sqrt(1.0/3) * (1 << 16)
