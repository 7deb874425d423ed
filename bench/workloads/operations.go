package workloads

import (
	"math"

	"longfirst/bench/limits"
	"longfirst/infer/backend"
	"longfirst/infer/esm2"
)

// shape holds the dimensions of a batch of one sequence; see package backend for the letters.
type shape struct{ T, H, F, A, D int }

func shapeOf(c esm2.Config, tokens int) shape {
	return shape{tokens, c.HiddenSize, c.IntermediateSize, c.Heads, c.HeadDim()}
}

// operation is one of a backend.Stream's.
type operation struct {
	name, shows string
	bound       limits.Kind       // the resource that it should use up
	amount      func(shape) int64 // of operations, or of bytes
	bind        func(*kernelSetup) boundOperation
}

// boundOperation is an operation with the memory it works on.
type boundOperation struct {
	from, to backend.Activation
	inputs   []float32 // [256, width of from]: what each token becomes
	queue    func()

	// reference returns row t of the result in float64; input gives the rows of from.
	reference func(input func(t int) []float32, t int) []float64
}

// operations lists what is measured of a device.
func operations() []operation {
	return []operation{linearQKV, linearGELU, linearAdd, attention, layerNorm}
}

var linearGELU = operation{
	name: "linear-gelu", bound: limits.FMA,
	shows:  "how close the first linear layer of a feed-forward block, with its GELU, comes to the FMA peak",
	amount: func(s shape) int64 { return 2 * int64(s.T) * int64(s.H) * int64(s.F) },
	bind: func(s *kernelSetup) boundOperation {
		var w, b []float32
		matrix, bias := s.matrix(s.shape.F, s.shape.H, &w), s.vector(s.shape.F, &b)
		from, to := s.activation(s.shape.H), s.activation(s.shape.F)
		return boundOperation{from: from, to: to,
			queue: func() { s.stream.LinearGELU(to, from, matrix, bias) },
			reference: func(input func(int) []float32, t int) []float64 {
				row := linear(input(t), w, b)
				for i, x := range row {
					row[i] = x / 2 * (1 + math.Erf(x/math.Sqrt2))
				}
				return row
			}}
	},
}

// linearAdd adds to its target, which is set to zeros before each repetition: little beside the layer.
var linearAdd = operation{
	name: "linear-add", bound: limits.FMA,
	shows:  "how close the second linear layer of a feed-forward block, added to the residual stream, comes to the FMA peak",
	amount: func(s shape) int64 { return 2 * int64(s.T) * int64(s.H) * int64(s.F) },
	bind: func(s *kernelSetup) boundOperation {
		var w, b, drawn []float32
		matrix, bias := s.matrix(s.shape.H, s.shape.F, &w), s.vector(s.shape.H, &b)
		table := s.matrix(256, s.shape.H, &drawn)
		from, to := s.activation(s.shape.F), s.activation(s.shape.H)
		return boundOperation{from: from, to: to,
			queue: func() {
				s.stream.Embed(to, table, 0)
				s.stream.LinearAdd(to, from, matrix, bias)
			},
			reference: func(input func(int) []float32, t int) []float64 { return linear(input(t), w, b) }}
	},
}

var layerNorm = operation{
	name: "layer-norm", bound: limits.MemoryCopy,
	shows:  "how fast rows are normalised, bytes read plus bytes written, beside copying memory; a batch may fit in the caches, and then pass that limit",
	amount: func(s shape) int64 { return 2 * 4 * int64(s.T) * int64(s.H) },
	bind: func(s *kernelSetup) boundOperation {
		var g, b []float32
		gain, bias := s.vector(s.shape.H, &g), s.vector(s.shape.H, &b)
		from, to := s.activation(s.shape.H), s.activation(s.shape.H)
		const eps = 1e-5
		return boundOperation{from: from, to: to,
			queue: func() { s.stream.LayerNorm(to, from, gain, bias, eps) },
			reference: func(input func(int) []float32, t int) []float64 {
				x := input(t)
				n := float64(len(x))
				var mean, variance float64
				for _, v := range x {
					mean += float64(v) / n
				}
				for _, v := range x {
					variance += (float64(v) - mean) * (float64(v) - mean) / n
				}
				row := make([]float64, len(x))
				for i, v := range x {
					row[i] = (float64(v)-mean)/math.Sqrt(variance+eps)*float64(g[i]) + float64(b[i])
				}
				return row
			}}
	},
}

