// See next_linux.h.

#define _GNU_SOURCE
#include "next_linux.h"

#include <dlfcn.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

// They are written before main, when there is one thread as a rule, and never after. Until then, for the constructors of libraries, and where there is nobody to ask,
// in a program without a dynamic linker, they are NULL, and the kernel is called.
static struct {
	int (*accept)(int, struct sockaddr *, socklen_t *);
	int (*accept4)(int, struct sockaddr *, socklen_t *, int);
	int (*close)(int);
	ssize_t (*recv)(int, void *, size_t, int);
	ssize_t (*send)(int, const void *, size_t, int);
	int (*epoll_ctl)(int, int, int, struct epoll_event *);
	int (*epoll_wait)(int, struct epoll_event *, int, int);
} next;

// Looks a function up, as POSIX has it for those: C knows no other way from an object to a function.
#define LOOK_UP(name) __atomic_store_n((void **)&next.name, dlsym(RTLD_NEXT, #name), __ATOMIC_RELAXED)

__attribute__((constructor)) static void find_next(void) {
	LOOK_UP(accept);
	LOOK_UP(accept4);
	LOOK_UP(close);
	LOOK_UP(recv);
	LOOK_UP(send);
	LOOK_UP(epoll_ctl);
	LOOK_UP(epoll_wait);
}

int ptz_next_accept(int listener, struct sockaddr *from, socklen_t *size) {
	if (next.accept != NULL)
		return next.accept(listener, from, size);
	return (int)syscall(SYS_accept4, listener, from, size, 0);
}

int ptz_next_accept4(int listener, struct sockaddr *from, socklen_t *size, int flags) {
	if (next.accept4 != NULL)
		return next.accept4(listener, from, size, flags);
	return (int)syscall(SYS_accept4, listener, from, size, flags);
}

int ptz_next_close(int fd) {
	if (next.close != NULL)
		return next.close(fd);
	return (int)syscall(SYS_close, fd);
}

ssize_t ptz_next_recv(int fd, void *data, size_t size, int flags) {
	if (next.recv != NULL)
		return next.recv(fd, data, size, flags);
	return recvfrom(fd, data, size, flags, NULL, NULL);
}

ssize_t ptz_next_send(int fd, const void *data, size_t size, int flags) {
	if (next.send != NULL)
		return next.send(fd, data, size, flags);
	return sendto(fd, data, size, flags, NULL, 0);
}

int ptz_next_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event) {
	if (next.epoll_ctl != NULL)
		return next.epoll_ctl(epfd, op, fd, event);
	return (int)syscall(SYS_epoll_ctl, epfd, op, fd, event);
}

int ptz_next_epoll_wait(int epfd, struct epoll_event *events, int max, int timeout) {
	if (next.epoll_wait != NULL)
		return next.epoll_wait(epfd, events, max, timeout);
	return epoll_pwait(epfd, events, max, timeout, NULL);
}
