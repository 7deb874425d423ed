package peers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"longfirst/bench"
	"longfirst/bench/gen"
	"longfirst/mmapfasta"
)

// This test binary, told by a variable, is both longfirst and its peer.
const actVariable = "LONGFIRST_TEST_PEER"

func TestMain(m *testing.M) {
	if os.Getenv(actVariable) == "" {
		os.Exit(m.Run())
	}
	if err := act(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// act does what `longfirst bench own` does; the flags of a command line of own always come in pairs.
func act(args []string) error {
	if args[0] == "version" {
		fmt.Println("fake v3.14.1 of today")
		return nil
	}
	if args[0] == "index" { // get --quiet --ids-from NAMES -o FILE FASTA
		return get(args[4], args[6], args[7])
	}
	args = args[2:]
	t := Task{Job: Job(args[0]), FASTA: args[len(args)-1]}
	copyTo := ""
	for i := 1; i+1 < len(args); i += 2 {
		switch value := args[i+1]; args[i] {
		case "--threads":
			t.Threads, _ = strconv.Atoi(value)
		case "--cut":
			t.Cut, _ = strconv.Atoi(value)
		case "--model":
			t.Model = value
		case "--rows":
			t.Rows = value
		case "--copy":
			copyTo = value
		}
	}
	outcome, err := Do(context.Background(), t, copyTo)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(outcome)
}

// get writes the records whose ids a file names.
func get(names, out, fasta string) error {
	list, err := os.ReadFile(names)
	if err != nil {
		return err
	}
	wanted := strings.Fields(string(list))
	text, err := os.ReadFile(fasta)
	if err != nil {
		return err
	}
	var got []byte
	_, err = mmapfasta.Scan(context.Background(), fasta, func(r *mmapfasta.Record) error {
		if slices.Contains(wanted, string(r.ID)) {
			got = append(got, text[r.Offset:r.BodyEnd]...)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return os.WriteFile(out, got, 0o666)
}

func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(actVariable, "1")
	return path
}

func smallMaterial(model string) *material {
	return &material{options: gen.Options{Shape: gen.Protein, Seed: seed, Records: 3}, model: model}
}

// fakePeer is this program under another name.
func fakePeer(t *testing.T, job Job) *tool {
	o := &own{program: self(t), job: job}
	return &tool{name: "fake", job: job, program: o.program, version: []string{"version"},
		command: func(t Task) []string { return o.Command(t)[1:] },
		outcome: func(t Task) (Outcome, error) {
			switch job {
			case Read:
				return parseSorted(filepath.Join(t.Dir, "sorted.fa"))
			case Get:
				return parseFASTA(gotFile(t), Sum{AnyOrder: true})
			case Embed:
				return Outcome{Records: 3, Residues: 0}, nil
			}
			return Do(context.Background(), t, "")
		}}
}

func TestDuel(t *testing.T) {
	ctx := context.Background()
	for _, job := range []Job{Index, Reuse, Read, Get} {
		t.Run(string(job), func(t *testing.T) {
			peer := fakePeer(t, job)
			number, err := peer.Version(ctx)
			if err != nil || number != "3.14.1" {
				t.Fatalf("version %q, %v", number, err)
			}
			d := &Duel{Against: Found{peer, number}, Program: self(t), Threads: 1, On: smallMaterial("")}
			if err := d.Prepare(ctx, t.TempDir()); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := d.Run(ctx); err != nil {
					t.Fatal(err)
				}
				figures := d.Figures(bench.Elapsed{})
				if len(figures) != 3 || figures[0].Unit != Ratio || figures[0].Value <= 0 || !strings.Contains(figures[1].Unit, "own") {
					t.Errorf("%+v", figures)
				}
				if err := d.Check(ctx); err != nil {
					t.Fatal(err)
				}
			}
			d.other.outcome.Residues++
			if d.Check(ctx) == nil {
				t.Error("another number of residues passed")
			}
			if d.Peer() != "fake 3.14.1" {
				t.Error(d.Peer())
			}
		})
	}
}

func TestEmbedIsCompared(t *testing.T) {
	ctx := context.Background()
	d := &Duel{Against: Found{fakePeer(t, Embed), "1"}, Program: self(t), Threads: 1, On: smallMaterial("tiny")}
	if err := d.Prepare(ctx, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if err := d.Run(ctx); err != nil {
		t.Fatal(err)
	}
	d.other.outcome.Residues = d.own.outcome.Residues
	if err := d.Check(ctx); err != nil {
		t.Fatal(err)
	}
	rows, err := readRows(d.other.task.Rows)
	if err != nil {
		t.Fatal(err)
	}
	rows[7] += 1
	if err := writeRows(d.other.task.Rows, [][]float32{rows}); err != nil {
		t.Fatal(err)
	}
	if d.Check(ctx) == nil {
		t.Error("another embedding passed")
	}
}

func TestFailingPeerIsQuoted(t *testing.T) {
	s := side{peer: fakePeer(t, Index), task: Task{Job: Index, FASTA: filepath.Join(t.TempDir(), "none.fa"), Threads: 1}}
	if err := s.run(context.Background()); err == nil || !strings.Contains(err.Error(), "none.fa") {
		t.Errorf("%v", err)
	}
}

func TestMuster(t *testing.T) {
	there := fakePeer(t, Index)
	gone := &tool{name: "gone", job: Read, program: filepath.Join(t.TempDir(), "gone")}
	mute := &tool{name: "mute", job: Index, program: self(t), version: []string{"a", "b", "frobnicate", "c"}}
	noPython := &script{name: "snake", job: Embed, python: filepath.Join(t.TempDir(), "python"), packages: []string{"snake"}}
	found, absent, err := Muster(context.Background(), []Peer{there, gone, mute, noPython})
	if err != nil || len(found) != 1 || found[0].Number != "3.14.1" {
		t.Errorf("found %+v, %v", found, err)
	}
	var names []string
	for _, a := range absent {
		names = append(names, a.Peer)
		if !strings.HasPrefix(a.Why, "absent: ") {
			t.Errorf("%s: %s", a.Peer, a.Why)
		}
	}
	if !slices.Equal(names, []string{"read with gone", "index with mute", "embed with snake"}) {
		t.Errorf("absent: %v", names)
	}
}

func TestParseLine(t *testing.T) {
	o, err := parseLine([]byte("Loading weights\n{\"seconds\": 1.5, \"records\": 2, \"residues\": 30, \"checksum\": 18446744073709551615}\n"))
	if err != nil || o != (Outcome{1.5, 2, 30, 1<<64 - 1}) {
		t.Errorf("%+v, %v", o, err)
	}
	for _, text := range []string{"", "{}", "ready", `{"seconds": -1, "records": 2, "residues": 3, "checksum": 0}`, `{"seconds": 1, "rows": 2}`} {
		if _, err := parseLine([]byte(text)); !errors.Is(err, ErrOutput) {
			t.Errorf("%q: %v, want ErrOutput", text, err)
		}
	}
}

func TestParseFAI(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.fa.fai")
	for text, want := range map[string]Outcome{
		"a\t5\t3\t5\t6\nb\t70\t13\t60\t61\n": {Records: 2, Residues: 75},
		"":                                   {},
	} {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if got, err := parseFAI(path); err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"a\t5\n", "a\tfive\t3\t5\t6\n"} {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := parseFAI(path); !errors.Is(err, ErrOutput) {
			t.Errorf("%q: %v, want ErrOutput", text, err)
		}
	}
}

func TestParseSorted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.fa")
	for text, want := range map[string]error{">a\nAC\nDE\n>b\nACD\n": nil, ">b\nACD\n>a\nACDE\n": ErrOutput} {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		got, err := parseSorted(path)
		if !errors.Is(err, want) || want == nil && (got.Residues != 7 || got.Records != 2 || got.Checksum == 0) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}

func TestCompareRows(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	for _, c := range []struct {
		a, b [][]float32
		same bool
	}{
		{[][]float32{{1, 100}, {3, 4}}, [][]float32{{1.005, 100}, {3, 4}}, true},
		{[][]float32{{1, 100}, {3, 4}}, [][]float32{{1.02, 100}, {3, 4}}, false},
		{[][]float32{{1, 100}, {3, 4}}, [][]float32{{1, 100}}, false},
		{[][]float32{{0, 0}, {3, 4}}, [][]float32{{0, 0}, {3, 4}}, false},
	} {
		if err := errors.Join(writeRows(a, c.a), writeRows(b, c.b)); err != nil {
			t.Fatal(err)
		}
		if err := compareRows(a, b, 2); (err == nil) != c.same {
			t.Errorf("%v and %v: %v", c.a, c.b, err)
		}
	}
}

// What longfirst replaces gives what longfirst gives. Only this peer needs nothing but Python.
func TestPythonJSON(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no Python here")
	}
	ctx := context.Background()
	for _, job := range []Job{Index, Reuse, Read} {
		d := &Duel{Against: Found{&script{name: "python-json", job: job, python: python, file: "python_json.py"}, "3"}, Program: self(t), Threads: 1, On: smallMaterial("")}
		d.On.options.Records = 500
		if err := d.Prepare(ctx, t.TempDir()); err != nil {
			t.Fatal(err)
		}
		if err := d.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if err := d.Check(ctx); err != nil {
			t.Errorf("%s: %v", job, err)
		}
	}
}

// Every script that the roster calls is there, and results are told apart.
func TestRoster(t *testing.T) {
	var found []Found
	for _, p := range Roster("elsewhere") {
		found = append(found, Found{p, "1"})
		if s, ok := p.(*script); ok {
			if _, err := scripts.ReadFile("scripts/" + s.file); err != nil {
				t.Error(err)
			}
			if !strings.HasPrefix(s.python, "elsewhere") {
				t.Errorf("%s: %s", s.name, s.python)
			}
		}
	}
	for _, c := range []struct {
		settings Settings
		want     int
	}{{Settings{Threads: 2}, 20}, {Settings{Threads: 1, All: true}, 27}, {Settings{Threads: 2, All: true}, 30}} {
		seen := map[string]bool{}
		for _, w := range Duels(c.settings, found) {
			if seen[bench.Label(w)] {
				t.Errorf("%s is there twice", bench.Label(w))
			}
			seen[bench.Label(w)] = true
		}
		if len(seen) != c.want {
			t.Errorf("%+v: %d duels, want %d", c.settings, len(seen), c.want)
		}
	}
}

// The run goes on without a peer that fails; a failure of this program is none of the peer's.
func TestFailingSideIsNamed(t *testing.T) {
	ctx := context.Background()
	d := &Duel{Against: Found{fakePeer(t, Index), "1"}, Program: self(t), Threads: 1, On: smallMaterial("")}
	if err := d.Prepare(ctx, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	fasta := d.other.task.FASTA
	d.other.task.FASTA += ".gone"
	if err := d.Run(ctx); !errors.Is(err, bench.ErrPeer) || !strings.Contains(err.Error(), "gone") {
		t.Errorf("%v, want ErrPeer and the file", err)
	}
	d.other.task.FASTA, d.own.task.FASTA = fasta, fasta+".gone"
	if err := d.Run(ctx); err == nil || errors.Is(err, bench.ErrPeer) {
		t.Errorf("%v, not the peer's", err)
	}
}
