package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// The test binary is this program when the environment says so.
const (
	actVariable = "HOSTILE_TEST_ACT"
	actAsRunner = "runner"
)

func TestMain(m *testing.M) {
	if os.Getenv(actVariable) != actAsRunner {
		os.Exit(m.Run())
	}
	if err := run(context.Background(), os.Args[1:], os.Stdin, os.Stdout); err != nil {
		status, _ := errors.AsType[errStatus](err)
		os.Exit(int(status))
	}
	os.Exit(0)
}

// TestMeasured: what a tool is said to take is what it takes itself, not what its parent has, which the system counts in.
func TestMeasured(t *testing.T) {
	const fat, more, little = 400 << 20, 200 << 20, 150 << 20
	have, err := syscall.Mmap(-1, 0, fat, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE|syscall.MAP_POPULATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(have); err != nil {
			t.Error(err)
		}
	})
	for _, tt := range []struct {
		name, script string
		status       int
		min, max     int64
	}{
		{"little", "exit 3", 3, 1 << 20, little},
		{"much", "dd if=/dev/zero of=/dev/null bs=200M count=1 2>&1", 0, more, fat},
	} {
		cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", tt.script)
		cmd.Env = append(os.Environ(), actVariable+"="+actAsRunner)
		status, peak, err := measured(os.Args[0], cmd)
		if err != nil || status != tt.status || peak < tt.min || peak >= tt.max {
			t.Errorf("%s: got status %d, %.0f MB, %v, want status %d and %.0f to %.0f MB", tt.name, status, megabytes(peak), err,
				tt.status, megabytes(tt.min), megabytes(tt.max))
		}
	}
	// Why it is measured so. A system that has become better is no failure.
	cmd := exec.CommandContext(t.Context(), "/bin/true")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	t.Logf("started by us, who have %.0f MB, a program that takes none is told to have had %d MB", megabytes(fat), cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss>>10)
}

// TestMeasuredBadly: a program that is none, and one that leaves no figure, are errors.
func TestMeasuredBadly(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"/nonexistent/program"}, {"/bin/sh", "-c", "kill -9 $PPID"}} {
		cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
		cmd.Env = append(os.Environ(), actVariable+"="+actAsRunner)
		if status, peak, err := measured(os.Args[0], cmd); err == nil {
			t.Errorf("%q: got status %d, %d bytes, want an error", args, status, peak)
		}
	}
}

// badWriter takes nothing.
type badWriter struct{}

func (badWriter) Write([]byte) (int, error) { return 0, errFull }

var errFull = errors.New("full")

// What a tool says and nobody takes is an error, not a tool that says nothing.
func TestMeasuredUnheard(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", "echo x")
	cmd.Env = append(os.Environ(), actVariable+"="+actAsRunner)
	cmd.Stdout = badWriter{}
	if status, peak, err := measured(os.Args[0], cmd); !errors.Is(err, errFull) {
		t.Errorf("got status %d, %d bytes, %v, want %v", status, peak, err, errFull)
	}
}
