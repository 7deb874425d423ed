//go:build !linux

package main

import "github.com/rogpeppe/go-internal/testscript"

func scriptCondition(string) (bool, error) { return false, nil }

func cmdTmpfs(ts *testscript.TestScript, _ bool, _ []string) { ts.Fatalf("only on Linux") }

func cmdImmutable(ts *testscript.TestScript, _ bool, _ []string) { ts.Fatalf("only on Linux") }

func useUpMemory() { panic("only on Linux") }
