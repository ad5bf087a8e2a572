// Keeps a peer that resets its connection from ending the process.
//
// A libzmq engine that has no room for what came in stops reading: it takes EPOLLIN out of what its descriptor is watched for. Should the peer
// reset the connection then, epoll tells of that all the same, and the engine notes the error and goes on as soon as there is room. Up to 4.3.5, and
// in master in 2026, it then aborts the process (Assertion failed: !_io_error) where anything makes it write: a PING among what had come in,
// which anybody can send, or its own heartbeat, for which a publisher has to die while a program does not take its messages
// (libzmq issues 3937, 4364, 4767).
//
// So libzmq is not told: what is defined here stands before the functions of the C library, and does as they do but for descriptors of libzmq.
// Where one is watched for input, EPOLLIN tells of the end as well, and EPOLLERR and EPOLLHUP beside it are left out: libzmq would look twice, and the
// second look finds an engine that the first one has stopped. Where it is not, they are left out too, and a descriptor of which there is nothing else to tell is
// taken out of the set, as it would be told again without end, until libzmq asks for something else. When the engine has room it reads what is left,
// finds the error, and ends the connection as any other.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

// What tells that a connection has ended.
#define END ((uint32_t)(EPOLLERR | EPOLLHUP))

// Where the code of libzmq is: all others have what the C library does.
static uintptr_t code_begin, code_end;

static int find_code(struct dl_phdr_info *object, size_t size, void *symbol) {
	uintptr_t begin = 0, end = 0, at = (uintptr_t)symbol;
	int found = 0;
	(void)size;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &object->dlpi_phdr[i];
		uintptr_t from = object->dlpi_addr + p->p_vaddr, to = from + p->p_memsz;
		if (p->p_type != PT_LOAD)
			continue;
		if (begin == 0 || from < begin)
			begin = from;
		if (to > end)
			end = to;
		found |= from <= at && at < to;
	}
	if (found) {
		code_begin = begin;
		code_end = end;
	}
	return found;
}

static void find_libzmq(void) {
	void *symbol = dlsym(RTLD_DEFAULT, "zmq_ctx_new");
	if (symbol != NULL)
		dl_iterate_phdr(find_code, symbol);
}

static int is_libzmq(const void *caller) {
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, find_libzmq);
	return code_begin <= (uintptr_t)caller && (uintptr_t)caller < code_end;
}

// What libzmq watches a descriptor for.
typedef struct {
	int epfd;
	int out; // of the set, since there is nothing to tell but the end
	uint32_t events;
	epoll_data_t data;
} watch;

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static watch *watches; // by descriptor
static int room;

static int sys_ctl(int epfd, int op, int fd, struct epoll_event *event) {
	return (int)syscall(SYS_epoll_ctl, epfd, op, fd, event);
}

// Returns the watch of a descriptor, NULL where there is no memory for it: it is then told everything.
static watch *watch_of(int fd) {
	if (fd >= room) {
		int more = 2 * fd + 64;
		watch *grown = realloc(watches, (size_t)more * sizeof *grown);
		if (grown == NULL)
			return NULL;
		memset(grown + room, 0, (size_t)(more - room) * sizeof *grown);
		watches = grown;
		room = more;
	}
	return &watches[fd];
}

static int change(int epfd, int op, int fd, struct epoll_event *event) {
	watch *w = watch_of(fd);
	int rc;
	if (w == NULL)
		return sys_ctl(epfd, op, fd, event);
	if (op == EPOLL_CTL_DEL) {
		rc = w->out ? 0 : sys_ctl(epfd, op, fd, event);
		memset(w, 0, sizeof *w);
		return rc;
	}
	rc = sys_ctl(epfd, w->out && op == EPOLL_CTL_MOD ? EPOLL_CTL_ADD : op, fd, event);
	if (rc == 0)
		*w = (watch){.epfd = epfd, .events = event->events, .data = event->data};
	return rc;
}

int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event) {
	int rc;
	if (fd < 0 || !is_libzmq(__builtin_return_address(0)))
		return sys_ctl(epfd, op, fd, event);
	pthread_mutex_lock(&mu);
	rc = change(epfd, op, fd, event);
	pthread_mutex_unlock(&mu);
	return rc;
}

// Takes the end of the connection out of an event, unless it is watched for input. Returns whether anything is left.
static int hold_back(int epfd, struct epoll_event *event) {
	for (int fd = 0; fd < room; fd++) {
		watch *w = &watches[fd];
		if (w->epfd != epfd || w->data.u64 != event->data.u64 || w->out)
			continue;
		if (w->events & EPOLLIN)
			return 1;
		event->events &= ~END;
		if (event->events != 0)
			return 1;
		w->out = sys_ctl(epfd, EPOLL_CTL_DEL, fd, event) == 0;
		return 0;
	}
	return 1;
}

int epoll_wait(int epfd, struct epoll_event *events, int max, int timeout) {
	int kept = 0, n = (int)syscall(SYS_epoll_pwait, epfd, events, max, timeout, NULL, 8);
	if (n <= 0 || !is_libzmq(__builtin_return_address(0)))
		return n;
	for (int i = 0; i < n; i++) {
		int stays = 1;
		if (events[i].events & EPOLLIN) {
			events[i].events &= ~END;
		} else if (events[i].events & END) {
			pthread_mutex_lock(&mu);
			stays = hold_back(epfd, &events[i]);
			pthread_mutex_unlock(&mu);
		}
		if (stays)
			events[kept++] = events[i];
	}
	return kept; // 0 is what a time that is over returns, and libzmq looks after its timers then
}
