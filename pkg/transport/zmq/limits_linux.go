package zmq

/*
#include <stdlib.h>
#include "limits_linux.h"
*/
import "C"

import (
	"errors"
	"os"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sysLimits are the limits of limits_linux.c.
type sysLimits struct {
	c     *C.ptz_limits
	event *os.File // fires when a count has changed
}

func (s *sysLimits) open(most, mostOfSource int) error {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return err
	}
	s.event = os.NewFile(uintptr(fd), "limits")
	if s.c = C.ptz_limits_new(C.int(most), C.int(mostOfSource), C.int(fd)); s.c == nil {
		return errors.Join(errors.New("out of memory"), s.event.Close())
	}
	return nil
}

// enter makes the limits those of the pollers that this goroutine makes until leave.
func (s *sysLimits) enter() (leave func()) {
	runtime.LockOSThread()
	C.ptz_limits_enter(s.c)
	return func() {
		C.ptz_limits_enter(nil)
		runtime.UnlockOSThread()
	}
}

func (s *sysLimits) accepted() int { return int(C.ptz_limits_conns(s.c)) }

// busy says that nobody is to be let in at a port, or that they are again.
func (s *sysLimits) busy(port int, begins bool) {
	var b C.int
	if begins {
		b = 1
	}
	C.ptz_limits_busy(s.c, C.int(port), b)
}

func (s *sysLimits) count(cause int) uint64 { return uint64(C.ptz_limits_count(s.c, C.int(cause))) }

// last is the address that met a limit last; unspecified where it had none.
func (s *sysLimits) last(cause int) (addr [16]byte) {
	C.ptz_limits_last(s.c, C.int(cause), (*C.uchar)(unsafe.Pointer(&addr)))
	return addr
}

// follow calls tell when something was refused, at most every limitPause, and again when it says so, until shut.
func (s *sysLimits) follow(tell func(time.Time) time.Duration) {
	for next := time.Duration(0); ; {
		// What is refused in the pause is not told of by the event, but by the numbers behind it.
		if !s.await(next) || !s.await(limitPause) {
			return
		}
		C.ptz_limits_await(s.c)
		next = tell(time.Now())
	}
}

// await waits for the event, for d at most unless that is 0, and tells whether there may be more of them.
func (s *sysLimits) await(d time.Duration) bool {
	deadline := time.Time{}
	if d > 0 {
		deadline = time.Now().Add(d)
	}
	// The one possible error is that the file is closed, which Read tells too.
	_ = s.event.SetReadDeadline(deadline)
	_, err := s.event.Read(make([]byte, 8))
	return err == nil || errors.Is(err, os.ErrDeadlineExceeded)
}

// shut ends follow.
func (s *sysLimits) shut() error { return s.event.Close() }

// free frees what nobody uses any more.
func (s *sysLimits) free() {
	C.ptz_limits_free(s.c)
	s.c = nil
}
