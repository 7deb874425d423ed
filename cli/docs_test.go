package main

import (
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// shown is a command of a page with what it prints.
type shown struct {
	line    int
	command string
	output  []string
}

// commandsOf returns the commands in the console blocks of a page, each after "$ ", and the lines below it.
func commandsOf(text string) (list []shown) {
	inside := false
	for i, line := range strings.Split(text, "\n") {
		switch command, found := strings.CutPrefix(line, "$ "); {
		case line == "```console":
			inside = true
		case line == "```":
			inside = false
		case inside && found:
			list = append(list, shown{line: i + 1, command: command})
		case inside && len(list) > 0:
			last := &list[len(list)-1]
			last.output = append(last.output, line)
		}
	}
	return list
}

// matches tells whether a line is as a page shows it, where … stands for anything.
func matches(shown, line string) bool {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimRight(shown, " ")), "…", ".*")
	return regexp.MustCompile("^" + pattern + "$").MatchString(strings.TrimRight(line, " "))
}

// TestDocsCommands runs the commands of pages one after the other. What a page shows must be printed in that order, with any
// other lines between; a command fails where an error is shown, and only there.
func TestDocsCommands(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the commands are for a POSIX shell")
	}
	for _, page := range []string{"tutorial.md", "faq.md"} {
		t.Run(page, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("../docs", page))
			if err != nil {
				t.Fatal(err)
			}
			commands := commandsOf(string(text))
			if len(commands) < 5 {
				t.Fatalf("%d commands", len(commands))
			}
			folder := t.TempDir()
			for _, c := range commands {
				cmd := exec.Command("sh", "-c", c.command)
				cmd.Dir = folder
				cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+filepath.Join(folder, ".cache"), "HOME="+folder)
				printed, err := cmd.CombinedOutput()
				fails := strings.Contains(strings.Join(c.output, "\n"), "longfirst: error:")
				if fails != (err != nil) {
					t.Fatalf("%s:%d: %s: %v\n%s", page, c.line, c.command, err, printed)
				}
				lines := strings.Split(string(printed), "\n")
				for _, want := range c.output {
					for len(lines) > 0 && !matches(want, lines[0]) {
						lines = lines[1:]
					}
					if len(lines) == 0 {
						t.Fatalf("%s:%d: %s: %q is not printed in its place:\n%s", page, c.line, c.command, want, printed[:min(len(printed), 2000)])
					}
					lines = lines[1:]
				}
			}
		})
	}
}

// TestFAQHeadings looks for the messages that the FAQ explains in what the program can print: the texts of its sources.
func TestFAQHeadings(t *testing.T) {
	faq, err := os.ReadFile("../docs/faq.md")
	if err != nil {
		t.Fatal(err)
	}
	headings := regexp.MustCompile("(?m)^### `(.+)`$").FindAllStringSubmatch(string(faq), -1)
	if len(headings) < 20 {
		t.Fatalf("%d headings", len(headings))
	}
	texts := textsOfProgram(t)
	for _, heading := range headings {
		for part := range strings.SplitSeq(heading[1], "…") {
			if !strings.Contains(texts, part) {
				t.Errorf("nothing of the program says %q", part)
			}
		}
	}
}

// textsOfProgram returns the string literals of all sources but tests, a line each.
func textsOfProgram(t *testing.T) string {
	t.Helper()
	var texts strings.Builder
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files := token.NewFileSet()
		var s scanner.Scanner
		s.Init(files.AddFile(path, -1, len(source)), source, nil, 0)
		for {
			_, kind, literal := s.Scan()
			if kind == token.EOF {
				return nil
			}
			if kind == token.STRING {
				if text, err := strconv.Unquote(literal); err == nil {
					texts.WriteString(text + "\n")
				}
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts.String()
}
