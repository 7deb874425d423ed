package main

import (
	"bytes"
	"compress/gzip"
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func cmdGzip(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, 2)
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	ts.Check(w.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b.Bytes(), 0o666))
}

func cmdPiped(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 3, -1)
	cmd := program(ts, args[2:])
	cmd.Stdin = strings.NewReader(ts.ReadFile(args[1]))
	cmd.Stdout, cmd.Stderr = ts.Stdout(), ts.Stderr()
	ts.Check(cmd.Start())
	late := time.AfterFunc(scriptPatience, func() { cmd.Process.Kill() })
	defer late.Stop()
	if code := exitCode(ts, cmd.Wait()); code != number(ts, args[0]) {
		ts.Fatalf("%s exited with %d", args[2], code)
	}
}
