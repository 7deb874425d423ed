// Package backend is the boundary every device implements: the few fused operations an ESM-2 forward pass is made of.
// It imports nothing. The forward pass itself is written once, in package esm2, over these interfaces.
//
// Dimensions, here and in every kernel:
//
//	T   tokens in a packed batch, BOS and EOS included
//	B   sequences in a packed batch
//	H   hidden size
//	A   attention heads
//	D   head dimension, H/A
//	F   intermediate size of the feed-forward block
//	V   vocabulary size
//
// A batch is packed: the tokens of its sequences stand one after the other with no padding, and CuSeqlens[b] is the
// first token of sequence b (the cumulative lengths of FlashAttention's variable-length form).
//
// The operations of a Stream are queued in order and may run at any time up to Finish; they report no error of their
// own, the first one is returned by Finish. That is CUDA's model of execution, and it leaves a CPU backend free to run
// a tile of tokens through several operations before it takes the next tile. What an Activation looks like in memory
// is the backend's own affair.
package backend

// DType is the element type of a stored weight tensor.
type DType uint8

const (
	F32 DType = iota
	F16
	BF16
)

// Size returns the bytes of one element.
func (t DType) Size() int {
	if t == F32 {
		return 4
	}
	return 2
}

func (t DType) String() string { return [...]string{"F32", "F16", "BF16"}[t] }

// Tensor is a weight as it is stored: row-major, little-endian, a view that lives as long as the weights file is open
// and that may be unaligned.
type Tensor struct {
	Name  string
	DType DType
	Shape []int
	Data  []byte
}

// Batch is a packed batch of token ids.
type Batch struct {
	Tokens    []uint8 // [T] token ids
	CuSeqlens []int32 // [B+1] first token of each sequence, then T; no sequence is empty
}

// Sequences returns B.
func (b Batch) Sequences() int { return len(b.CuSeqlens) - 1 }

// Matrix is a weight [N, K] held by a backend, applied as x·Wᵀ.
type Matrix interface{ Dims() (n, k int) }

// Vector is a bias or a norm's gain [N] held by a backend.
type Vector interface{ Len() int }

// Activation is a device buffer [T, width] of a Stream. Its content is defined between the operation that writes it
// and Finish.
type Activation interface{ Width() int }

// Backend is a device that holds weights.
type Backend interface {
	// Class names the numerics of this backend: results are bit-equal within one class and comparable, not equal,
	// across classes (dtype, kernel level or compute capability, kernel version).
	Class() string

	// FLOPS returns the floating-point operations a second that this backend about reaches with a model. It is a property
	// of the kernels and the number of threads, the same on every machine that runs them, and only sizes of work are
	// chosen by it.
	FLOPS() float64

	// Matrix takes weights [n_i, K] stacked by rows into one [sum n_i, K]. The views may be kept, so they must stay
	// valid until Close.
	Matrix(rows ...Tensor) (Matrix, error)

	// Vector takes vectors [n_i] laid end to end.
	Vector(parts ...Tensor) (Vector, error)

	// NewStream prepares memory for batches of up to maxTokens tokens in up to maxSequences sequences. Streams are
	// independent of each other: one may be filled while another runs.
	NewStream(maxTokens, maxSequences int) (Stream, error)

	Close() error
}

// Stepper is a Backend that tells, while a batch runs, that it gets on: Steps grows with everything its streams do, every
// few seconds at least. It may be called at any time, from any goroutine.
type Stepper interface{ Steps() uint64 }

// Stream runs one batch at a time. It is not safe for concurrent use.
type Stream interface {
	// Activation allocates a buffer [maxTokens, width] that is reused by every batch of the stream.
	Activation(width int) (Activation, error)

	// Begin starts a batch. The batch's slices belong to the stream until Finish returns.
	Begin(Batch) error

	// Embed writes dst[t] = table[token t] * scale. table is [V, H], dst [T, H].
	Embed(dst Activation, table Matrix, scale float32)

	// LayerNorm writes dst[t] = (src[t] - mean) / sqrt(var + eps) * gain + bias, mean and variance over the row,
	// variance with divisor H (Ba et al. 2016, arXiv:1607.06450). dst and src are [T, H] and may be the same.
	LayerNorm(dst, src Activation, gain, bias Vector, eps float32)

	// LinearQKV writes dst = src·wᵀ + bias, then multiplies the query third by 1/sqrt(D) and rotates queries and keys
	// by their position inside their own sequence (RoFormer, arXiv:2104.09864, half-split form: dimension i is paired
	// with i + D/2 and turned by position * frequencies[i] radians). src is [T, H], w [3H, H] (query, key, value rows),
	// frequencies [D/2], dst [T, 3H]. The frequencies are 10000^(-2i/D) in exact arithmetic; they come with the model
	// because the published checkpoints hold them rounded to half precision and were trained with that.
	LinearQKV(dst, src Activation, w Matrix, bias, frequencies Vector, heads int)

	// Attention writes softmax(q·kᵀ)·v per sequence and head, without a mask: every token sees all tokens of its own
	// sequence and none of another. qkv is [T, 3H] as LinearQKV leaves it, dst [T, H].
	Attention(dst, qkv Activation, heads int)

	// LinearGELU writes dst = gelu(src·wᵀ + bias) with gelu(x) = x/2 (1 + erf(x/√2)). src is [T, K], w [N, K].
	LinearGELU(dst, src Activation, w Matrix, bias Vector)

	// LinearAdd adds src·wᵀ + bias to dst. src is [T, K], w [N, K], dst [T, N].
	LinearAdd(dst, src Activation, w Matrix, bias Vector)

	// MeanPool writes, per sequence, the mean of src over its tokens without the first and the last (BOS and EOS);
	// a sequence of two tokens gives zeros. src is [T, H], dst [B, H] in host memory, complete after Finish.
	MeanPool(dst []float32, src Activation)

	// Read copies src into dst [T, width], row-major in host memory, complete after Finish.
	Read(dst []float32, src Activation)

	// Finish waits until the batch's operations are done and returns the first error among them.
	Finish() error

	Close() error
}
