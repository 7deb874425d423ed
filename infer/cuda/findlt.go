//go:build cuda

package cuda

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unsafe"

	"longfirst/infer/cuda/cublaslt"
	"longfirst/infer/cuda/device"
)

// ltNames are what the library is called, the newest first.
var ltNames = []string{"libcublasLt.so.13", "libcublasLt.so.12", "libcublasLt.so.11"}

// ltFolders are where toolkits and Python packages put it; * stands for versions.
func ltFolders() (folders []string) {
	for _, name := range []string{"CUDA_HOME", "CUDA_PATH"} {
		if root := os.Getenv(name); root != "" {
			folders = append(folders, filepath.Join(root, "lib64"), filepath.Join(root, "lib"))
		}
	}
	folders = append(folders, "/usr/local/cuda/lib64", "/usr/local/cuda-1*/lib64", "/opt/cuda/lib64")
	roots := []string{"/usr", "/usr/local"}
	if home, err := os.UserHomeDir(); err == nil {
		roots = append([]string{filepath.Join(home, ".local")}, roots...)
	}
	for _, name := range []string{"CONDA_PREFIX", "VIRTUAL_ENV"} {
		if root := os.Getenv(name); root != "" {
			roots = append([]string{root}, roots...)
		}
	}
	for _, root := range roots {
		for _, packages := range []string{"lib/python3*/site-packages", "lib/python3*/dist-packages"} {
			for _, wheel := range []string{"nvidia/cu13/lib", "nvidia/cublas/lib"} {
				folders = append(folders, filepath.Join(root, packages, wheel))
			}
		}
	}
	return folders
}

// findLibrary opens the cublasLt that the environment names or that is found, by its name alone first.
func findLibrary(named string) (*cublaslt.Library, error) {
	if named != "" {
		return cublaslt.Open(named)
	}
	candidates := ltNames
	for _, folder := range ltFolders() {
		for _, name := range ltNames {
			found, _ := filepath.Glob(filepath.Join(folder, name)) // the pattern is fine
			candidates = append(candidates, found...)
		}
	}
	var tooNew error
	for _, path := range candidates {
		l, err := cublaslt.Open(path)
		if err == nil {
			return l, nil
		}
		if errors.Is(err, cublaslt.ErrVersion) {
			tooNew = err
		}
	}
	return nil, tooNew
}

// chooseProducts says what multiplies matrices on a device: the library, our kernels for it, or those for every device. The
// library is tried on the device, of that index, where try says so, and a note says why one that is there is not used.
func (d *Device) chooseProducts(index int, try bool) {
	hopper := d.Major == 9 && d.Minor == 0
	switch wgmma := os.Getenv(WgmmaVariable); {
	case hopper && wgmma == "on":
		d.Products = ProductsWgmma
		return
	case hopper && wgmma == "all":
		d.Products = productsWgmmaAll
		return
	}
	named := os.Getenv(CublasLtVariable)
	if named == "off" || named == "" && d.Major < 9 || d.Usable() != nil {
		return
	}
	l, err := findLibrary(named)
	if err == nil && l != nil && try {
		err = tryLibrary(l, index)
	}
	switch {
	case err != nil:
		d.Note = err.Error()
	case l != nil:
		d.Library, d.Products = l.Path, fmt.Sprintf("%s%d", productsCublasLt, l.Version)
	}
}

// productsCublasLt begins the Products of a device that cublasLt multiplies on; its version follows.
const productsCublasLt = "cublaslt"

// tryLibrary multiplies something.
func tryLibrary(l *cublaslt.Library, index int) (err error) {
	const size = 256
	context, err := device.Open(index)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, context.Close()) }()
	queue, err := context.NewStream()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, queue.Close()) }()
	memory, err := context.Allocate("a product to try", 3*2*size*size)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, memory.Free()) }()
	if err := queue.Clear(memory); err != nil {
		return err
	}
	err = queue.With("try it", func(stream unsafe.Pointer) error {
		handle, err := l.NewHandle()
		if err != nil {
			return err
		}
		p, err := handle.NewProduct(cublaslt.BF16, false, size, size)
		if err != nil {
			return errors.Join(err, handle.Close())
		}
		defer p.Close()
		o := cublaslt.Operands{W: memory.Address(), X: memory.Address() + 2*size*size, Out: memory.Address() + 4*size*size}
		ways, err := p.Algorithms(size, o, cublaslt.Workspace{}, 1)
		if err == nil && len(ways) == 0 {
			err = fmt.Errorf("%s: %w: no algorithm for a product [%d, %d]", l.Path, cublaslt.ErrFailed, size, size)
		}
		if err == nil {
			err = p.Multiply(&ways[0], size, o, cublaslt.Workspace{}, stream)
		}
		return errors.Join(err, handle.Close())
	})
	return errors.Join(err, queue.Wait())
}

// wgmma says whether our own GEMM for Hopper is chosen.
func (d Device) wgmma() bool { return strings.HasPrefix(d.Products, ProductsWgmma) }
