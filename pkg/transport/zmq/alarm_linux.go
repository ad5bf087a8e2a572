package zmq

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/pebbe/zmq4"
	"golang.org/x/sys/unix"
)

// canNap tells whether nap waits.
const canNap = true

// alarm wakes who waits for a socket: from sleep, in Go's network poller, or from a nap, see busy.
type alarm struct {
	*os.File     // an epoll descriptor with the signal descriptor in it, known to the poller
	signal   int // our duplicate of ZMQ_FD
}

func newAlarm(zs *zmq4.Socket) (*alarm, error) {
	signal, err := dupSignal(zs)
	if err != nil {
		return nil, err
	}
	set, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("poll the signal descriptor: %w", err), unix.Close(signal))
	}
	if err := unix.EpollCtl(set, unix.EPOLL_CTL_ADD, signal, &unix.EpollEvent{}); err != nil {
		return nil, errors.Join(fmt.Errorf("poll the signal descriptor: %w", err), unix.Close(set), unix.Close(signal))
	}
	file, err := pollable(set)
	if err != nil {
		return nil, errors.Join(err, unix.Close(signal))
	}
	return &alarm{File: file, signal: signal}, nil
}

// nap keeps a thread waiting until the signal may have fired, for so long at most, in steps of a millisecond.
func (a *alarm) nap(most time.Duration) {
	fds := []unix.PollFd{{Fd: int32(a.signal), Events: unix.POLLIN}}
	// Whatever it returns, the socket is looked at.
	_, _ = unix.Poll(fds, int(most.Milliseconds()))
}

// sleep is await with the poller looking at the signal descriptor; while nobody sleeps it does not.
func (a *alarm) sleep(ready func() bool) error {
	if err := a.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	conn, err := a.SyscallConn()
	if err != nil {
		return err
	}
	if err := a.watch(conn, unix.EPOLLIN); err != nil {
		return err
	}
	// What has come before is found by the first call of ready.
	err = conn.Read(func(uintptr) bool { return ready() })
	return errors.Join(err, a.watch(conn, 0))
}

// watch says what the poller is to look for.
func (a *alarm) watch(conn syscall.RawConn, events uint32) (err error) {
	e := conn.Control(func(set uintptr) {
		err = unix.EpollCtl(int(set), unix.EPOLL_CTL_MOD, a.signal, &unix.EpollEvent{Events: events})
	})
	return errors.Join(e, err)
}

// free frees what is left when the file is closed and nobody naps any more. It may be called twice.
func (a *alarm) free() error {
	if a == nil || a.signal < 0 {
		return nil
	}
	err := wrap("signal descriptor", unix.Close(a.signal))
	a.signal = -1
	return err
}
