package cpu

import "math"

// The functions here are written out instead of taken from package math so that they give the same bits everywhere:
// math uses assembly on some platforms and fused products on others. Every product that is not exact is wrapped in a
// float64 conversion, which forbids fusing.

// expSteps is the number of table entries between powers of two.
const expSteps = 32

// expTable holds 2^(i/expSteps), made of square roots, which are rounded correctly everywhere.
var expTable = func() (table [expSteps]float64) {
	for i := range table {
		value, root := 1.0, 2.0
		for bit := expSteps / 2; bit > 0; bit /= 2 {
			root = math.Sqrt(root)
			if i&bit != 0 {
				value = float64(value * root)
			}
		}
		table[i] = value
	}
	return table
}()

// exp returns e^x for x <= 0 with a relative error below 1e-11, and NaN for NaN. Below -700 it gives 0.
//
// x = (n + i/32 + f)·ln 2 with |f| <= 1/64, so that e^x = 2^n · table[i] · e^(f·ln 2); the last factor by its series.
func exp(x float64) float64 {
	if !(x > -700) {
		if x != x {
			return x
		}
		return 0
	}
	const (
		steps = expSteps / math.Ln2
		// ln2/32 in two parts; the first has so few bits that its product with any step number here is exact.
		stepHi = 0x1.62e42feep-06
		stepLo = math.Ln2/expSteps - stepHi
	)
	step := int(float64(x*steps) - 0.5) // truncation rounds to nearest because x <= 0
	r := x - float64(float64(step)*stepHi) - float64(float64(step)*stepLo)
	series := 1 + float64(r*(1+float64(r*(1./2+float64(r*(1./6+float64(r*(1./24))))))))
	power := math.Float64frombits(uint64(1023+(step>>5)) << 52)
	return float64(expTable[step&(expSteps-1)]*series) * power
}

// gelu returns x·Φ(x) = x/2·(1 + erf(x/√2)) with an absolute error below 1e-10·|x|; Φ is the normal distribution.
//
// Φ comes from its Taylor series around the nearest of the points i/32, whose derivatives are the density times Hermite
// polynomials: Φ' = φ, Φ” = -x·φ, Φ”' = (x²-1)·φ, Φ”” = (3x-x³)·φ.
func gelu(x float64) float64 {
	switch {
	case x >= geluRange:
		return x
	case x <= -geluRange:
		return 0
	case x != x:
		return x
	}
	i := int(float64((x+geluRange)*geluSteps) + 0.5)
	point := float64(i)/geluSteps - geluRange // exact
	at := &geluTable[i]
	d := x - point
	square := float64(point * point)
	series := 1 + float64(d*(float64(-point*(1./2))+float64(d*(float64((square-1)*(1./6))+float64(d*float64(point*(3-square))*(1./24))))))
	return float64(x * (at.distribution + float64(at.density*float64(d*series))))
}

const (
	geluRange = 8.5 // Φ differs from 0 or 1 by less than 1e-16 beyond
	geluSteps = 32
)

// geluTable holds Φ and φ at -geluRange + i/geluSteps.
var geluTable = func() (table [2*geluRange*geluSteps + 1]struct{ distribution, density float64 }) {
	middle := len(table) / 2
	for i := range middle + 1 {
		x := float64(i) / geluSteps
		density := float64(exp(-x*x/2) * (1 / math.Sqrt(2*math.Pi)))
		// Φ(x) - 1/2 = φ(x)·(x + x³/3 + x⁵/15 + x⁷/105 + ...)
		term, sum := x, x
		for odd := 3.0; term > 1e-18*sum; odd += 2 {
			term = float64(float64(term*x)*x) / odd
			sum += term
		}
		half := float64(density * sum)
		table[middle+i].distribution, table[middle+i].density = 0.5+half, density
		table[middle-i].distribution, table[middle-i].density = max(0, 0.5-half), density
	}
	return table
}()

// sincos returns sine and cosine of an angle in [0, 2^29) with an error below 1e-15, by the reduction and polynomials of
// the Cephes library (Moshier), as math.Sin has them.
func sincos(x float64) (sin, cos float64) {
	const (
		// π/4 in three parts; the first two have so few bits that their products with the octant are exact.
		partA = 7.85398125648498535156e-1
		partB = 3.77489470793079817668e-8
		partC = 2.69515142907905952645e-15
	)
	octant := uint64(float64(x * (4 / math.Pi)))
	octant += octant & 1 // to the nearest even one, so that |z| <= π/4
	n := float64(octant)
	z := ((x - float64(n*partA)) - float64(n*partB)) - float64(n*partC)
	zz := float64(z * z)
	s := z + float64(float64(z*zz)*horner(zz, sinSeries[:]))
	c := 1 - float64(0.5*zz) + float64(float64(zz*zz)*horner(zz, cosSeries[:]))
	switch octant & 7 {
	case 0:
		return s, c
	case 2:
		return c, -s
	case 4:
		return -s, -c
	default:
		return -c, s
	}
}

var (
	sinSeries = [...]float64{1.58962301576546568060e-10, -2.50507477628578072866e-8, 2.75573136213857245213e-6,
		-1.98412698295895385996e-4, 8.33333333332211858878e-3, -1.66666666666666307295e-1}
	cosSeries = [...]float64{-1.13585365213876817300e-11, 2.08757008419747316778e-9, -2.75573141792967388112e-7,
		2.48015872888517045348e-5, -1.38888888888730564116e-3, 4.16666666666665929218e-2}
)

// horner returns the polynomial with the coefficient of the highest power first.
func horner(x float64, coefficients []float64) float64 {
	var sum float64
	for _, c := range coefficients {
		sum = float64(sum*x) + c
	}
	return sum
}
