package main

// How the program talks to people:
//
//   - Data goes to stdout or to files. Everything else goes to stderr.
//   - Lines are plain sentences; the fixed ones that scripts may rely on are marked where they are written.
//   - An error is one line beginning with "longfirst: error:", lower case, and says what to do where there is
//     something to do.
//   - Nothing is drawn with control characters unless stderr is a terminal.
//   - --quiet leaves errors and warnings. --log-format json writes the same events as JSON, one a line.

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
)

// complain prints an error.
func complain(err error) { fmt.Fprintf(stderr, "longfirst: error: %v\n", err) }

// newLog returns the log that commands write to.
func newLog(w io.Writer, format string, quiet bool) (*slog.Logger, error) {
	level := slog.LevelInfo
	if quiet {
		level = slog.LevelWarn
	}
	switch format {
	case "json":
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level})), nil
	case "text":
		return slog.New(&plainHandler{w: w, level: level, mu: new(sync.Mutex)}), nil
	}
	return nil, usagef("--log-format %q: it is text or json", format)
}

// plainHandler writes a message as the line a person reads, its attributes behind it.
type plainHandler struct {
	mu    *sync.Mutex
	w     io.Writer
	level slog.Level
	attrs string
}

func (h *plainHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level }

func (h *plainHandler) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	if r.Level >= slog.LevelWarn {
		b.WriteString(strings.ToLower(r.Level.String()) + ": ")
	}
	b.WriteString(r.Message)
	b.WriteString(h.attrs)
	r.Attrs(func(a slog.Attr) bool {
		b.WriteString(attrText(a))
		return true
	})
	b.WriteByte('\n')
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := io.WriteString(h.w, b.String())
	return err
}

func (h *plainHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	for _, a := range attrs {
		with.attrs += attrText(a)
	}
	return &with
}

// WithGroup has no use here: no message of the program groups its attributes.
func (h *plainHandler) WithGroup(string) slog.Handler { return h }

func attrText(a slog.Attr) string {
	v := a.Value.Resolve().String()
	if strings.ContainsAny(v, " \t\"") && !strings.Contains(v, "\n") {
		v = strconv.Quote(v)
	}
	return " " + a.Key + "=" + v
}

// isTerminal tells whether a file is a terminal.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// thousands writes a count with separators: 1,234,567.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// bytesText writes a size in binary units.
func bytesText(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	v, names := float64(n)/unit, "KMGTPE"
	for v >= unit {
		v /= unit
		names = names[1:]
	}
	return fmt.Sprintf("%.1f %ciB", v, names[0])
}
