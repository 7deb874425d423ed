//go:build amd64 && !purego

package cpu

import "math"

// selfCheck compares the kernels of a level with plain Go on a few small operands, in some tens of microseconds. It
// stands between a processor and kernels that were never run on one like it: what it finds wrong is not used.
func selfCheck(l level) bool {
	const depth, rows, tolerance = 11, 13, 1e-5
	columns := l.geometry().panel
	x, w, out := aligned(depth*columns), aligned(rows*depth), aligned(rows*columns)
	for i := range x {
		x[i] = float32(i%29-14) / 16
	}
	for i := range w {
		w[i] = float32(i%17-8) / 16
	}
	agree := true
	check := func(got float32, want float64) {
		agree = agree && math.Abs(float64(got)-want) <= tolerance
	}

	l.linear(asBytes(w), 4*depth, &x[0], depth, rows, nil, &w[0], nil, &out[0], &aligned(maxTile)[0])
	products := make([]float64, rows*columns)
	for i := range products {
		row, column := i/columns, i%columns
		products[i] = float64(w[row])
		for k := range depth {
			products[i] += float64(w[row*depth+k]) * float64(x[k*columns+column])
		}
		check(out[i], products[i])
	}
	l.gelu(&out[0], rows)
	for i, v := range products {
		check(out[i], gelu(v))
	}
	l.norm(&out[0], &x[0], &w[0], &w[depth], depth, 1)
	plain, row := make([]float32, depth), make([]float32, depth)
	for column := range columns {
		for k := range row {
			row[k] = x[k*columns+column]
		}
		layerNorm(plain, row, w[:depth], w[depth:2*depth], 1)
		for k, want := range plain {
			check(out[k*columns+column], float64(want))
		}
	}
	return agree && checkRuns(l) && checkAttention(l)
}

// checkRuns multiplies whole numbers, of more depths than are summed at a time.
func checkRuns(l level) bool {
	const depth = 163
	rows, columns := l.geometry().rows+1, l.geometry().panel
	x, w, out := aligned(depth*columns), aligned(rows*depth), aligned(rows*columns)
	for i := range x {
		x[i] = float32(i%29 - 14)
	}
	for i := range w {
		w[i] = float32(i%17 - 8)
	}
	l.linear(asBytes(w), 4*depth, &x[0], depth, rows, nil, nil, nil, &out[0], &aligned(maxTile)[0])
	for i, got := range out {
		var want float32
		for k := range depth {
			want += w[i/columns*depth+k] * x[k*columns+i%columns]
		}
		if got != want {
			return false
		}
	}
	return true
}

// checkAttention gives one head of a few more keys than a panel holds.
func checkAttention(l level) bool {
	const depth, tolerance = 6, 1e-5
	columns := l.geometry().panel
	keys, first := columns+5, 3
	x, scores := aligned(3*depth*columns), aligned(keys*columns)
	for i := range x {
		x[i] = float32(i%31-15) / 16
	}
	var maximum, before, sum, scale [maxPanel]float32
	for i := range maximum {
		maximum[i] = float32(math.Inf(-1))
	}
	before = maximum
	out := aligned(depth * columns)
	stride := 4 * depth * columns
	l.scores(&x[0], &x[0], first, keys, depth, stride, &scores[0], &maximum[0])
	l.softmax(&scores[0], keys, &maximum[0], &before[0], &sum[0], &scale[0])
	l.values(&scores[0], &x[0], first, keys, depth, stride, nil, nil, nil, &out[0])

	feature := func(token, i int) float64 { return float64(x[(token/columns*depth+i)*columns+token%columns]) }
	for column := range columns {
		var total float64
		var values [depth]float64
		for key := first; key < first+keys; key++ {
			var score float64
			for i := range depth {
				score += feature(column, i) * feature(key, i)
			}
			weight := math.Exp(score - float64(maximum[column]))
			total += weight
			for i := range depth {
				values[i] += weight * feature(key, i)
			}
		}
		for i, value := range values {
			if math.Abs(float64(out[i*columns+column]/sum[column])-value/total) > tolerance {
				return false
			}
		}
	}
	return true
}
