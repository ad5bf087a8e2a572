//go:build linux

// Package otherlib is another C library in a program that embeds package zmq, for tests: what that does to functions of the C library is none of its business.
package otherlib

/*
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void *serve(void *listener) {
	int fd = accept(*(int *)listener, NULL, NULL);
	if (fd >= 0)
		close(fd);
	return NULL;
}

// Cancels a thread that waits, or is about to wait, in accept. Returns 0 or an errno; ETIMEDOUT: it goes on.
static int cancel_accept(void) {
	static int listener; // what a thread that goes on refers to
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct timespec until;
	pthread_t thread;
	int rc;
	if ((listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0)
		return errno;
	if (bind(listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(listener, 1) != 0)
		rc = errno;
	else if ((rc = pthread_create(&thread, NULL, serve, &listener)) == 0) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += 10;
		pthread_cancel(thread);
		if ((rc = pthread_timedjoin_np(thread, NULL, &until)) == ETIMEDOUT) {
			shutdown(listener, SHUT_RDWR); // accept ends
			pthread_join(thread, NULL);
		}
	}
	close(listener);
	return rc;
}

// Returns what epoll gives back of data.
static uint64_t through_epoll(uint64_t data) {
	struct epoll_event e = {.events = EPOLLOUT, .data = {.u64 = data}}, got = {0};
	int set = epoll_create1(EPOLL_CLOEXEC), fd = eventfd(0, EFD_CLOEXEC);
	epoll_ctl(set, EPOLL_CTL_ADD, fd, &e);
	epoll_wait(set, &got, 1, 10000);
	close(fd);
	close(set);
	return got.data.u64;
}
*/
import "C"

import "syscall"

// CancelAccept cancels a thread that is in accept, as a library does that is shut down, and waits for its end.
func CancelAccept() error {
	if e := C.cancel_accept(); e != 0 {
		return syscall.Errno(e)
	}
	return nil
}

// ThroughEpoll returns what epoll gives back of the data of a descriptor.
func ThroughEpoll(data uint64) uint64 { return uint64(C.through_epoll(C.uint64_t(data))) }
