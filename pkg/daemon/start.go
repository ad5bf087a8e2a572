package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	sd "github.com/coreos/go-systemd/v22/daemon"
)

// startedVariable tells a process that "-d start" made it: then nobody listens at its notify socket once it was ready.
const startedVariable = "PYTROLL_STARTED_IN_BACKGROUND"

// maxEarly bounds what is passed on of a process that did not start.
const maxEarly = 64 << 10

// startResult tells what start did.
type startResult struct {
	already bool // it ran before
	pid     int
}

// start makes the process and waits until it is ready.
func (b *background) start(ctx context.Context, args []string) (startResult, error) {
	pids, err := openPIDFile(b.path(".pid"))
	if err != nil {
		return startResult{}, err
	}
	defer pids.Close() // the process has it open too, and with it the lock
	free, err := pids.lock()
	if err != nil {
		return startResult{}, err
	}
	if !free {
		pid, _, err := pids.read()
		return startResult{already: true, pid: pid}, err
	}
	if err := pids.write(0); err != nil {
		return startResult{}, err
	}
	ready, err := listenReady(b.path(".start"))
	if err != nil {
		return startResult{}, err
	}
	defer ready.close()
	return b.spawn(ctx, args, pids, ready)
}

// spawn starts the process and waits for what it says. It is held by pids, the locked pid file, which it inherits.
func (b *background) spawn(ctx context.Context, args []string, pids pidFile, ready *readySocket) (startResult, error) {
	early, err := os.OpenFile(b.path(".stderr"), os.O_RDWR|os.O_CREATE|os.O_TRUNC|os.O_APPEND|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return startResult{}, fmt.Errorf("file of early errors: %w", err)
	}
	defer early.Close() // the process has it open too
	cmd, err := b.command(args, pids, early, ready.path)
	if err != nil {
		return startResult{}, err
	}
	if err := cmd.Start(); err != nil {
		return startResult{}, fmt.Errorf("start %s: %w", b.name, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }() // ends with the process, or with ours

	if err := pids.write(cmd.Process.Pid); err != nil {
		return startResult{}, errors.Join(err, cmd.Process.Kill())
	}
	err = b.await(ctx, ready, ended)
	switch exit, ok := errors.AsType[*exitError](err); {
	case err == nil:
		return startResult{pid: cmd.Process.Pid}, nil
	case ok:
		return startResult{}, b.failed(exit.err, early)
	}
	err = errors.Join(err, cmd.Process.Kill())
	<-ended
	return startResult{}, errors.Join(err, b.passOn(early))
}

// exitError says that the process has ended.
type exitError struct{ err error }

func (e *exitError) Error() string { return "ended" }

// await waits until the process is ready. It returns an [exitError] when it has ended, and else an error when it still runs.
func (b *background) await(ctx context.Context, ready *readySocket, ended <-chan error) error {
	timer := time.NewTimer(b.startLimit)
	defer timer.Stop()
	select {
	case err := <-ready.heard:
		return err
	case err := <-ended:
		return &exitError{err}
	case <-timer.C:
		return Hint(fmt.Errorf("%s was not ready within %s and was killed", b.name, b.startLimit), "its log may tell why")
	case <-ctx.Done():
		return fmt.Errorf("start %s: %w", b.name, context.Cause(ctx))
	}
}

// command is the process to be started: this program in a session of its own, without a terminal.
func (b *background) command(args []string, pids pidFile, early *os.File, socket string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.Command(self, args...)
	cmd.Args[0] = b.program
	cmd.Dir = "/" // it keeps no file system busy
	cmd.Stdout, cmd.Stderr = early, early
	cmd.ExtraFiles = []*os.File{pids.File}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	// What a service manager told us is not meant for the new process.
	cmd.Env = slices.DeleteFunc(slices.Clone(b.environ), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains([]string{"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID",
			"LISTEN_FDNAMES", "JOURNAL_STREAM", "INVOCATION_ID"}, name)
	})
	cmd.Env = append(cmd.Env, "NOTIFY_SOCKET="+socket, startedVariable+"=1")
	return cmd, nil
}

// failed ends the program as the process ended that did not become ready, after what that had to say.
func (b *background) failed(ended error, early *os.File) error {
	if err := b.passOn(early); err != nil {
		return err
	}
	exit, ok := errors.AsType[*exec.ExitError](ended)
	switch {
	case ended == nil:
		return fmt.Errorf("%s ended before it was ready", b.name)
	case ok && exit.Exited():
		return &StatusError{Status: exit.ExitCode(), Err: fmt.Errorf("%s did not start", b.name)}
	}
	return fmt.Errorf("%s did not start: %w", b.name, ended)
}

// passOn shows what the process has written to standard error.
func (b *background) passOn(early *os.File) error {
	text, err := io.ReadAll(io.NewSectionReader(early, 0, maxEarly))
	if err != nil {
		return fmt.Errorf("read early errors: %w", err)
	}
	return b.stderr(text)
}

// readySocket is where the new process says READY=1, by the protocol of systemd.
type readySocket struct {
	path  string
	conn  *net.UnixConn
	heard chan error // one value: nil for ready
}

// listenReady listens at path. Its directory is ours alone to write to.
func listenReady(path string) (*readySocket, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("start socket: %w", err)
	}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return nil, Hint(fmt.Errorf("start socket: %w", err),
			"a path of more than 107 bytes is too long for a socket: see RUNTIME_DIRECTORY or XDG_RUNTIME_DIR")
	}
	r := &readySocket{path: path, conn: conn, heard: make(chan error, 1)}
	go r.listen() // ends with close
	return r, nil
}

func (r *readySocket) listen() {
	buf := make([]byte, 4096)
	for {
		n, err := r.conn.Read(buf)
		if err != nil {
			r.heard <- err
			return
		}
		if slices.Contains(strings.Split(string(buf[:n]), "\n"), sd.SdNotifyReady) {
			r.heard <- nil
			return
		}
	}
}

func (r *readySocket) close() {
	// Both are gone with the process, and the next start clears what is left.
	_ = r.conn.Close()
	_ = os.Remove(r.path)
}
