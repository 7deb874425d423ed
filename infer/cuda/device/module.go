//go:build cuda

package device

/*
#include <cuda.h>
*/
import "C"

import (
	"errors"
	"fmt"
	"sync"
	"unsafe"

	"gorgonia.org/cu"
)

// check turns a result of the driver's own into cu's errors.
func check(result C.CUresult) error {
	if result == C.CUDA_SUCCESS {
		return nil
	}
	if err, ok := errorsByCode[result]; ok {
		return err
	}
	return fmt.Errorf("result %d", int(result))
}

// errorsByCode are those of cu's errors that check can meet.
var errorsByCode = map[C.CUresult]error{
	C.CUDA_ERROR_INVALID_VALUE:   cu.InvalidValue,
	C.CUDA_ERROR_OUT_OF_MEMORY:   cu.OutOfMemory,
	C.CUDA_ERROR_NOT_FOUND:       cu.NotFound,
	C.CUDA_ERROR_NOT_INITIALIZED: cu.NotInitialized,
	C.CUDA_ERROR_LAUNCH_FAILED:   cu.LaunchFailed,
	C.CUDA_ERROR_UNKNOWN:         cu.Unknown,
}

func init() {
	if unsafe.Sizeof(cu.Function{}) != unsafe.Sizeof(C.CUfunction(nil)) || unsafe.Sizeof(cu.Stream{}) != unsafe.Sizeof(C.CUstream(nil)) {
		panic("gorgonia.org/cu: a Function or a Stream is not what it was in v0.9.6")
	}
}

// Program is a set of modules on a GPU. It is safe for concurrent use.
type Program struct {
	context *Context
	modules []cu.Module

	mu        sync.Mutex
	functions map[string]*function
}

type function struct {
	handle cu.Function
	shared int // bytes of dynamic shared memory that launches may have
}

// Load loads modules from their images: cubins or PTX.
func (c *Context) Load(images map[string]string) (*Program, error) {
	p := &Program{context: c, functions: make(map[string]*function)}
	for name, image := range images {
		err := c.do("load the module "+name, func() error {
			m, err := cu.LoadData(image)
			if err == nil {
				p.modules = append(p.modules, m)
			}
			return err
		})
		if err != nil {
			return nil, errors.Join(err, p.Close())
		}
	}
	return p, nil
}

// Close unloads the modules.
func (p *Program) Close() (err error) {
	for _, m := range p.modules {
		err = errors.Join(err, p.context.free("unload a module", m.Unload))
	}
	return err
}

// defaultShared is how much dynamic shared memory a launch may have unless the kernel was allowed more.
const defaultShared = 48 << 10

// function returns the kernel of that name, allowed that many bytes of dynamic shared memory. The thread has the context.
func (p *Program) function(name string, shared int) (cu.Function, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f, ok := p.functions[name]
	if !ok {
		f = &function{shared: defaultShared}
		err := fmt.Errorf("%w: %s", ErrNoKernel, name)
		for _, m := range p.modules {
			handle, lookup := m.Function(name)
			if lookup == nil {
				f.handle, err = handle, nil
				break
			}
			if lookup != error(cu.NotFound) {
				err = lookup
				break
			}
		}
		if err != nil {
			return f.handle, err
		}
		p.functions[name] = f
	}
	if shared > f.shared {
		handle := *(*C.CUfunction)(unsafe.Pointer(&f.handle))
		if err := check(C.cuFuncSetAttribute(handle, C.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, C.int(shared))); err != nil {
			return f.handle, fmt.Errorf("%d bytes of shared memory: %w", shared, err)
		}
		f.shared = shared
	}
	return f.handle, nil
}