var attention = operation{
	name: "attention", bound: limits.FMA,
	shows:  "how close attention over one sequence comes to the FMA peak; its two products are counted, the softmax between them is not",
	amount: func(s shape) int64 { return 4 * int64(s.T) * int64(s.T) * int64(s.H) },
	bind: func(s *kernelSetup) boundOperation {
		from, to := s.activation(3*s.shape.H), s.activation(s.shape.H)
		return boundOperation{from: from, to: to,
			queue:     func() { s.stream.Attention(to, from, s.shape.A) },
			reference: func(input func(int) []float32, t int) []float64 { return attend(input, t, s.shape) }}
	},
}

var linearQKV = operation{
	name: "linear-qkv", bound: limits.FMA,
	shows:  "how close queries, keys and values, rotated by their positions, come to the FMA peak; the rotation is not counted",
	amount: func(s shape) int64 { return 2 * int64(s.T) * int64(s.H) * 3 * int64(s.H) },
	bind: func(s *kernelSetup) boundOperation {
		var w, b []float32
		matrix, bias := s.matrix(3*s.shape.H, s.shape.H, &w), s.vector(3*s.shape.H, &b)
		turns := make([]float32, s.shape.D/2)
		for i := range turns {
			turns[i] = float32(math.Pow(10000, -2*float64(i)/float64(s.shape.D)))
		}
		frequencies := s.given(turns)
		from, to := s.activation(s.shape.H), s.activation(3*s.shape.H)
		return boundOperation{from: from, to: to,
			queue: func() { s.stream.LinearQKV(to, from, matrix, bias, frequencies, s.shape.A) },
			reference: func(input func(int) []float32, t int) []float64 {
				return rotate(linear(input(t), w, b), turns, t, s.shape)
			}}
	},
}

// rotate scales the queries of a row of queries, keys and values by 1/sqrt(D), and turns queries and keys by position t;
// see backend.Stream.
func rotate(row []float64, frequencies []float32, t int, s shape) []float64 {
	for i := range row[:s.H] {
		row[i] /= math.Sqrt(float64(s.D))
	}
	for head := range 2 * s.A {
		x := row[head*s.D : (head+1)*s.D]
		for i, f := range frequencies {
			sin, cos := math.Sincos(float64(t) * float64(f))
			a, b := x[i], x[i+s.D/2]
			x[i], x[i+s.D/2] = a*cos-b*sin, b*cos+a*sin
		}
	}
	return row
}

// linear returns x·wᵀ + b.
func linear(x, w, b []float32) []float64 {
	row := make([]float64, len(b))
	for n := range row {
		sum := float64(b[n])
		for k, v := range x {
			sum += float64(v) * float64(w[n*len(x)+k])
		}
		row[n] = sum
	}
	return row
}

// attend returns softmax(q·kᵀ)·v for token t and all heads; a row of qkv is queries, keys, values.
func attend(qkv func(t int) []float32, t int, s shape) []float64 {
	row := make([]float64, s.H)
	weights := make([]float64, s.T)
	for head := range s.A {
		at := head * s.D
		largest := math.Inf(-1)
		for j := range weights {
			weights[j] = 0
			for d := range s.D {
				weights[j] += float64(qkv(t)[at+d]) * float64(qkv(j)[s.H+at+d])
			}
			largest = max(largest, weights[j])
		}
		var sum float64
		for j, x := range weights {
			weights[j] = math.Exp(x - largest)
			sum += weights[j]
		}
		for j, x := range weights {
			for d := range s.D {
				row[at+d] += x / sum * float64(qkv(j)[2*s.H+at+d])
			}
		}
	}
	return row
}
