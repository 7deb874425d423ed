package checkpoint

import (
	"fmt"
	"math"
)

// dtype is an element type: its name in safetensors and its bytes.
type dtype struct {
	name string
	size int64
}

// dtypes are named by the storage classes of torch.
var dtypes = map[string]dtype{
	"FloatStorage": {"F32", 4}, "HalfStorage": {"F16", 2}, "BFloat16Storage": {"BF16", 2}, "DoubleStorage": {"F64", 8},
	"LongStorage": {"I64", 8}, "IntStorage": {"I32", 4}, "ShortStorage": {"I16", 2}, "CharStorage": {"I8", 1},
	"ByteStorage": {"U8", 1}, "BoolStorage": {"BOOL", 1},
}

// maxElements bounds a storage far above any weight of a model, so that products with sizes stay inside an int64.
const maxElements = 1 << 31

// tensor is a view of a storage: element (i, j, …) is at offset + i·strides[0] + j·strides[1] + …, in elements.
type tensor struct {
	storage *storage
	offset  int64
	shape   []int
	strides []int64
}

// rebuildTensor reads the arguments (storage, offset, shape, strides, …) and checks that all elements lie in the storage.
func rebuildTensor(args Tuple) (*tensor, error) {
	if len(args) < 4 {
		return nil, fmt.Errorf("a tensor of %d arguments", len(args))
	}
	from, isStorage := args[0].(*storage)
	offset, isOffset := args[1].(int64)
	shape, isShape := args[2].(Tuple)
	strides, isStrides := args[3].(Tuple)
	if !isStorage || !isOffset || !isShape || !isStrides || len(shape) != len(strides) {
		return nil, fmt.Errorf("a tensor of a %T, %T, %T and %T", args[0], args[1], args[2], args[3])
	}
	t := &tensor{storage: from, offset: offset}
	last, empty := offset, false
	for i := range shape {
		n, isSize := shape[i].(int64)
		stride, isStride := strides[i].(int64)
		if !isSize || !isStride || n < 0 || n > math.MaxInt32 || stride < 0 || stride > maxElements {
			return nil, fmt.Errorf("a tensor of shape %v and strides %v", shape, strides)
		}
		t.shape = append(t.shape, int(n))
		t.strides = append(t.strides, stride)
		empty = empty || n == 0
		if n > 0 {
			last += (n - 1) * stride // at most 2^62
		}
		if last < 0 || last > from.count {
			break
		}
	}
	if offset < 0 || !empty && last >= from.count || len(t.shape) != len(shape) || t.elements() > from.count {
		return nil, fmt.Errorf("a tensor of shape %v, strides %v from element %d on leaves its storage of %d elements", shape, strides, offset, from.count)
	}
	return t, nil
}

// elements returns the number of elements; where it would exceed that of the storage, some number that does.
func (t *tensor) elements() int64 {
	n := int64(1)
	for _, size := range t.shape {
		if size == 0 {
			return 0
		}
		if n <= t.storage.count {
			n *= int64(size) // sizes are below 2^31, counts at most 2^31: their product clear of the sign bit
		}
	}
	return n
}

// contiguous tells whether the elements stand in row-major order without a gap.
func (t *tensor) contiguous() bool {
	expected := int64(1)
	for i := len(t.shape) - 1; i >= 0; i-- {
		if t.shape[i] > 1 && t.strides[i] != expected {
			return false
		}
		expected *= int64(t.shape[i])
	}
	return true
}

// bytes returns the elements in row-major order, given those of the storage: a part of them where they are contiguous.
func (t *tensor) bytes(of []byte) []byte {
	size, n := t.storage.dtype.size, t.elements()
	if n == 0 {
		return nil
	}
	if t.contiguous() {
		return of[t.offset*size : (t.offset+n)*size]
	}
	out := make([]byte, 0, n*size)
	place := make([]int, len(t.shape))
	for {
		at := t.offset
		for i, p := range place {
			at += int64(p) * t.strides[i]
		}
		out = append(out, of[at*size:(at+1)*size]...)
		axis := len(place) - 1
		for ; axis >= 0; axis-- {
			if place[axis]++; place[axis] < t.shape[axis] {
				break
			}
			place[axis] = 0
		}
		if axis < 0 {
			return out
		}
	}
}
