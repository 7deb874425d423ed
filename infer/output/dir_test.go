package output

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// writerEnv makes the test binary a process that begins a part in the folder the variable names, and hangs.
const writerEnv = "LONGFIRST_TEST_WRITER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerEnv); dir != "" {
		w, err := CreatePart(Dir(dir), PartInfo{PartID: PartID{0, 1, 0}, Items: 1, DType: Float32, Columns: embedding(1)})
		if err == nil {
			err = w.Append([]Row{{Values: []float32{1}}})
		}
		fmt.Println(err)
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestKilledWriterLeavesNoPart(t *testing.T) {
	dir := Dir(t.TempDir())
	if err := dir.Create(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), writerEnv+"="+string(dir))
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "<nil>\n" {
		t.Fatal(line, err)
	}
	if err := dir.Create(); err != nil {
		t.Fatal(err)
	}
	if left := names(t, dir.Tmp()); len(left) != 1 {
		t.Fatalf("beside a live writer: %v", left)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	mustEqual(t, names(t, dir.Embeddings()), []string{})
	if left := names(t, dir.Tmp()); len(left) != 1 {
		t.Fatalf("left by a killed writer: %v", left)
	}
	if err := dir.Create(); err != nil {
		t.Fatal(err)
	}
	mustEqual(t, names(t, dir.Tmp()), []string{})
}

func TestCreateLeavesOtherFilesInTmp(t *testing.T) {
	dir := Dir(t.TempDir())
	if err := dir.Create(); err != nil {
		t.Fatal(err)
	}
	keep := []string{
		"manifest.json~other-host~2147483646~1.tmp",
		fmt.Sprintf("manifest.json~%s~%d~1.tmp", hostName(), os.Getpid()),
		"mine.tmp",
	}
	dead := fmt.Sprintf("manifest.json~%s~2147483646~1.tmp", hostName())
	for _, name := range append(keep, dead) {
		if err := os.WriteFile(filepath.Join(dir.Tmp(), name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := dir.Create(); err != nil {
		t.Fatal(err)
	}
	mustEqual(t, len(names(t, dir.Tmp())), len(keep))
	if _, err := os.Stat(filepath.Join(dir.Tmp(), dead)); !os.IsNotExist(err) {
		t.Fatal(err)
	}
}

func TestAbortAndLeftoverOfTheSameProcessNumber(t *testing.T) {
	d := newDataSet(t, 40, 4, Float32)
	next := fmt.Sprintf("%s~%s~%d~%d.tmp", d.infos[0].Name(), hostName(), os.Getpid(), temporaryNumber.Load()+1)
	if err := os.WriteFile(filepath.Join(d.dir.Tmp(), next), []byte("old"), 0o666); err != nil {
		t.Fatal(err)
	}
	w, err := CreatePart(d.dir, d.infos[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Append(d.rows[:3]); err != nil {
		t.Fatal(err)
	}
	w.Abort()
	mustEqual(t, names(t, d.dir.Tmp()), []string{next})
	mustEqual(t, names(t, d.dir.Embeddings()), []string{})
}

func TestPartsReportsForeignFiles(t *testing.T) {
	d := newDataSet(t, 40, 4, Float32)
	d.write(t)
	for _, name := range []string{"notes.txt", "part-r1-of-2-b3.parquet", "part-r00000-of-00002-b000099.parquet.tmp"} {
		if err := os.WriteFile(filepath.Join(d.dir.Embeddings(), name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(d.dir.Part(PartID{1, 2, 77}), 0o777); err != nil {
		t.Fatal(err)
	}
	parts, foreign, err := d.dir.Parts()
	if err != nil {
		t.Fatal(err)
	}
	if len(foreign) != 4 || len(parts) != len(d.blocks) {
		t.Fatalf("%d parts, foreign %v", len(parts), foreign)
	}
	for i, b := range d.blocks {
		mustEqual(t, parts[b.PartID], d.partPath(i))
	}
}

func TestPartsOfNoFolder(t *testing.T) {
	parts, foreign, err := Dir(filepath.Join(t.TempDir(), "none")).Parts()
	if len(parts)+len(foreign) != 0 || err != nil {
		t.Fatal(parts, foreign, err)
	}
}

func TestClear(t *testing.T) {
	d := newDataSet(t, 40, 4, Float32)
	d.write(t)
	if err := WriteSkipped(d.dir, d.skips); err != nil {
		t.Fatal(err)
	}
	if err := WriteSuccess(d.dir, d.prove(t)); err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(string(d.dir), "notes.txt")
	if err := os.WriteFile(own, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := d.dir.Clear(); err != nil {
		t.Fatal(err)
	}
	mustEqual(t, names(t, string(d.dir)), []string{"embeddings", "logs", "notes.txt", "tmp"})
	mustEqual(t, names(t, d.dir.Embeddings()), []string{})
}
