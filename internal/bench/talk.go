package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// talker is a program that takes commands from its standard input and answers each with a line.
type talker struct {
	*process
	in  io.WriteCloser
	out *bufio.Reader
}

// program is where one of those that scripts/bench builds lies.
func (b *bench) program(name string) string { return filepath.Join(b.bin, name) }

// talk starts a program to talk with.
func (b *bench) talk(ctx context.Context, name string, args ...string) (_ *talker, err error) {
	t := &talker{}
	pipes := func(cmd *exec.Cmd) {
		in, e1 := cmd.StdinPipe()
		out, e2 := cmd.StdoutPipe()
		t.in, t.out, err = in, bufio.NewReader(out), firstOf(e1, e2)
	}
	var startErr error
	t.process, startErr = start(ctx, pipes, name, args...)
	if err := firstOf(err, startErr); err != nil {
		return nil, err
	}
	t.process.in = t.in
	return t, nil
}

// line reads a line that the program has to write.
func (t *talker) line() (string, error) {
	line, err := t.out.ReadString('\n')
	if err != nil {
		t.stop()
		return "", t.explain(fmt.Errorf("%s: %w (%v)", filepath.Base(t.cmd.Path), err, t.cmd.ProcessState))
	}
	return strings.TrimSpace(line), nil
}

// tell gives a command.
func (t *talker) tell(format string, args ...any) error {
	if _, err := fmt.Fprintf(t.in, format+"\n", args...); err != nil {
		t.stop()
		return t.explain(fmt.Errorf("%s: %w", filepath.Base(t.cmd.Path), err))
	}
	return nil
}

// numbers reads an answer. With 0 of them it may be any.
func (t *talker) numbers(count int) ([]float64, error) {
	line, err := t.line()
	if err != nil || count == 0 {
		return nil, err
	}
	var values []float64
	for word := range strings.FieldsSeq(line) {
		v, err := strconv.ParseFloat(word, 64)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(t.cmd.Path), err)
		}
		values = append(values, v)
	}
	if len(values) != count {
		return nil, fmt.Errorf("%s: answer %q, want %d numbers", filepath.Base(t.cmd.Path), line, count)
	}
	return values, nil
}

// ask gives a command and reads the numbers of its answer.
func (t *talker) ask(count int, format string, args ...any) ([]float64, error) {
	if err := t.tell(format, args...); err != nil {
		return nil, err
	}
	return t.numbers(count)
}
