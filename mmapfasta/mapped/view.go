package mapped

import (
	"reflect"

	"golang.org/x/exp/mmap"
)

// viewOf returns the bytes that r maps. The module keeps them in an unexported field.
func viewOf(r *mmap.ReaderAt) ([]byte, bool) { return dataOf(r, r.Len()) }

// dataOf returns the field data of the struct that reader points to. The field's name, type and length are checked, so
// that another shape of the module (or its version for platforms where it does not map) gives false and not a wrong
// view.
func dataOf(reader any, size int) ([]byte, bool) {
	field := reflect.ValueOf(reader).Elem().FieldByName("data")
	if !field.IsValid() || field.Type() != reflect.TypeFor[[]byte]() || field.Len() != size {
		return nil, false
	}
	return field.Bytes(), true
}
