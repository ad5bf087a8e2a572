package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// hosts are processes in the namespaces of hosts, by the names of these.
type hosts map[string]int

// command is one that runs.
type command struct {
	cmd    *exec.Cmd
	out    output
	cancel context.CancelFunc
	killed func() error // why it was, if it was
}

// output is what a command tells on both its outputs.
type output struct {
	began chan struct{} // closed with the first of it

	mu   sync.Mutex
	text bytes.Buffer
}

// Write adds to it.
func (o *output) Write(text []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.text.Len() == 0 && len(text) > 0 {
		close(o.began)
	}
	return o.text.Write(text)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// start starts a command on a host, as root with nothing in the environment.
func (h hosts) start(ctx context.Context, host, text string) (*command, error) {
	pid, ok := h[host]
	if !ok {
		return nil, fmt.Errorf("there is no host %q", host)
	}
	ctx, cancel := context.WithTimeout(ctx, commandTime)
	c := &command{out: output{began: make(chan struct{})}, cancel: cancel, killed: func() error { return context.Cause(ctx) }}
	c.cmd = exec.CommandContext(ctx, "nsenter", "--target", strconv.Itoa(pid), "--all", "--root", "--wd", "env", "-i",
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8", "SYSTEMD_PAGER=", "bash", "-c", text)
	c.cmd.Stdout, c.cmd.Stderr = &c.out, &c.out
	c.cmd.WaitDelay = time.Second // for what it has started and left behind
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := c.cmd.Start(); err != nil {
		c.cancel()
		return nil, err
	}
	return c, nil
}

// begin waits until the command has told something, as one at a keyboard would, or a while.
func (c *command) begin(ctx context.Context) {
	select {
	case <-c.out.began:
	case <-time.After(beginTime):
	case <-ctx.Done():
	}
}

// end waits until the command has ended, and returns the lines that it told. Its status is its own affair.
func (c *command) end() ([]string, error) {
	defer c.cancel()
	err := c.cmd.Wait()
	if _, status := errors.AsType[*exec.ExitError](err); status {
		err = nil
	}
	if killed := c.killed(); err == nil && killed != nil {
		err = fmt.Errorf("it does not end (%w), and has told:\n%s", killed, c.out.String())
	}
	var lines []string
	if text := strings.TrimRight(c.out.String(), "\n"); text != "" {
		for line := range strings.SplitSeq(text, "\n") {
			lines = append(lines, strings.TrimRight(line, " "))
		}
	}
	return lines, err
}

// walker takes one step after the other.
type walker struct {
	on     hosts
	beside map[string]*command // by host: that which runs in the background
}

// take runs the command of a step, and returns the lines that it told.
func (w *walker) take(ctx context.Context, s *step) ([]string, error) {
	if s.command == "wait" {
		c := w.beside[s.host]
		if c == nil {
			return nil, errors.New("nothing runs in the background there")
		}
		delete(w.beside, s.host)
		return c.end()
	}
	text, behind := strings.CutSuffix(s.command, " &")
	if behind && w.beside[s.host] != nil {
		return nil, errors.New("another one runs in the background there")
	}
	c, err := w.on.start(ctx, s.host, text)
	if err != nil {
		return nil, err
	}
	if !behind {
		return c.end()
	}
	w.beside[s.host] = c
	c.begin(ctx)
	return nil, nil
}

// end ends what still runs.
func (w *walker) end() {
	for _, c := range w.beside {
		c.cancel()
		_ = c.cmd.Wait() // it was killed
	}
}
