package expand

import (
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// maxWindow is the memory that a frame may ask for: what the zstd program writes with --ultra --long=31.
const maxWindow = 2 << 30

// copyFrames writes the text of all zstd frames of the file.
func copyFrames(w io.Writer, in *input, threads int) error {
	frames := newFrames(in)
	decoder, err := zstd.NewReader(frames, zstd.WithDecoderConcurrency(threads), zstd.WithDecoderMaxWindow(maxWindow),
		zstd.WithDecoderMaxMemory(1<<62))
	if err != nil {
		return frames.explain(err)
	}
	defer decoder.Close()
	return relay(w, explained{decoder, frames})
}

// explained reads text, with errors that say where in the file.
type explained struct {
	*zstd.Decoder
	frames *frames
}

func (e explained) Read(p []byte) (int, error) {
	n, err := e.Decoder.Read(p)
	if err != nil && err != io.EOF {
		err = e.frames.explain(err)
	}
	if err == io.EOF && e.frames.failed() != nil { // which the decoder took for an end
		err = e.frames.failed()
	}
	return n, err
}

// explain says what an error of the decoder means. The structure of the file, where that is at fault, is nearer to the
// cause.
func (f *frames) explain(err error) error {
	if failed := f.failed(); failed != nil {
		return failed
	}
	if own, ok := ownError(err); ok {
		return own
	}
	detail := fmt.Sprintf("in the zstd frames up to here: %v", err)
	if errors.Is(err, zstd.ErrCRCMismatch) {
		detail = "a zstd frame up to here fails its checksum"
	}
	return at(f.in.name, f.offset.Load(), ErrDamaged, detail, fetchAgain)
}
