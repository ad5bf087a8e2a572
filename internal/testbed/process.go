package testbed

import (
	"bufio"
	"io"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Process is a running program whose output is watched. It is killed at the end of the test.
type Process struct {
	Cmd *exec.Cmd

	t     testing.TB
	name  string
	ended chan struct{} // closed when the program has ended and its output was read
	err   error         // how it ended; valid after ended

	mu    sync.Mutex // guards what is below
	lines []string
	grown chan struct{} // closed when lines grows
}

// Start starts cmd. Both its outputs are watched, together, line by line; the test's log shows them when it fails.
func Start(t testing.TB, cmd *exec.Cmd) *Process {
	t.Helper()
	p := &Process{Cmd: cmd, t: t, name: strings.Join(cmd.Args, " "), ended: make(chan struct{}), grown: make(chan struct{})}
	reader, writer := io.Pipe()
	cmd.Stdout, cmd.Stderr = writer, writer
	cmd.WaitDelay = Patience // for children that keep the outputs open
	dieWithTest(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", p.name, err)
	}
	var read sync.WaitGroup
	read.Go(func() { p.read(reader) })
	go func() {
		p.err = cmd.Wait()
		_ = writer.Close() // never fails
		read.Wait()
		close(p.ended)
	}()
	t.Cleanup(p.stop)
	return p
}

// stop kills the program if it still runs.
func (p *Process) stop() {
	_ = p.Cmd.Process.Kill() // fails when it has ended
	<-p.ended
	if p.t.Failed() {
		p.t.Logf("output of %s:\n%s", p.name, strings.Join(p.Lines(), "\n"))
	}
}

func (p *Process) read(r io.Reader) {
	for lines := bufio.NewReader(r); ; {
		line, err := lines.ReadString('\n')
		if line != "" {
			p.add(strings.TrimSuffix(line, "\n"))
		}
		if err != nil {
			return
		}
	}
}

func (p *Process) add(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines = append(p.lines, line)
	close(p.grown)
	p.grown = make(chan struct{})
}

// Lines returns what the program has written so far.
func (p *Process) Lines() []string {
	lines, _ := p.seen()
	return lines
}

func (p *Process) seen() ([]string, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lines[:len(p.lines):len(p.lines)], p.grown
}

// WaitLine waits for a line, from number from on (0 is the first), that contains all of parts. It returns the line and the number of
// the one behind it, to go on from.
func (p *Process) WaitLine(from int, parts ...string) (line string, next int) {
	p.t.Helper()
	deadline := time.After(Patience)
	for over := false; ; {
		lines, grown := p.seen()
		for ; from < len(lines); from++ {
			if containsAll(lines[from], parts) {
				return lines[from], from + 1
			}
		}
		if over {
			p.t.Fatalf("%s ended (%v) without a line with %q", p.name, p.err, parts)
		}
		select {
		case <-grown:
		case <-p.ended:
			over = true
		case <-deadline:
			p.t.Fatalf("waited %s for a line with %q from %s", Patience, parts, p.name)
		}
	}
}

func containsAll(line string, parts []string) bool {
	for _, part := range parts {
		if !strings.Contains(line, part) {
			return false
		}
	}
	return true
}

// Wait waits until the program ends by itself and returns its exit status.
func (p *Process) Wait() int {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(Patience):
		p.t.Fatalf("%s did not end within %s", p.name, Patience)
	}
	return p.Cmd.ProcessState.ExitCode()
}

// dieWithTest kills the program when the test's process dies, also when that had no time to clean up.
func dieWithTest(cmd *exec.Cmd) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
}
