package cpu

import (
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// pool is a fixed set of worker goroutines. Jobs of several streams run beside each other: a worker that finds no task
// left in one job goes on with the next.
type pool struct {
	threads int
	jobs    chan *job
	workers sync.WaitGroup
	steps   atomic.Uint64 // tasks done
}

// job is one operation cut into independent tasks.
type job struct {
	tasks  int
	run    func(task int, w *worker)
	next   atomic.Int64
	active sync.WaitGroup // workers that were asked to help
	failed atomic.Pointer[FaultError]
}

// worker is the memory of one goroutine, which its tasks share one after the other.
type worker struct {
	left   []float64 // packed rows of the left operand
	right  []float64 // packed panel of the right operand
	sums   []float64 // products of a tile
	output []float64 // attention's sums over values
	row    []float32 // a widened row of weights
	bytes  []uint8   // a quantized token
}

func newPool(threads int) *pool {
	p := &pool{threads: threads, jobs: make(chan *job)}
	for range threads {
		p.workers.Go(func() {
			// Weights are mapped files: reading what another process cut off must not end the program.
			debug.SetPanicOnFault(true)
			w := new(worker)
			for j := range p.jobs {
				j.help(w, &p.steps)
			}
		})
	}
	return p
}

// do runs all tasks of a job and returns when they are done.
func (p *pool) do(j *job) error {
	helpers := min(p.threads, j.tasks)
	j.active.Add(helpers)
	for range helpers {
		p.jobs <- j
	}
	j.active.Wait()
	if fault := j.failed.Load(); fault != nil {
		return fault
	}
	return nil
}

// help runs tasks until none is left. A job whose task panics is never done: not even while the process ends of it.
func (j *job) help(w *worker, steps *atomic.Uint64) {
	if fault := catchFault(func() { j.take(w, steps) }); fault != nil {
		j.failed.CompareAndSwap(nil, fault)
	}
	j.active.Done()
}

func (j *job) take(w *worker, steps *atomic.Uint64) {
	for {
		task := int(j.next.Add(1)) - 1
		if task >= j.tasks || j.failed.Load() != nil {
			return
		}
		j.run(task, w)
		steps.Add(1)
	}
}

func (p *pool) close() {
	close(p.jobs)
	p.workers.Wait()
}

// grow returns the first n elements of a worker's buffer, of unspecified content.
func grow[T any](buffer *[]T, n int) []T {
	if cap(*buffer) < n {
		*buffer = make([]T, n)
	}
	return (*buffer)[:n]
}
