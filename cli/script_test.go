package main

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"longfirst/infer/backend"
	"longfirst/infer/esm2"
)

// The scripts in testdata/script run the real program, its worker processes included: this test binary, started under
// the name longfirst, is the program. Only two things differ from the one that is shipped: blocks are small, and the
// device fails on the records that faultVariable names (fault_test.go).
//
// What a script can say beside testscript's own commands is listed in scriptCommands.

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"longfirst": func() {
		flops := float64(scriptFLOPS)
		if v, err := strconv.ParseFloat(os.Getenv(flopsVariable), 64); err == nil {
			flops = v
		}
		silence, _ = time.ParseDuration(os.Getenv(silenceVariable))
		newBackend = withFLOPS(withFaults(newBackend, os.Getenv(faultVariable)), flops)
		main()
	}})
}

// withFLOPS makes backends that are said to reach another rate on each of their threads, for smaller blocks.
func withFLOPS(open func(string, int) (backend.Backend, error), perThread float64) func(string, int) (backend.Backend, error) {
	return func(device string, threads int) (backend.Backend, error) {
		b, err := open(device, threads)
		if err != nil || device != "cpu" {
			return b, err
		}
		return ratedBackend{b, perThread * float64(threads)}, nil
	}
}

type ratedBackend struct {
	backend.Backend
	flops float64
}

func (b ratedBackend) FLOPS() float64 { return b.flops }

func (b ratedBackend) Steps() uint64 { return b.Backend.(backend.Stepper).Steps() }

const (
	// scriptFLOPS makes blocks of about four records of 60 residues with the model of scriptModel, on one thread.
	scriptFLOPS = 1e8

	// flopsVariable names another figure than scriptFLOPS.
	flopsVariable = "LONGFIRST_TEST_FLOPS"

	// silenceVariable says after how long without a sign of life a worker process is killed.
	silenceVariable = "LONGFIRST_TEST_SILENCE"
)

// scriptsAtOnce bounds how many scripts run side by side: each has a supervisor and several worker processes.
const scriptsAtOnce = 2

func TestScripts(t *testing.T) {
	models := t.TempDir()
	model, other := filepath.Join(models, "model"), filepath.Join(models, "other")
	writeScriptModel(t, model, 1)
	writeScriptModel(t, other, 2)
	checkpoints, err := filepath.Abs("../infer/checkpoint/testdata")
	if err != nil {
		t.Fatal(err)
	}
	classifier, err := filepath.Abs("../infer/testdata/head/head.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	headModel, err := filepath.Abs("../infer/esm2/testdata/goldens/head24-maskedlm")
	if err != nil {
		t.Fatal(err)
	}
	slots := make(chan bool, scriptsAtOnce)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		Cmds:                scriptCommands,
		Condition:           condition,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			slots <- true
			env.Defer(func() { <-slots })
			runs := newScriptRuns()
			env.Defer(runs.end)
			env.Values[runsKey{}] = runs
			env.Setenv("MODEL", model)
			env.Setenv("GORACE", "atexit_sleep_ms=0") // else every process of a race build ends a second late
			env.Setenv("OTHERMODEL", other)
			env.Setenv("HEADMODEL", headModel)
			env.Setenv("CLASSIFIER", classifier)
			env.Setenv("CHECKPOINTS", checkpoints)
			env.Setenv("STANDIN", os.Getenv(standinVariable))
			env.Setenv(holdVariable, filepath.Join(env.WorkDir, ".hold"))
			return os.Mkdir(filepath.Join(env.WorkDir, ".hold"), 0o777)
		},
	})
}

// writeScriptModel writes a model that costs next to nothing: 60 residues are 3 MFLOP.
func writeScriptModel(t *testing.T, dir string, seed uint64) {
	t.Helper()
	config, _ := esm2.Named("tiny")
	config.HiddenSize, config.Layers, config.Heads, config.IntermediateSize = 32, 2, 2, 64
	if err := esm2.Init(dir, config, seed); err != nil {
		t.Fatal(err)
	}
}

