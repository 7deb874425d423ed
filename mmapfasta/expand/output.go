package expand

import "io"

// output takes the text, and shows its start before it writes any of it.
type output struct {
	w     io.Writer
	start func(head []byte) error // nil when there is nothing to show, any more
	head  []byte                  // not shown yet
}

func (o *output) Write(p []byte) (int, error) {
	if o.start == nil {
		return o.w.Write(p)
	}
	part := min(len(p), StartSize-len(o.head))
	o.head = append(o.head, p[:part]...)
	if len(o.head) < StartSize {
		return len(p), nil
	}
	if err := o.finish(); err != nil {
		return 0, err
	}
	if part == len(p) {
		return len(p), nil
	}
	n, err := o.w.Write(p[part:])
	return part + n, err
}

// finish shows and writes what a text has that is shorter than a start.
func (o *output) finish() error {
	if o.start == nil {
		return nil
	}
	if err := o.start(o.head); err != nil {
		return err
	}
	o.start = nil
	if len(o.head) == 0 {
		return nil
	}
	_, err := o.w.Write(o.head)
	o.head = nil
	return err
}
