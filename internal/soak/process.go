package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// answerTime is how long a program may take to answer and to end.
	answerTime = 30 * time.Second
	// keptOutput is how much is kept of what a program writes to its standard error.
	keptOutput = 32 << 10
)

// process is a program that runs beside us. Its methods are for one goroutine at a time.
type process struct {
	name   string
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr tail
}

// start starts a program whose environment is env alone. It is killed when we die.
func start(ctx context.Context, name string, env []string, program string, args ...string) (*process, error) {
	p := &process{name: name, cmd: exec.CommandContext(ctx, program, args...)}
	p.cmd.Env = append([]string{"HOME=/nonexistent"}, env...)
	p.cmd.Stderr = &p.stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, e1 := p.cmd.StdinPipe()
	out, e2 := p.cmd.StdoutPipe()
	if err := errors.Join(e1, e2); err != nil {
		return nil, err
	}
	p.in, p.out = in, bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return p, nil
}

// ask has a party report into report, and returns the number of its goroutines.
func (p *process) ask(report any) (goroutines int, err error) {
	if _, err := io.WriteString(p.in, "\n"); err != nil {
		return 0, p.explain(err)
	}
	return p.read(report)
}

func (p *process) read(report any) (goroutines int, err error) {
	killer := time.AfterFunc(answerTime, func() { _ = p.cmd.Process.Kill() }) // fails when it has ended
	defer killer.Stop()
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return 0, p.explain(err)
	}
	t := told{Report: report}
	if err := json.Unmarshal(line, &t); err != nil {
		return 0, p.explain(err)
	}
	return t.Goroutines, nil
}

// stop ends the program, which must do so with status 0, and reads a party's last report; nil for daemons.
func (p *process) stop(report any) error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return p.explain(err)
	}
	var err error
	if report != nil {
		_, err = p.read(report)
	}
	return errors.Join(err, p.wait())
}

func (p *process) wait() error {
	killer := time.AfterFunc(answerTime, func() { _ = p.cmd.Process.Kill() }) // fails when it has ended
	defer killer.Stop()
	if _, err := io.Copy(io.Discard, p.out); err != nil {
		return p.explain(err)
	}
	if err := p.cmd.Wait(); err != nil {
		return p.explain(err)
	}
	return nil
}

// kill ends the program without a chance to tell anybody.
func (p *process) kill() error {
	if err := p.cmd.Process.Kill(); err != nil {
		return p.explain(err)
	}
	if err := p.cmd.Wait(); p.cmd.ProcessState == nil || p.cmd.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		return p.explain(err)
	}
	return nil
}

// explain adds to an error what the program has written.
func (p *process) explain(err error) error {
	return fmt.Errorf("%s: %w\n%s", p.name, err, p.stderr.String())
}

// resident is the memory that the program has, in bytes.
func (p *process) resident() (int64, error) {
	status, err := os.ReadFile(p.proc("status"))
	if err != nil {
		return 0, p.explain(err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return kb << 10, err
		}
	}
	return 0, p.explain(errors.New("it has ended"))
}

// descriptors is the number of open ones.
func (p *process) descriptors() (int, error) {
	open, err := os.ReadDir(p.proc("fd"))
	return len(open), err
}

func (p *process) proc(name string) string {
	return fmt.Sprintf("/proc/%d/%s", p.cmd.Process.Pid, name)
}

// tail keeps the end of what is written.
type tail struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text.Write(p)
	if over := t.text.Len() - keptOutput; over > 0 {
		t.text.Next(over)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}
