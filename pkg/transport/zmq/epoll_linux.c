// Keeps a peer that resets its connection from ending the process.
//
// A libzmq engine that has no room for what came in stops reading: it takes EPOLLIN out of what its descriptor is watched for. Should the peer
// reset the connection then, epoll tells of that all the same, and the engine notes the error and goes on as soon as there is room. Up to 4.3.5, and
// in master in 2026, it then aborts the process (Assertion failed: !_io_error) where anything makes it write: a PING among what had come in,
// which anybody can send, or its own heartbeat, for which a publisher has to die while a program does not take its messages
// (libzmq issues 3937, 4364, 4767).
//
// So libzmq is not told: what is defined here stands before the functions of the C library, and does as they do but for calls that come from
// libzmq. To these the end of a connection, EPOLLERR and EPOLLHUP, is
//
//	EPOLLIN where input is watched for: reading finds the error, and the engine ends. libzmq alone would look twice, once for the end and once for the
//	input, and the second look would find an engine that the first one has stopped.
//	EPOLLOUT where output alone is: writing finds the error, and a connection that is being made has failed.
//	nothing where neither is. When the engine has room it watches for input again, and is told.
//
// Nothing is remembered here, so that there is nothing to lock, to grow or to be wrong about when a descriptor is used again. What is to be known when an event
// comes stands in what the kernel gives back with it, which from libzmq is a pointer: its lowest bit is set where output alone is watched for, and it is another one,
// nothing_watched, where nothing is. As epoll tells of the end without being asked, again and again, such a descriptor is watched with EPOLLONESHOT: it
// is told once, and then no more until libzmq asks for something.

#define _GNU_SOURCE
#include "limits_linux.h"
#include "next_linux.h"

#include <link.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <zmq.h>

// What tells that a connection has ended.
#define END ((uint32_t)(EPOLLERR | EPOLLHUP))

#define OUT_ALONE ((uintptr_t)1)

static uintptr_t nothing_watched;

// Where the code of libzmq is, or nowhere: all others have what the C library does. It is written before main and never after.
static uintptr_t code_begin, code_end;

// Whether libzmq has called.
static int called;

static int find_code(struct dl_phdr_info *object, size_t size, void *function) {
	uintptr_t begin = UINTPTR_MAX, end = 0, at = (uintptr_t)function, here = (uintptr_t)find_code;
	int found = 0, ours = 0;
	(void)size;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &object->dlpi_phdr[i];
		uintptr_t from = object->dlpi_addr + p->p_vaddr, to = from + p->p_memsz;
		if (p->p_type != PT_LOAD)
			continue;
		if (from < begin)
			begin = from;
		if (to > end)
			end = to;
		found |= from <= at && at < to;
		ours |= from <= here && here < to;
	}
	// Linked statically libzmq can't be told from the rest of the program, which must not be taken for it: so nothing is done for it either.
	if (found && !ours) {
		code_begin = begin;
		code_end = end;
	}
	return found;
}

// Before main there is one thread. Later the lock of the dynamic linker could be held by one that waits for us.
__attribute__((constructor)) static void find_libzmq(void) {
	dl_iterate_phdr(find_code, (void *)(uintptr_t)zmq_ctx_new);
}

int ptz_is_libzmq(const void *caller) {
	return code_begin <= (uintptr_t)caller && (uintptr_t)caller < code_end;
}

// Tells whether libzmq has called what is here. It has not where it was linked past it, by a program that loads this package at
// run time; where it is linked statically; and where it was built to poll in another way.
int ptz_stands_before_epoll(void) { return __atomic_load_n(&called, __ATOMIC_RELAXED); }

int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event) {
	struct epoll_event marked;
	if (!ptz_is_libzmq(__builtin_return_address(0)))
		return ptz_next_epoll_ctl(epfd, op, fd, event);
	__atomic_store_n(&called, 1, __ATOMIC_RELAXED);
	if (op == EPOLL_CTL_ADD)
		ptz_limits_watched(epfd, fd);
	if (op == EPOLL_CTL_DEL || event == NULL || event->events & EPOLLIN)
		return ptz_next_epoll_ctl(epfd, op, fd, event);
	marked = *event;
	if (event->events & EPOLLOUT) {
		marked.data.ptr = (void *)((uintptr_t)event->data.ptr | OUT_ALONE);
	} else {
		marked.events |= EPOLLONESHOT;
		marked.data.ptr = &nothing_watched;
	}
	return ptz_next_epoll_ctl(epfd, op, fd, &marked);
}

// Makes of an event what libzmq is to know. Returns whether that is anything.
static int tell(struct epoll_event *event) {
	uintptr_t data = (uintptr_t)event->data.ptr;
	uint32_t instead = data & OUT_ALONE ? EPOLLOUT : EPOLLIN;
	if (event->data.ptr == &nothing_watched)
		return 0;
	event->data.ptr = (void *)(data & ~OUT_ALONE);
	if (event->events & END)
		event->events = (event->events & ~END) | instead;
	return 1;
}

int epoll_wait(int epfd, struct epoll_event *events, int max, int timeout) {
	int told = 0, n = ptz_next_epoll_wait(epfd, events, max, timeout);
	if (n <= 0 || !ptz_is_libzmq(__builtin_return_address(0)))
		return n;
	for (int i = 0; i < n; i++)
		if (tell(&events[i]))
			events[told++] = events[i];
	return told; // 0 is what a time that is over returns, and libzmq looks after its timers then
}
