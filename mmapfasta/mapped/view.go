package mapped

import (
	"reflect"

	"golang.org/x/exp/mmap"
)

// viewOf returns the bytes that r maps. The module keeps them in an unexported field; the field's name, type and length
// are checked, so that another shape of the module (or its version for platforms where it does not map) gives false
// and not a wrong view.
func viewOf(r *mmap.ReaderAt) ([]byte, bool) {
	field := reflect.ValueOf(r).Elem().FieldByName("data")
	if !field.IsValid() || field.Type() != reflect.TypeFor[[]byte]() || field.Len() != r.Len() {
		return nil, false
	}
	return field.Bytes(), true
}