// scriptCommands are the commands of this package's scripts.
var scriptCommands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	// Files.
	"fasta":    cmdFASTA,    // fasta FILE records=N [length=LO-HI] [seed=N] [crlf] [mark=PLACE:RESIDUES]...
	"concat":   cmdConcat,   // concat OUT IN...: joins files
	"write":    cmdWrite,    // write FILE TEXT: with Go's escapes, for bytes a script can't hold
	"append":   cmdAppend,   // append FILE TEXT: as write, at the end
	"gzip":     cmdGzip,     // gzip IN OUT
	"flipbyte": cmdFlipByte, // flipbyte FILE OFFSET: inverts a byte; a negative offset counts from the end
	"truncate": cmdTruncate, // truncate FILE SIZE: SIZE in bytes, or N% of what it has
	"fill":     cmdFill,     // fill FILE: makes it as large as the disk lets it
	"touch":    cmdTouch,    // touch FILE now|DURATION: sets the mtime, or moves it by a duration such as -2h
	"copytime": cmdCopyTime, // copytime FROM TO: gives TO the mtime of FROM
	"copydir":  cmdCopyDir,  // copydir FROM TO
	"newer":    cmdNewer,    // newer INDEX: makes it one of a later format version
	"spoil":    cmdSpoil,    // spoil PART: inverts a bit of an embedding
	"sharpen":  cmdSharpen,  // sharpen WEIGHTS FACTOR: multiplies queries, so that each attends to one key, and rounding decides to which
	"replace":  cmdReplace,  // replace FILE OLD NEW: replaces a text by one of equal length

	// Data sets and indexes.
	"sameparts": cmdSameParts, // [!] sameparts A B: equal parts, byte for byte, and at least one
	"parts":     cmdParts,     // parts OUT N: waits until there are N parts at least; parts OUT =N: there are N now
	"portable":  cmdPortable,  // portable JSON RECORDS RESIDUES: an exported index is right about its FASTA files
	"table":     cmdTable,     // table FILE ROWS COLUMNS: a TSV file with a header line has so many rows and columns
	"npy":       cmdNPY,       // npy FILE ROWS COLUMNS
	"blocks":    cmdBlocks,    // blocks PLAN OUT: the plan that was printed has as many blocks as the data set has parts
	"sameline":  cmdSameLine,  // [!] sameline WORD A B: the lines with the word are equal in both files

	"hub": cmdHub, // hub FOLDER [proxy]: serves the models OWNER/NAME in it, with "proxy" through a proxy only

	// Processes.
	"exits":       cmdExits,       // exits CODE PROGRAM ARG...: runs a program, which ends with the code
	"piped":       cmdPiped,       // piped CODE FILE PROGRAM ARG...: the same; stdin is the file
	"converse":    cmdConverse,    // converse CODE FILE PROGRAM ARG...: the same; stdin is the file and then stays open
	"start":       cmdStart,       // start NAME PROGRAM ARG...: starts a program; its stderr goes to NAME.stderr
	"finish":      cmdFinish,      // finish NAME CODE|killed: waits for it
	"send":        cmdSend,        // send SIGNAL NAME|GLOB: to the program started as NAME, or the processes whose numbers are in the files
	"insist":      cmdInsist,      // insist SIGNAL NAME: sends the signal until the program has ended
	"startdeaf":   cmdStartDeaf,   // startdeaf NAME PROGRAM ARG...: starts a program whose stderr nobody reads
	"stopped":     cmdStopped,     // [!] stopped NAME: waits until the program and its children are stopped, or none of them is
	"immutable":   cmdImmutable,   // immutable on|off FOLDER: not even root changes what is in it
	"tmpfs":       cmdTmpfs,       // tmpfs FOLDER SIZE: mounts a small file system until the script ends
	"glob":        cmdGlob,        // [!] glob PATTERN: there is such a file
	"killwhen":    cmdKillWhen,    // killwhen GLOB NAME: kills the program once there is such a file, or lets it end if there never is
	"waitfor":     cmdWaitFor,     // waitfor GLOB: until there is such a file
	"killparts":   cmdKillParts,   // killparts N OUT NAME: kills a child of NAME each time a part was published, N times
	"children":    cmdChildren,    // children NAME N: the program has that many children, each leader of its own process group
	"sleep":       cmdSleep,       // sleep DURATION: where nothing else can be waited for
	"noprocesses": cmdNoProcesses, // noprocesses: no worker process of this script is left
}
