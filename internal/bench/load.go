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
	"time"
)

// load is the program that sends and receives: see c/load.c for its commands.
type load struct {
	*process
	in  io.WriteCloser
	out *bufio.Reader
	at  string // the endpoint of its publisher
}

// load starts a load. Its subscriber connects to an endpoint, "": to its own publisher.
func (b *bench) load(ctx context.Context, message, to string) (_ *load, err error) {
	l := &load{}
	args := []string{message, strconv.Itoa(queue)}
	if to != "" {
		args = append(args, to)
	}
	pipes := func(cmd *exec.Cmd) {
		in, e1 := cmd.StdinPipe()
		out, e2 := cmd.StdoutPipe()
		l.in, l.out, err = in, bufio.NewReader(out), firstOf(e1, e2)
	}
	var startErr error
	l.process, startErr = start(ctx, pipes, filepath.Join(b.bin, "load"), args...)
	if err := firstOf(err, startErr); err != nil {
		return nil, err
	}
	if l.at, err = l.line(); err != nil {
		return nil, err
	}
	return l, nil
}

// line reads a line that the program has to write.
func (l *load) line() (string, error) {
	line, err := l.out.ReadString('\n')
	if err != nil {
		l.stop()
		return "", l.explain(fmt.Errorf("load: %w", err))
	}
	return strings.TrimSpace(line), nil
}

// ask gives a command and reads the numbers of its answer.
func (l *load) ask(numbers int, format string, args ...any) ([]float64, error) {
	if _, err := fmt.Fprintf(l.in, format+"\n", args...); err != nil {
		l.stop()
		return nil, l.explain(fmt.Errorf("load: %w", err))
	}
	line, err := l.line()
	if err != nil || numbers == 0 {
		return nil, err
	}
	var values []float64
	for word := range strings.FieldsSeq(line) {
		v, err := strconv.ParseFloat(word, 64)
		if err != nil {
			return nil, fmt.Errorf("load: %w", err)
		}
		values = append(values, v)
	}
	if len(values) != numbers {
		return nil, fmt.Errorf("load: answer %q, want %d numbers", line, numbers)
	}
	return values, nil
}

// begin waits until messages arrive.
func (l *load) begin(limit time.Duration) error {
	_, err := l.ask(0, "begin %d", limit/time.Second)
	return err
}

// rate sends as fast as messages arrive, and returns messages a second and how many there were in all.
func (l *load) rate(d time.Duration) (perSecond, all float64, err error) {
	values, err := l.ask(2, "rate %f %d", d.Seconds(), window)
	if err != nil {
		return 0, 0, err
	}
	return values[0], values[1], nil
}

// delay sends messages one by one, and returns the median and the 99th percentile of the times until they arrived.
func (l *load) delay(count int, interval time.Duration) (p50, p99 time.Duration, err error) {
	values, err := l.ask(2, "delay %d %d", count, interval.Microseconds())
	if err != nil {
		return 0, 0, err
	}
	us := func(v float64) time.Duration { return time.Duration(v * float64(time.Microsecond)) }
	return us(values[0]), us(values[1]), nil
}
