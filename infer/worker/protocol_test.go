package worker

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMessagesSurviveThePipe(t *testing.T) {
	sent := []Message{
		{Hello: &Hello{PID: 7, Program: "longfirst 1", VisibleDevices: "GPU-a"}},
		{Lease: &Lease{Rank: 3, Block: 9, Probe: &Items{2, 5}, Refuse: map[int64]string{11: "signal: killed\nline two"}}},
		{Progress: &Progress{Rank: 3, Block: 9, Residues: 100, Records: 2}},
		{Done: &Done{Rank: 3, Block: 9, Counts: Counts{Records: 2, Failed: 1}, Seconds: 0.5}},
		{Failed: &Failed{Rank: -1, Block: -1, Error: "ungültig", StopsRun: true}},
	}
	var pipe bytes.Buffer
	to := sender{w: &pipe}
	for _, m := range sent {
		if err := to.send(m); err != nil {
			t.Fatal(err)
		}
	}
	var got []Message
	if err := receive(&pipe, func(m Message) error { got = append(got, m); return nil }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sent, got); diff != "" {
		t.Error(diff)
	}
}

func TestRubbishOnThePipeIsAnError(t *testing.T) {
	for _, line := range []string{"panic: runtime error", "{}", `{"hello":{},"ready":{}}`, `[1]`, `{"lease":{"rank":"x"}}`} {
		if err := receive(bytes.NewBufferString(line+"\n"), func(Message) error { return nil }); !errors.Is(err, errProtocol) {
			t.Errorf("%s: %v", line, err)
		}
	}
	endless := bytes.Repeat([]byte("x"), maxMessage+1)
	if err := receive(bytes.NewReader(endless), func(Message) error { return nil }); err == nil {
		t.Error("a line without end was taken")
	}
}

func FuzzParseMessage(f *testing.F) {
	f.Add([]byte(`{"lease":{"rank":1,"block":2,"probe":{"start":0,"stop":3},"refuse":{"7":"why"}}}`))
	f.Add([]byte(`{"orders":{"device":"cpu","block_rule":{"target_flops":1,"max_records":2},"options":{"dtype":"float32"}}}`))
	f.Add([]byte(`{"hello":null}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		m, err := parseMessage(line)
		if err != nil {
			if !errors.Is(err, errProtocol) {
				t.Fatal(err)
			}
			return
		}
		var pipe bytes.Buffer
		if err := (&sender{w: &pipe}).send(m); err != nil {
			t.Fatal(err)
		}
		again, err := parseMessage(bytes.TrimSuffix(pipe.Bytes(), []byte("\n")))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m, again); diff != "" {
			t.Fatal(diff)
		}
	})
}
