package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"longfirst/index"
	"longfirst/infer"
	"longfirst/infer/esm2"
	"longfirst/infer/output"
	"longfirst/infer/worker"
)

// TestChildEndsWithItsStdin: a worker process ends when its stdin does, in the middle of a block too, and publishes
// nothing. Scripts can't show it where the kernel kills it first.
func TestChildEndsWithItsStdin(t *testing.T) {
	dir := t.TempDir()
	orders := childOrders(t, dir, ">a\nWWWWWWWWMKTAYIAK\n")
	child := exec.Command("longfirst", "worker")
	child.Env = append(os.Environ(), faultVariable+"=hold:WWWWWWWW", holdVariable+"="+dir)
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(scriptPatience, func() { child.Process.Kill() })
	defer late.Stop()

	to, from := json.NewEncoder(stdin), json.NewDecoder(bufio.NewReader(stdout))
	var hello, ready worker.Message
	if err := from.Decode(&hello); err != nil || hello.Hello == nil || hello.Hello.PID != child.Process.Pid {
		t.Fatalf("%+v, %v", hello, err)
	}
	to.Encode(worker.Message{Orders: &orders})
	if err := from.Decode(&ready); err != nil || ready.Ready == nil || ready.Ready.NumericClass != orders.NumericClass {
		t.Fatalf("%+v, %v", ready, err)
	}
	to.Encode(worker.Message{Lease: &worker.Lease{}})
	for begin, held := time.Now(), false; !held; time.Sleep(time.Millisecond) {
		files, _ := filepath.Glob(filepath.Join(dir, "held.*"))
		if held = len(files) > 0; time.Since(begin) > scriptPatience {
			t.Fatal("the block is not computed")
		}
	}
	stdin.Close()
	rest, _ := io.ReadAll(from.Buffered())
	more, _ := io.ReadAll(stdout)
	if err := child.Wait(); err != nil {
		t.Errorf("%v: it ends of its own accord, with 0", err)
	}
	if text := strings.TrimSpace(string(rest) + string(more)); text != "" {
		t.Errorf("it also said %s", text)
	}
	if parts, _, err := output.Dir(orders.Out).Parts(); len(parts) > 0 || err != nil {
		t.Errorf("parts %v, %v", parts, err)
	}
}

// childOrders makes what a worker process needs below dir.
func childOrders(t *testing.T, dir, fasta string) worker.Orders {
	t.Helper()
	model, path, out := filepath.Join(dir, "model"), filepath.Join(dir, "in.fa"), filepath.Join(dir, "out")
	writeScriptModel(t, model, 1)
	if err := os.WriteFile(path, []byte(fasta), 0o666); err != nil {
		t.Fatal(err)
	}
	x, _, err := index.Ensure(context.Background(), []string{path}, index.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	digest, err := esm2.Digest(context.Background(), model)
	if err != nil {
		t.Fatal(err)
	}
	stamps, err := esm2.Stamps(model)
	if err != nil {
		t.Fatal(err)
	}
	if err := output.Dir(out).Create(); err != nil {
		t.Fatal(err)
	}
	var s worker.Settings
	if err := describeCPU(&s); err != nil {
		t.Fatal(err)
	}
	return worker.Orders{Device: "cpu", Threads: 1, Program: programName(), Index: x.Path(), IndexDigest: x.Digest().String(),
		Model: model, ModelDigest: digest, ModelFiles: stamps, Out: out, World: 1, Rule: infer.NewBlockRule(infer.Cost{FLOPsPerToken: 1}, 1, 1, 1),
		Options:      output.ContentOptions{Gaps: "drop", Columns: output.Columns{output.NewColumn(output.PoolMean, 2, 2, 32)}, DType: output.Float32},
		NumericClass: s.NumericClass}
}
