package checkpoint

// What a pickle can leave on the machine's stack: nil, bool, int64, float64, string, []byte, and the types below.
type (
	// Class is a name that a pickle asks to import. It is never imported.
	Class struct{ Module, Name string }

	// Object is what a pickle wants to be the result of a call: nothing was called.
	Object struct {
		Class Class
		Args  any // a Tuple, as a rule
		State any // what the instance is to be filled with, a *Dict as a rule
	}

	// Tuple is immutable, List grows.
	Tuple []any
	List  struct{ Items []any }

	// Dict keeps the order in which keys were set first. A key that is no string is kept but not found.
	Dict struct {
		Keys   []any
		Values []any
		places map[string]int
	}

	// storage is a run of elements in the file, which tensors are cut from.
	storage struct {
		key   string
		dtype dtype
		count int64
	}
)

func (d *Dict) set(key, value any) {
	name, isString := key.(string)
	if isString {
		if i, ok := d.places[name]; ok {
			d.Values[i] = value
			return
		}
		if d.places == nil {
			d.places = map[string]int{}
		}
		d.places[name] = len(d.Keys)
	}
	d.Keys = append(d.Keys, key)
	d.Values = append(d.Values, value)
}

// Get returns the value of a string key, nil where there is none.
func (d *Dict) Get(key string) any {
	if d == nil {
		return nil
	}
	if i, ok := d.places[key]; ok {
		return d.Values[i]
	}
	return nil
}

// Attribute returns an attribute of an object, nil where it has none.
func (o *Object) Attribute(name string) any {
	state, _ := o.State.(*Dict)
	return state.Get(name)
}
