package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// stopTime is how long a program may take to stop.
const stopTime = 5 * time.Second

// process is a program that runs beside us.
type process struct {
	cmd    *exec.Cmd
	in     io.Closer // its standard input; nil: nobody's
	stderr *output
	began  time.Time // just before it was started
}

// start starts a program. The environment is that of this process, without settings of posttroll.
func start(ctx context.Context, prepare func(*exec.Cmd), name string, args ...string) (*process, error) {
	p := &process{cmd: exec.CommandContext(ctx, name, args...), stderr: newOutput()}
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "POSTTROLL_") && !strings.HasPrefix(v, "PYTROLL_") {
			p.cmd.Env = append(p.cmd.Env, v)
		}
	}
	p.cmd.Stderr = p.stderr
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = stopTime
	if prepare != nil {
		prepare(p.cmd)
	}
	p.began = time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	return p, nil
}

// stop ends the program, which has to run until then.
func (p *process) stop() {
	// An error would be that it has ended, and that was seen by whoever talked to it.
	if p.in != nil {
		_ = p.in.Close()
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	killer := time.AfterFunc(stopTime, func() { _ = p.cmd.Process.Kill() })
	defer killer.Stop()
	_ = p.cmd.Wait()
}

// explain adds to an error what the program has written. The program has to have been stopped.
func (p *process) explain(err error) error {
	text := strings.TrimSpace(p.stderr.String())
	if text == "" {
		return err
	}
	return fmt.Errorf("%w\n%s", err, text)
}

// usage is what a process has used.
type usage struct {
	cpu    time.Duration // so far, in the program and for it in the kernel
	memory int64         // bytes, the most that it had at once since it was reset
}

// clockTick is the unit of times in /proc (USER_HZ), the same on all systems that Go runs on.
const clockTick = time.Second / 100

// usage reads what the program has used.
func (p *process) usage() (usage, error) {
	stat, err := os.ReadFile(p.proc("stat"))
	if err != nil {
		return usage{}, err
	}
	// The fields are counted from behind the name, which may hold anything.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	const userTime, systemTime = 11, 12
	var ticks int64
	for _, i := range []int{userTime, systemTime} {
		n, err := strconv.ParseInt(fields[i], 10, 64)
		if err != nil {
			return usage{}, err
		}
		ticks += n
	}
	memory, err := p.peak()
	return usage{time.Duration(ticks) * clockTick, memory}, err
}

// cpuOf is what several programs have used together.
func cpuOf(processes []*process) (time.Duration, error) {
	var sum time.Duration
	for _, p := range processes {
		u, err := p.usage()
		if err != nil {
			return 0, err
		}
		sum += u.cpu
	}
	return sum, nil
}

// peak reads the most memory that the program had.
func (p *process) peak() (int64, error) { return p.memoryOf("VmHWM:") }

// resident reads the memory that the program has.
func (p *process) resident() (int64, error) { return p.memoryOf("VmRSS:") }

func (p *process) memoryOf(key string) (int64, error) {
	status, err := os.ReadFile(p.proc("status"))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, key); ok {
			kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("no %s in /proc", key)
}

// wakeUps is how often threads of the program have gone to sleep.
func (p *process) wakeUps() (count int, err error) {
	threads, err := os.ReadDir(p.proc("task"))
	if err != nil {
		return 0, err
	}
	for _, t := range threads {
		status, err := os.ReadFile(filepath.Join(p.proc("task"), t.Name(), "status"))
		if err != nil {
			return 0, err
		}
		_, rest, _ := strings.Cut(string(status), "\nvoluntary_ctxt_switches:")
		var n int
		if _, err := fmt.Sscan(rest, &n); err != nil {
			return 0, fmt.Errorf("no voluntary_ctxt_switches in /proc: %w", err)
		}
		count += n
	}
	return count, nil
}

func (p *process) proc(name string) string {
	return fmt.Sprintf("/proc/%d/%s", p.cmd.Process.Pid, name)
}
