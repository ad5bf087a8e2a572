package interop

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// machine is a host of its own with nothing but a loopback interface: a network namespace, held by the thread that starts
// its processes.
type machine struct {
	dir  string
	jobs chan func()
	died chan *process // processes that ended before they were asked to
}

// newMachine makes a machine that lasts as long as the test.
func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{dir: t.TempDir(), jobs: make(chan func()), died: make(chan *process, 16)}
	ready := make(chan error)
	go m.serve(ready)
	if err := <-ready; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { close(m.jobs) })
	return m
}

// serve enters a new namespace with a thread that is never given back, and runs what is to run there.
func (m *machine) serve(ready chan<- error) {
	runtime.LockOSThread()
	err := unix.Unshare(unix.CLONE_NEWNET)
	for _, args := range [][]string{
		{"link", "set", "lo", "up"},
		// As on a real host there is an address that is not 127.0.0.1, and a route that multicast and the choice of the own address follow.
		{"address", "add", "192.0.2.1/24", "dev", "lo"},
		{"route", "add", "default", "via", "192.0.2.254", "dev", "lo"},
	} {
		if err != nil {
			break
		}
		if out, e := exec.Command("ip", args...).CombinedOutput(); e != nil {
			err = fmt.Errorf("ip %v: %w: %s", args, e, out)
		}
	}
	ready <- err
	for job := range m.jobs {
		job()
	}
}

// start starts a process on the machine. It dies with the machine at the latest.
func (m *machine) start(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Dir = m.dir
	cmd.Env = append(cmd.Env, "HOME="+m.dir, "PATH="+os.Getenv("PATH"), "PYTHONDONTWRITEBYTECODE=1")
	done := make(chan error)
	m.jobs <- func() { done <- cmd.Start() }
	return <-done
}
