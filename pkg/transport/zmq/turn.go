package zmq

/*
#cgo noescape ptz_turn_send
#cgo nocallback ptz_turn_send
#cgo noescape ptz_turn_welcome
#cgo nocallback ptz_turn_welcome
#cgo noescape ptz_turn_fresh
#cgo nocallback ptz_turn_fresh
#include <errno.h>
#include <stdint.h>
#include <time.h>
#include <zmq.h>
#include "room.h"
#if defined(__x86_64__) || defined(__i386__)
#include <x86intrin.h>
#endif

// The clock by which libzmq takes in commands, the same since 4.2.5: zmq::clock_t::rdtsc (clock.cpp).
static uint64_t ptz_ticks(void) {
#if defined(__x86_64__) || defined(__i386__)
	return __rdtsc();
#elif defined(__s390__)
	uint64_t ticks;
	__asm__ volatile("stck %0" : "=Q"(ticks) : : "cc");
	return ticks;
#else
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
#endif
}

// libzmq's max_command_delay (config.hpp), and what is to be left of it for the calls that follow: in ticks.
enum { PTZ_DELAY = 3000000, PTZ_MARGIN = 200000 };

// Bounds of the time when the socket took in commands in zmq_send last, in ticks.
typedef struct {
	uint64_t lo, hi;
	int full; // a frame has met the full queue of a subscriber, and is lost for that one alone
} ptz_turn;

static int ptz_turn_drop(void *socket, int drop) {
	int nodrop = !drop;
	return zmq_setsockopt(socket, ZMQ_XPUB_NODROP, &nodrop, sizeof nodrop) == 0 ? 0 : zmq_errno();
}

static int ptz_turn_once(ptz_turn *t, void *socket, const void *data, size_t size) {
	int rc = 0, looked = 0, dropping = 0, again;
	while (rc == 0 && zmq_send(socket, data, size, ZMQ_DONTWAIT) < 0) {
		rc = zmq_errno();
		if (rc == EAGAIN && !looked) {
			looked = 1;
			ptz_process(socket);
			rc = 0;
		} else if (rc == EAGAIN && !dropping) {
			t->full = dropping = 1;
			rc = ptz_turn_drop(socket, 1);
		} else if (rc == EINTR) {
			rc = 0;
		}
	}
	if (dropping && (again = ptz_turn_drop(socket, 0)) != 0 && rc == 0)
		rc = again;
	return rc;
}

// Sends a frame and keeps t. idle is a frame for nobody.
static int ptz_turn_send(ptz_turn *t, void *socket, const void *data, size_t size, const void *idle, size_t idle_size) {
	uint64_t begin = ptz_ticks();
	int rc = ptz_turn_once(t, socket, data, size);
	uint64_t end = ptz_ticks();
	if (end - t->lo <= PTZ_DELAY)
		return rc; // it can't have been its turn
	if (idle_size == 0) {
		t->hi = end;
		return rc;
	}
	if (begin > t->hi && begin - t->hi > PTZ_DELAY) {
		t->lo = begin;
		t->hi = end;
		return rc;
	}
	// Maybe it was. If not it is at the next call, as soon as the time is over for certain.
	while ((end = ptz_ticks()) > t->hi && end - t->hi <= PTZ_DELAY)
		;
	if (ptz_turn_once(t, socket, idle, idle_size) == 0) {
		t->lo = begin;
		t->hi = ptz_ticks();
	}
	return rc;
}

// Makes sure that the calls of zmq_send in the next PTZ_MARGIN ticks take in no commands.
static int ptz_turn_fresh(ptz_turn *t, void *socket, const void *idle, size_t idle_size) {
	int rc = ptz_turn_send(t, socket, idle, idle_size, idle, idle_size);
	uint64_t now = ptz_ticks();
	if (rc != 0 || now - t->lo <= PTZ_DELAY - PTZ_MARGIN)
		return rc;
	while ((now = ptz_ticks()) > t->hi && now - t->hi <= PTZ_DELAY)
		;
	return ptz_turn_send(t, socket, idle, idle_size, idle, idle_size);
}
// Sends a frame to the current connection alone. Returns EAGAIN, and has sent nothing, when check is set and zmq_send could take in commands. A frame that meets a
// full queue is lost: sent again it would go to all.
static int ptz_turn_welcome(ptz_turn *t, void *socket, const void *data, size_t size, int check) {
	int on = 1, off = 0, rc = ptz_turn_drop(socket, 1), back;
	if (rc == 0 && zmq_setsockopt(socket, 98, &on, sizeof on) != 0) // ZMQ_XPUB_MANUAL_LAST_VALUE
		rc = zmq_errno();
	if (rc == 0 && check && ptz_ticks() - t->lo > PTZ_DELAY - PTZ_MARGIN / 4)
		rc = EAGAIN;
	while (rc == 0 && zmq_send(socket, data, size, ZMQ_DONTWAIT) < 0)
		rc = zmq_errno() == EINTR ? 0 : zmq_errno();
	// What is sent next must not go to one alone, whoever is the current one then.
	if (zmq_setsockopt(socket, 98, &off, sizeof off) != 0 || zmq_setsockopt(socket, ZMQ_XPUB_MANUAL, &on, sizeof on) != 0)
		return zmq_errno();
	back = ptz_turn_drop(socket, 0);
	return rc != 0 ? rc : back;
}
*/
import "C"

import (
	"syscall"
	"unsafe"
)

// turn keeps zmq_send from taking in what libzmq's I/O thread tells where that must not be. The call takes it in at most once in 3,000,000 ticks: of the
// processor's clock on x86, about a millisecond, and on s390, and elsewhere (arm64) of the monotonic one, three milliseconds. turn knows when it did so last, as long as
// every frame of the socket is sent through it, and can make it do so early.
type turn struct{ c C.ptz_turn }

// idleFrame is one that goes to nobody who speaks posttroll: it is not UTF-8.
var idleFrame = []byte{0xff}

// send sends a frame without waiting, and tells whether it has met the full queue of a subscriber. Where somebody might get the idle frame none is sent, and what fresh would promise is not known.
func (t *turn) send(socket unsafe.Pointer, frame []byte, idle bool) (full bool, err error) {
	t.c.full = 0
	e := syscall.Errno(C.ptz_turn_send(&t.c, socket, unsafe.Pointer(unsafe.SliceData(frame)), C.size_t(len(frame)),
		unsafe.Pointer(unsafe.SliceData(idleFrame)), idleSize(idle)))
	return t.c.full != 0, errnoCause(e)
}

// fresh makes sure that what is sent in the next microseconds, some sixty at least, takes nothing in.
func (t *turn) fresh(socket unsafe.Pointer) error {
	return errnoCause(syscall.Errno(C.ptz_turn_fresh(&t.c, socket, unsafe.Pointer(unsafe.SliceData(idleFrame)), idleSize(true))))
}

// welcome sends a frame to the current connection alone, or returns [syscall.EAGAIN] when that is not certain since fresh is too long ago. Where check is false it
// sends in any case.
func (t *turn) welcome(socket unsafe.Pointer, frame []byte, check bool) error {
	var c C.int
	if check {
		c = 1
	}
	return errnoCause(syscall.Errno(C.ptz_turn_welcome(&t.c, socket, unsafe.Pointer(unsafe.SliceData(frame)), C.size_t(len(frame)), c)))
}

func idleSize(idle bool) C.size_t {
	if !idle {
		return 0
	}
	return C.size_t(len(idleFrame))
}

func errnoCause(e syscall.Errno) error {
	if e == 0 {
		return nil
	}
	return cause(e)
}
