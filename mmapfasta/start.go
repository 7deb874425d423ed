package mmapfasta

import (
	"bytes"
	"context"
)

// CheckStart scans the first bytes of a text that is not a file yet, head, and returns the *ParseError by which Scan
// would refuse it for these bytes. Its Path is name.
func CheckStart(name string, head []byte) error {
	src := source{bytes.NewReader(head), name, int64(len(head))}
	_, err := scanContent(context.Background(), src, chunkSize, Options{}, func(*Batch) error { return nil })
	return err
}
