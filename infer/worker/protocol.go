package worker

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"longfirst/infer"
	"longfirst/infer/esm2"
	"longfirst/infer/output"
)

// Message is one line of the protocol: exactly one field is set.
type Message struct {
	Hello    *Hello    `json:"hello,omitempty"`
	Orders   *Orders   `json:"orders,omitempty"`
	Ready    *Ready    `json:"ready,omitempty"`
	Lease    *Lease    `json:"lease,omitempty"`
	Alive    *Alive    `json:"alive,omitempty"`
	Progress *Progress `json:"progress,omitempty"`
	Done     *Done     `json:"done,omitempty"`
	Failed   *Failed   `json:"failed,omitempty"`
	Rows     *Rows     `json:"rows,omitempty"`
}

// Hello is a child's first message: what it sees, before it has touched a device or a weight.
type Hello struct {
	PID            int    `json:"pid"`
	Program        string `json:"program"`
	VisibleDevices string `json:"visible_devices"` // CUDA_VISIBLE_DEVICES as the child got it
}

// Orders tell a child everything about the run but which blocks to compute.
type Orders struct {
	Device         string                `json:"device"`          // "cpu", CPUInt8 or a GPU in a precision
	Int8           string                `json:"int8,omitempty"`  // file of quantized weights
	VisibleDevices string                `json:"visible_devices"` // the one device the child must be confined to; "" for the CPU
	Threads        int                   `json:"threads"`
	Program        string                `json:"program"`
	Index          string                `json:"index"`
	IndexDigest    string                `json:"index_digest"`
	Model          string                `json:"model"`
	ModelDigest    string                `json:"model_digest"`
	ModelFiles     []esm2.FileStamp      `json:"model_files"`
	Out            string                `json:"out"`
	World          int                   `json:"world_size"`
	Rule           infer.BlockRule       `json:"block_rule"`
	Options        output.ContentOptions `json:"options"`
	NumericClass   string                `json:"numeric_class"`    // of the data set: the child must compute in it
	Beat           time.Duration         `json:"beat_ns"`          // between signs of life
	Canary         []int64               `json:"canary,omitempty"` // compute the rows of these positions, and no blocks
}

// Rows answer orders with a canary, whose process ends then: the embeddings of its positions, null where there is none.
type Rows struct {
	Values [][]float32 `json:"values"`
}

// Ready tells that the model is loaded.
type Ready struct {
	NumericClass string `json:"numeric_class"`
}

// Lease asks for a block. With a probe, only a part of the block's items is computed and nothing is published: that is
// how the record that brings a child down is found.
type Lease struct {
	Rank   int              `json:"rank"`
	Block  int              `json:"block"`
	Probe  *Items           `json:"probe,omitempty"`
	Refuse map[int64]string `json:"refuse,omitempty"` // positions not to compute, with the reason the data set states
}

// group names the lease in a log.
func (l Lease) group() slog.Attr {
	attrs := []any{"rank", l.Rank, "block", l.Block}
	if l.Probe != nil {
		attrs = append(attrs, "alone", fmt.Sprintf("%d-%d", l.Probe.Start, l.Probe.Stop-1))
	}
	return slog.Group("", attrs...)
}

// Alive tells that the child gets on, also where nothing else can be told for a while: inside a long batch, while the model
// is loaded, while a part is synced.
type Alive struct{}

// Items are items of a share, half-open.
type Items struct {
	Start int64 `json:"start"`
	Stop  int64 `json:"stop"`
}

// Counts are what became of records.
type Counts struct {
	Records   int64 `json:"records"`   // embedded
	Residues  int64 `json:"residues"`  // embedded
	Removed   int64 `json:"removed"`   // gaps and trailing stops
	Unknown   int64 `json:"unknown"`   // residues fed as <unk>
	Truncated int64 `json:"truncated"` // records that were cut
	Cut       int64 `json:"cut"`       // residues cut from them
	Empty     int64 `json:"empty"`     // records without residues
	Failed    int64 `json:"failed"`    // records without an embedding
}

// Add adds the counts of o.
func (c *Counts) Add(o Counts) {
	c.Records += o.Records
	c.Residues += o.Residues
	c.Removed += o.Removed
	c.Unknown += o.Unknown
	c.Truncated += o.Truncated
	c.Cut += o.Cut
	c.Empty += o.Empty
	c.Failed += o.Failed
}

// Progress reports the residues embedded since the last report.
type Progress struct {
	Rank     int   `json:"rank"`
	Block    int   `json:"block"`
	Residues int64 `json:"residues"`
	Records  int64 `json:"records"`
}

// Done reports a published part, or a probe that passed.
type Done struct {
	Rank    int     `json:"rank"`
	Block   int     `json:"block"`
	Counts  Counts  `json:"counts"`
	Seconds float64 `json:"seconds"`
}

// Failed reports why a block, or the child as a whole, can't go on. It is never about one record: a record that can't be
// embedded is stated in the block's part.
type Failed struct {
	Rank     int    `json:"rank"`
	Block    int    `json:"block"`
	Error    string `json:"error"`
	StopsRun bool   `json:"stops_run,omitempty"` // every block would meet it
}

// maxMessage bounds a line, so that a child that writes rubbish can't fill the supervisor's memory.
const maxMessage = 8 << 20

// sender writes messages; it may be used by several goroutines.
type sender struct {
	mu sync.Mutex
	w  io.Writer
}

func (s *sender) send(m Message) error {
	line, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("%w: %v", errProtocol, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err = s.w.Write(append(line, '\n'))
	return err
}

// receive calls each with the messages of r until it ends. A line that is not exactly one message is an error.
func receive(r io.Reader, each func(Message) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxMessage)
	for lines.Scan() {
		m, err := parseMessage(lines.Bytes())
		if err != nil {
			return err
		}
		if err := each(m); err != nil {
			return err
		}
	}
	return lines.Err()
}

func parseMessage(line []byte) (Message, error) {
	var m Message
	if err := json.Unmarshal(line, &m); err != nil {
		return m, fmt.Errorf("%w: %q: %v", errProtocol, clip(line), err)
	}
	set := 0
	for _, has := range []bool{m.Hello != nil, m.Orders != nil, m.Ready != nil, m.Lease != nil, m.Alive != nil, m.Progress != nil, m.Done != nil, m.Failed != nil, m.Rows != nil} {
		if has {
			set++
		}
	}
	if set != 1 {
		return m, fmt.Errorf("%w: %q holds %d messages, want one", errProtocol, clip(line), set)
	}
	return m, nil
}

func clip(line []byte) []byte {
	const most = 200
	return line[:min(len(line), most)]
}
