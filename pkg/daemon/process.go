package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// process is a process that need not be a child of ours, held by a descriptor that never means another one (pidfd_open(2)).
type process struct {
	pid int
	fd  *os.File
}

func openProcess(pid int) (*process, error) {
	fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("open process %d: %w", pid, err)
	}
	return &process{pid, os.NewFile(uintptr(fd), "pidfd")}, nil
}

func (p *process) close() {
	// A descriptor that was only polled has nothing to lose.
	_ = p.fd.Close()
}

// signal sends sig; a process that has ended meanwhile is no error.
func (p *process) signal(sig unix.Signal) error {
	raw, err := p.fd.SyscallConn()
	if err != nil {
		return err
	}
	var sent error
	err = raw.Control(func(fd uintptr) { sent = unix.PidfdSendSignal(int(fd), sig, nil, 0) })
	if errors.Is(sent, unix.ESRCH) {
		return nil
	}
	if err = errors.Join(err, sent); err != nil {
		return fmt.Errorf("signal pid %d: %w", p.pid, err)
	}
	return nil
}

// wait waits for the end of the process, for limit at most, which is [os.ErrDeadlineExceeded].
func (p *process) wait(ctx context.Context, limit time.Duration) error {
	raw, err := p.fd.SyscallConn()
	if err != nil {
		return err
	}
	if err := p.fd.SetReadDeadline(time.Now().Add(limit)); err != nil {
		return fmt.Errorf("wait for pid %d: %w", p.pid, err)
	}
	// A past deadline releases the read below; setting one can't fail where it just did not.
	release := context.AfterFunc(ctx, func() { _ = p.fd.SetReadDeadline(time.Unix(1, 0)) })
	defer release()
	var polled error
	err = raw.Read(func(fd uintptr) bool {
		// The descriptor becomes readable when the process has ended.
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, 0)
		if err != nil && !errors.Is(err, unix.EINTR) {
			polled = err
			return true
		}
		return n > 0
	})
	if ctx.Err() != nil {
		return fmt.Errorf("wait for pid %d: %w", p.pid, context.Cause(ctx))
	}
	return errors.Join(err, polled)
}
