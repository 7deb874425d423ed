package expand

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
)

// copyMembers writes the text of all gzip members from here to the end of the file.
func copyMembers(w io.Writer, in *input) error {
	return relay(w, &members{in: in})
}

// members reads the text of gzip members, one after the other.
type members struct {
	in     *input
	member *gzip.Reader // nil before the first one
	open   bool         // the member goes on
	start  int64        // of the member
}

func (m *members) Read(p []byte) (int, error) {
	for {
		if !m.open {
			if err := m.next(); err != nil {
				return 0, err
			}
		}
		n, err := m.member.Read(p)
		if err == io.EOF {
			m.open, err = false, nil
		}
		if err != nil {
			return n, gzipError(err, m.in, m.start)
		}
		if n > 0 {
			return n, nil
		}
	}
}

// next begins the next member. It returns io.EOF at the end of the file.
func (m *members) next() error {
	m.start = m.in.offset()
	if err := m.in.expectMember(m.start); err != nil {
		return err
	}
	var err error
	if m.member == nil {
		m.member, err = gzip.NewReader(m.in)
	} else {
		err = m.member.Reset(m.in)
	}
	if err == io.EOF { // behind a magic, so in the middle of a header
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return gzipError(err, m.in, m.start)
	}
	m.member.Multistream(false)
	m.open = true
	return nil
}

// expectMember makes sure that a gzip member starts here. It returns io.EOF at the end of the file.
func (in *input) expectMember(offset int64) error {
	head, err := in.peek(len(gzipMagic))
	switch {
	case err != nil:
		own, _ := ownError(err)
		return own
	case len(head) == 0:
		return io.EOF
	case string(head) == gzipMagic:
		return nil
	case bytes.HasPrefix([]byte(gzipMagic), head):
		return at(in.name, offset, ErrTruncated, "a gzip member ends after its first byte", fetchAgain)
	}
	return at(in.name, offset, ErrTrailing, fmt.Sprintf("%q, where a gzip member should start or the file end", head),
		fmt.Sprintf("if the rest is of no use, cut it off: head -c %d", offset))
}

// gzipError says what is wrong with the member that starts at start.
func gzipError(err error, in *input, start int64) error {
	if own, ok := ownError(err); ok {
		return own
	}
	member := fmt.Sprintf("the gzip member that starts at byte %d", start)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return at(in.name, in.offset(), ErrTruncated, "the file ends in "+member, fetchAgain)
	case errors.Is(err, gzip.ErrChecksum):
		return at(in.name, in.offset(), ErrDamaged, member+" fails its checksum", fetchAgain)
	case errors.Is(err, gzip.ErrHeader):
		return at(in.name, start, ErrDamaged, member+" has an impossible header", fetchAgain)
	}
	return at(in.name, in.offset(), ErrDamaged, fmt.Sprintf("in %s: %v", member, err), fetchAgain)
}
