// Testlog reads the output of go test -json from standard input and prints what a reader wants of it: one line a
// package, and all that was printed by a test that failed. Skipped tests are listed at the end, by name and reason, and
// where the variable CI is set they are a failure: a test that CI does not run protects nothing.
//
// It is a part of scripts/test.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	ci := os.Getenv("CI")
	ok, err := report(os.Stdin, os.Stdout, ci != "" && ci != "false")
	if err != nil {
		fmt.Fprintln(os.Stderr, "testlog:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// event is one line of go test -json (go doc test2json).
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
}

// test names one test; an empty Test stands for the package itself.
type test struct{ Package, Test string }

// log collects what is still to be told.
type log struct {
	out     io.Writer
	pending map[test][]string // printed by tests that have not ended yet
	passed  int
	failed  []string
	skipped []string
}

// report copies the essence of in to out, and tells whether all went well. A skipped test is a failure when strict is set.
func report(in io.Reader, out io.Writer, strict bool) (bool, error) {
	l := log{out: out, pending: map[test][]string{}}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			l.line(line)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return false, fmt.Errorf("read: %w", err)
		}
	}
	l.flush()
	return l.summary(strict), nil
}

// line takes in one line; what is no event, such as an error of the go command, is passed through.
func (l *log) line(line []byte) {
	var e event
	if err := json.Unmarshal(line, &e); err != nil || e.Action == "" {
		fmt.Fprintf(l.out, "%s", line)
		return
	}
	key := test{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		fmt.Fprint(l.out, e.Output)
	case "output":
		if e.Test == "" {
			l.packageOutput(e.Output)
			return
		}
		l.pending[key] = append(l.pending[key], e.Output)
	case "pass":
		if e.Test != "" {
			l.passed++
		}
		delete(l.pending, key)
	case "fail":
		l.fail(key)
	case "skip":
		if e.Test != "" { // else: a package without tests
			l.skipped = append(l.skipped, key.String()+reason(l.pending[key]))
		}
		delete(l.pending, key)
	}
}

// packageOutput prints what belongs to no test: the closing line of a package, a panic, a goroutine that leaked.
func (l *log) packageOutput(s string) {
	if s == "PASS\n" || strings.Contains(s, "[no test files]") || strings.HasPrefix(s, "-test.shuffle") {
		return
	}
	fmt.Fprint(l.out, s)
}

func (l *log) fail(key test) {
	if key.Test == "" {
		return // its own output is printed already
	}
	l.failed = append(l.failed, key.String())
	l.print(key)
}

func (l *log) print(key test) {
	for _, s := range l.pending[key] {
		if !strings.HasPrefix(s, "=== ") {
			fmt.Fprint(l.out, s)
		}
	}
	delete(l.pending, key)
}

// flush prints what tests that never ended had to say: the test binary crashed.
func (l *log) flush() {
	for key := range l.pending {
		l.failed = append(l.failed, key.String())
		l.print(key)
	}
}

// summary prints the totals and tells whether all went well, as far as tests can tell: a package that does not
// build is left to the status of go test.
func (l *log) summary(strict bool) bool {
	for _, s := range l.skipped {
		fmt.Fprintln(l.out, "skipped:", s)
	}
	for _, s := range l.failed {
		fmt.Fprintln(l.out, "FAILED:", s)
	}
	fmt.Fprintf(l.out, "%d passed, %d failed, %d skipped\n", l.passed, len(l.failed), len(l.skipped))
	if strict && len(l.skipped) > 0 {
		fmt.Fprintln(l.out, "CI is set: a skipped test is a failure")
		return false
	}
	return len(l.failed) == 0
}

func (t test) String() string { return t.Package + " " + t.Test }

// reason finds what a test gave as the reason of its skip: the line before the last.
func reason(output []string) string {
	for i := len(output) - 1; i >= 0; i-- {
		s := strings.TrimSpace(output[i])
		if !strings.HasPrefix(s, "--- ") && !strings.HasPrefix(s, "=== ") && s != "" {
			return ": " + s
		}
	}
	return ""
}
