package workloads

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"longfirst/bench"
	"longfirst/bench/limits"
	"longfirst/infer/backend"
)

// Kernel repeats one operation of a device on a shape that a model has.
type Kernel struct {
	Op      operation
	Model   *model
	Tokens  int // T
	Threads int
	Open    func(threads int) (backend.Backend, error)

	device  backend.Backend
	stream  backend.Stream
	batch   backend.Batch
	bound   boundOperation
	table   backend.Matrix // of what the tokens become
	scratch []float32      // [T, width of the result]
	repeats int
}

// kernelTime is about how long a run should take.
const kernelTime = 100 * time.Millisecond

func (w *Kernel) Name() string { return "kernel" }

func (w *Kernel) Case() string {
	return fmt.Sprintf("op=%s/model=%s/tokens=%d", w.Op.name, w.Model, w.Tokens)
}

func (w *Kernel) Shows() string { return w.Op.shows }

func (w *Kernel) limit() limits.Limit { return limits.Limit{Kind: w.Op.bound, Threads: w.Threads} }

func (w *Kernel) Limits() []limits.Limit { return []limits.Limit{w.limit()} }

// Prepare fills weights and activations with random numbers, and finds out how often the operation must be repeated to be
// measured.
func (w *Kernel) Prepare(_ context.Context, _ string) (err error) {
	if w.device, err = w.Open(w.Threads); err != nil {
		return err
	}
	if w.stream, err = w.device.NewStream(w.Tokens, 1); err != nil {
		return err
	}
	w.batch = backend.Batch{Tokens: make([]uint8, w.Tokens), CuSeqlens: []int32{0, int32(w.Tokens)}}
	for i := range w.batch.Tokens {
		w.batch.Tokens[i] = uint8(i)
	}
	s := shapeOf(w.Model.config, w.Tokens)
	setup := &kernelSetup{device: w.device, stream: w.stream, random: rand.New(rand.NewPCG(seed, 0)), shape: s}
	w.bound = w.Op.bind(setup)
	w.table = setup.matrix(256, w.bound.from.Width(), &w.bound.inputs)
	w.scratch = make([]float32, w.Tokens*w.bound.to.Width())
	if setup.err != nil {
		return setup.err
	}
	w.repeats = 1
	begin := time.Now()
	if err := w.run(); err != nil {
		return err
	}
	w.repeats = 1 + int(kernelTime/max(time.Since(begin), time.Microsecond))
	return nil
}

func (w *Kernel) Run(context.Context) error { return w.run() }

// run also reads the last result: little beside that many repetitions.
func (w *Kernel) run() error {
	if err := w.stream.Begin(w.batch); err != nil {
		return err
	}
	w.stream.Embed(w.bound.from, w.table, 1)
	for range w.repeats {
		w.bound.queue()
	}
	w.stream.Read(w.scratch, w.bound.to)
	return w.stream.Finish()
}

func (w *Kernel) Figures(e bench.Elapsed) []bench.Figure {
	amount := float64(w.Op.amount(shapeOf(w.Model.config, w.Tokens))) * float64(w.repeats)
	if w.Op.bound == limits.FMA {
		return []bench.Figure{bench.PerSecond("GFLOP/s", amount/1e9, e.Wall, w.limit())}
	}
	return []bench.Figure{bench.PerSecond("MB/s", amount/1e6, e.Wall, w.limit())}
}

// kernelTolerance is what a value may be off by, as a share of the largest value of its row: the kernels are float32, the
// reference is float64.
const kernelTolerance = 1e-4

// Check compares some rows of the result with the operation's definition in float64.
func (w *Kernel) Check(context.Context) error {
	width := w.bound.to.Width()
	input := func(t int) []float32 {
		in := w.bound.from.Width()
		v := int(w.batch.Tokens[t])
		return w.bound.inputs[v*in : (v+1)*in]
	}
	for _, t := range []int{0, w.Tokens / 3, w.Tokens - 1} {
		want := w.bound.reference(input, t)
		got := w.scratch[t*width : (t+1)*width]
		var largest float64
		for _, x := range want {
			largest = max(largest, math.Abs(x))
		}
		for i, x := range want {
			if diff := math.Abs(float64(got[i]) - x); !(diff <= kernelTolerance*largest) {
				return fmt.Errorf("token %d, column %d: %v, want %v", t, i, got[i], x)
			}
		}
	}
	return nil
}

func (w *Kernel) Sentence(r *bench.Result) string {
	main := r.Main()
	return fmt.Sprintf("Kernel %s, shapes of %s, %d tokens: %.0f %s; that is %.0f %% of the limit; rows were compared with float64.",
		w.Op.name, w.Model, w.Tokens, main.Median, main.Unit, r.Find(w.limit().ShareUnit()).Median)
}

func (w *Kernel) Close() error {
	var errs []error
	if w.stream != nil {
		errs = append(errs, w.stream.Close())
	}
	if w.device != nil {
		errs = append(errs, w.device.Close())
	}
	return errors.Join(errs...)
}

// kernelSetup makes what an operation works on; the first error is kept.
type kernelSetup struct {
	device backend.Backend
	stream backend.Stream
	random *rand.Rand
	shape  shape
	err    error
}

// values draws n numbers about as large as those of a model.
func (s *kernelSetup) values(n int, scale float64) ([]float32, []byte) {
	values, data := make([]float32, n), make([]byte, 4*n)
	for i := range values {
		values[i] = float32(s.random.NormFloat64() * scale)
		binary.LittleEndian.PutUint32(data[4*i:], math.Float32bits(values[i]))
	}
	return values, data
}

// matrix makes weights [n, k], and gives their values.
func (s *kernelSetup) matrix(n, k int, values *[]float32) backend.Matrix {
	drawn, data := s.values(n*k, 1)
	m, err := s.device.Matrix(backend.Tensor{Name: "matrix", DType: backend.F32, Shape: []int{n, k}, Data: data})
	s.err = errors.Join(s.err, err)
	*values = drawn
	return m
}

func (s *kernelSetup) vector(n int, values *[]float32) backend.Vector {
	drawn, data := s.values(n, 1)
	*values = drawn
	return s.vectorOf(data)
}

// given makes a vector of these numbers.
func (s *kernelSetup) given(values []float32) backend.Vector {
	var data []byte
	for _, x := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(x))
	}
	return s.vectorOf(data)
}

func (s *kernelSetup) vectorOf(data []byte) backend.Vector {
	v, err := s.device.Vector(backend.Tensor{Name: "vector", DType: backend.F32, Shape: []int{len(data) / 4}, Data: data})
	s.err = errors.Join(s.err, err)
	return v
}

func (s *kernelSetup) activation(width int) backend.Activation {
	a, err := s.stream.Activation(width)
	s.err = errors.Join(s.err, err)
	return a
}
