package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// stopTime is how long a program may take to stop.
const stopTime = 10 * time.Second

// keptLines are the last lines of a program's log that are kept for the report of a failure.
const keptLines = 60

// process is a program that runs beside us.
type process struct {
	name  string
	cmd   *exec.Cmd
	stdin io.WriteCloser
	ended chan struct{} // closed when it has ended
	how   error         // how it ended; valid after ended

	mu     sync.Mutex // guards what is below
	logged int
	odd    string // the first line that does something to a terminal; empty: there was none
	last   []string
	file   io.Writer     // gets all of them; nil: none does
	ready  chan struct{} // closed when it says so
	isUp   bool
}

// command is what start starts.
type command struct {
	name string // of the process, for people
	args []string
	env  []string
	// ready is in the line of its log that says that it is up. Empty: it is at once.
	ready string
	// files is how many descriptors it may have. 0: as many as this program.
	files int
	// output gets each line of standard output; nil: they belong to the log.
	output func(line string)
	// reader is who reads the log.
	reader logReader
}

// logReader is what somebody who reads the log of a program does when it is ready.
type logReader int

const (
	goesOn logReader = iota
	stops            // and leaves the lines where they are
	leaves
)

// start starts a program and waits until it says that it is ready.
func (w *world) start(ctx context.Context, c command) (*process, error) {
	p := &process{name: c.name, cmd: w.command(c), ended: make(chan struct{}), ready: make(chan struct{})}
	p.cmd.Env = append(environment(), c.env...)
	p.cmd.Dir = w.dir
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stdin, err1 := p.cmd.StdinPipe()
	stdout, err2 := p.cmd.StdoutPipe()
	stderr, err3 := p.cmd.StderrPipe()
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	p.stdin = stdin
	if w.logs != "" {
		name := filepath.Join(w.logs, strings.ReplaceAll(c.name, " ", "_")+".log")
		if p.file, err1 = os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644); err1 != nil {
			return nil, err1
		}
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	w.processes = append(w.processes, p)
	note := func(line string) { p.note(line, c.ready) }
	output := c.output
	if output == nil {
		output = note
	}
	var read sync.WaitGroup
	read.Go(func() {
		readLines(stdout, func(line string) bool {
			output(line)
			return true
		})
	})
	read.Go(func() {
		readLines(stderr, func(line string) (more bool) {
			note(line)
			return c.reader == goesOn || !p.saidReady()
		})
		if c.reader == leaves {
			_ = stderr.Close() // the only thing that could fail is that it is closed
		}
	})
	go func() {
		read.Wait()
		p.how = p.cmd.Wait()
		close(p.ended)
	}()
	if c.ready == "" {
		return p, nil
	}
	select {
	case <-p.ready:
		return p, nil
	case <-p.ended:
		return nil, fmt.Errorf("%s: ended (%v) before it was ready:\n%s", p.name, p.how, p.tail(keptLines))
	case <-ctx.Done():
		return nil, fmt.Errorf("%s: not ready: %w", p.name, ctx.Err())
	}
}

func (w *world) command(c command) *exec.Cmd {
	program := filepath.Join(w.bin, c.args[0])
	if c.files == 0 {
		return exec.Command(program, c.args[1:]...)
	}
	return exec.Command("/bin/sh", append([]string{"-c", fmt.Sprintf(`ulimit -n %d && exec "$0" "$@"`, c.files), program}, c.args[1:]...)...)
}

// environment is that of this process, without settings of posttroll.
func environment() (env []string) {
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "POSTTROLL_") && !strings.HasPrefix(v, "PYTROLL_") {
			env = append(env, v)
		}
	}
	return env
}

// readLines reads until no more is wanted, or r ends, which it does with the program.
func readLines(r io.Reader, each func(string) (more bool)) {
	for lines := bufio.NewReader(r); ; {
		line, err := lines.ReadString('\n')
		if line != "" && !each(strings.TrimSuffix(line, "\n")) || err != nil {
			return
		}
	}
}

// note takes in a line of the log.
func (p *process) note(line, ready string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.logged++
	if p.odd == "" && strings.ContainsFunc(line, isControl) {
		p.odd = line
	}
	if p.file != nil {
		_, _ = fmt.Fprintln(p.file, line) // the log is there for people
	}
	p.last = append(p.last, line)
	if len(p.last) > keptLines {
		p.last = p.last[1:]
	}
	if !p.isUp && ready != "" && strings.Contains(line, ready) {
		p.isUp = true
		close(p.ready)
	}
}

// saidReady tells whether it has said that it is ready.
func (p *process) saidReady() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.isUp
}

// lines returns how many lines it has logged.
func (p *process) lines() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.logged
}

// oddLine is an error when a line of the log does something to a terminal.
func (p *process) oddLine() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.odd == "" {
		return nil
	}
	return fmt.Errorf("%s: logged control characters: %.300q", p.name, p.odd)
}

// tail returns the last n lines of its log.
func (p *process) tail(n int) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.last[max(0, len(p.last)-n):], "\n")
}

// runs returns an error when the program has ended.
func (p *process) runs() error {
	select {
	case <-p.ended:
		return fmt.Errorf("%s: ended: %v; its last words:\n%s", p.name, p.how, p.tail(keptLines))
	default:
		return nil
	}
}

// stop ends the program, as an operator does. One that does not end in time is an error.
func (p *process) stop() error {
	select {
	case <-p.ended:
		return nil // told already
	default:
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // fails when it has just ended
	_ = p.stdin.Close()                       // likewise
	select {
	case <-p.ended:
		return nil
	case <-time.After(stopTime):
		_ = p.cmd.Process.Kill() // likewise
		<-p.ended
		return fmt.Errorf("%s: had not stopped after %v", p.name, stopTime)
	}
}
