package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// The table stands between these lines of the page. What is around it is written by hand.
const (
	tableBegin = "<!-- scripts/bench writes from here -->\n"
	tableEnd   = "<!-- to here -->\n"
)

// writePage puts the table into a page.
func (b *bench) writePage(ctx context.Context, name string, rows []row) error {
	old, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(old), tableBegin)
	_, after, foundEnd := strings.Cut(rest, tableEnd)
	if !found || !foundEnd {
		return fmt.Errorf("%s has no place for the table", name)
	}
	machine, err := b.machine(ctx)
	if err != nil {
		return err
	}
	var text strings.Builder
	text.WriteString(before + tableBegin + "\n" + machine + " " + summary(rows) + "\n\n")
	writeMarkdown(rows, &text)
	text.WriteString("\n" + tableEnd + after)
	return os.WriteFile(name, []byte(text.String()), 0o644)
}

// writeMarkdown writes the table for a page.
func writeMarkdown(rows []row, out *strings.Builder) {
	line := func(cells []string) { fmt.Fprintf(out, "| %s |\n", strings.Join(cells, " | ")) }
	line(columns)
	line(slices.Repeat([]string{"---"}, len(columns)))
	for _, r := range rows {
		line(r.cells())
	}
}

// machine says what was measured on, and with what.
func (b *bench) machine(ctx context.Context) (string, error) {
	model, err := processor()
	if err != nil {
		return "", err
	}
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return "", err
	}
	python, err := exec.CommandContext(ctx, b.python, "-c", "import sys, zmq; print(sys.version.split()[0], 'with pyzmq', zmq.__version__ + ', libzmq', zmq.zmq_version())").Output()
	if err != nil {
		return "", fmt.Errorf("python: %w", err)
	}
	nats, err := exec.CommandContext(ctx, b.program("nats-server"), "--version").Output()
	if err != nil {
		return "", fmt.Errorf("nats-server: %w", err)
	}
	return fmt.Sprintf("Measured on %s: %s, %d processors, %s %s %s; %s, Python %s, %s.", time.Now().UTC().Format(time.DateOnly), model, runtime.NumCPU(),
		unix.ByteSliceToString(name.Sysname[:]), unix.ByteSliceToString(name.Release[:]), unix.ByteSliceToString(name.Machine[:]),
		runtime.Version(), strings.TrimSpace(string(python)), strings.TrimSpace(string(nats))), nil
}

// processor returns the name of the processor.
func processor() (string, error) {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(info)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value), nil
		}
	}
	return "a processor without a name", nil
}
