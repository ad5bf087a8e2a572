// See limits_linux.h. Like epoll_linux.c this stands before functions of the C library, and does as they do but for libzmq, and there for the contexts that were made
// with limits alone: a program may have others of its own.
//
// A poller belongs to limits when it is made by a thread that has entered them, as that does which makes the first socket of a context; a descriptor, when such a
// poller begins to watch it. From then on, until libzmq closes it, it is known here. Only the thread of its poller receives from it, so that needs no lock.
//
// libzmq bounds the size of a frame but not of a message: what has come of one is kept until the last part is there, and counts in no queue. So the heads
// of frames are read here, in what goes by. What CURVE encrypts can't be read, but is from peers with an admitted key.

#define _GNU_SOURCE
#include "limits_linux.h"
#include "next_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// What may stand before the last part of a message: of ours that is the envelope of a request, of 16 frames of 255 bytes.
enum { MOST_PARTS = 64, MOST_PART_BYTES = 64 << 10 };

// Where the reading of a stream is: a greeting, and frames. Those of ZMTP 2 and 3 have flags, length and body (RFC 15, 23), those of ZMTP 1 length, flags and body,
// and their length counts the flags too (RFC 13).
enum phase { GREETING, BODY, FLAGS, LENGTH, FLAGS1, CUT };

typedef struct {
	ptz_limits *limits; // NULL: it is none of ours
	ptz_source *source; // NULL: not accepted, or without an address
	int accepted;
	int first; // it speaks ZMTP 1
	enum phase phase;
	unsigned char flags, left; // of the frame, and bytes of its length to come
	int greeted;               // bytes of the greeting
	uint64_t length;           // of the frame; in BODY what is left of it
	uint64_t part_bytes;
	int parts;
	ptz_outgoing out;
} conn;

// By descriptor, in blocks that are made when they are needed and never freed.
enum { BLOCK = 1024, BLOCKS = 4096 };
static conn *blocks[BLOCKS];

// As in a program, not in a library, so that the loader is not called for it: its name would become one of what packages depend on.
static __thread ptz_limits *entered __attribute__((tls_model("initial-exec")));

void ptz_limits_enter(ptz_limits *l) { entered = l; }

// Returns what is known of a descriptor; NULL: there is no room, or with make unset nothing.
static conn *conn_of(int fd, int make) {
	conn *block, *none = NULL;
	if (fd < 0 || fd >= BLOCK * BLOCKS)
		return NULL;
	block = __atomic_load_n(&blocks[fd / BLOCK], __ATOMIC_ACQUIRE);
	if (block == NULL && make && (block = calloc(BLOCK, sizeof *block)) != NULL &&
	    !__atomic_compare_exchange_n(&blocks[fd / BLOCK], &none, block, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		free(block);
		block = none;
	}
	return block == NULL ? NULL : &block[fd % BLOCK];
}

ptz_limits *ptz_limits_new(int most, int most_source, int event) {
	ptz_limits *l = calloc(1, sizeof *l);
	if (l == NULL)
		return NULL;
	l->most = most;
	l->most_source = most_source;
	l->event = event;
	l->quiet = 1;
	l->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pthread_mutex_init(&l->mu, NULL);
	return l;
}

void ptz_limits_free(ptz_limits *l) {
	for (int i = 0; i < PTZ_BUCKETS; i++)
		for (ptz_source *s = l->buckets[i], *next; s != NULL; s = next) {
			next = s->next;
			free(s);
		}
	if (l->spare >= 0)
		syscall(SYS_close, l->spare);
	pthread_mutex_destroy(&l->mu);
	free(l);
}

uint64_t ptz_limits_count(ptz_limits *l, int cause) { return __atomic_load_n(&l->counts[cause], __ATOMIC_RELAXED); }

void ptz_limits_last(ptz_limits *l, int cause, unsigned char addr[16]) {
	pthread_mutex_lock(&l->mu);
	memcpy(addr, l->last[cause], 16);
	pthread_mutex_unlock(&l->mu);
}

int ptz_limits_conns(ptz_limits *l) {
	pthread_mutex_lock(&l->mu);
	int n = l->conns;
	pthread_mutex_unlock(&l->mu);
	return n;
}

void ptz_limits_await(ptz_limits *l) { __atomic_store_n(&l->quiet, 1, __ATOMIC_SEQ_CST); }

// Counts what was refused. The caller holds mu.
static void count(ptz_limits *l, enum ptz_cause cause, const unsigned char addr[16]) {
	memcpy(l->last[cause], addr, 16);
	__atomic_add_fetch(&l->counts[cause], 1, __ATOMIC_SEQ_CST);
	if (l->event >= 0 && __atomic_exchange_n(&l->quiet, 0, __ATOMIC_SEQ_CST))
		eventfd_write(l->event, 1); // can't fail: it is read before it is written once more
}

// Reads the address of a peer as that of IPv6. Returns 0 where it has none, as over ipc.
static int address(const struct sockaddr_storage *from, unsigned char addr[16]) {
	memset(addr, 0, 16);
	switch (from->ss_family) {
	case AF_INET:
		addr[10] = addr[11] = 0xff;
		memcpy(addr + 12, &((const struct sockaddr_in *)from)->sin_addr, 4);
		return 1;
	case AF_INET6:
		memcpy(addr, &((const struct sockaddr_in6 *)from)->sin6_addr, 16);
		return 1;
	}
	return 0;
}

// How much of an address stands for its source: all of IPv4, and the network of IPv6, in which a host may take as many addresses as it likes.
static size_t significant(const unsigned char addr[16]) {
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	return memcmp(addr, mapped, sizeof mapped) == 0 ? 16 : 8;
}

// Returns where the source of an address stands, or is to stand.
static ptz_source **source_of(ptz_limits *l, const unsigned char addr[16]) {
	size_t n = significant(addr);
	uint32_t hash = 2166136261u;
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ addr[i]) * 16777619u;
	ptz_source **at = &l->buckets[hash % PTZ_BUCKETS];
	while (*at != NULL && (significant((*at)->addr) != n || memcmp((*at)->addr, addr, n) != 0))
		at = &(*at)->next;
	return at;
}

// Says why a connection is not to be taken; PTZ_CAUSES: it is. In the last quarter a source gets more only while it has less than what is free, so that several
// of them together don't take all either: what is left halves with each that comes. The caller holds mu.
static enum ptz_cause refusal(const ptz_limits *l, const ptz_source *s) {
	int held = s == NULL ? 0 : s->conns, sources = l->sources + (s == NULL);
	if (held >= l->most_source)
		return PTZ_SOURCE;
	if (l->conns >= l->most)
		return PTZ_FULL;
	if (l->conns >= l->most - l->most / 4 && sources > 1 && held >= l->most - l->conns)
		return PTZ_SOURCE;
	return PTZ_CAUSES;
}

// Enters a connection that was accepted. Returns PTZ_CAUSES, or why it is refused.
static enum ptz_cause admit(ptz_limits *l, conn *c, int listener, const struct sockaddr_storage *from) {
	unsigned char addr[16];
	ptz_source **at = NULL;
	int has = address(from, addr);
	enum ptz_cause why;
	pthread_mutex_lock(&l->mu);
	if (has)
		at = source_of(l, addr);
	why = ptz_limits_is_busy(l, listener) ? PTZ_BUSY : has ? refusal(l, *at) : l->conns >= l->most ? PTZ_FULL : PTZ_CAUSES;
	if (why == PTZ_CAUSES && has && *at == NULL) {
		if ((*at = calloc(1, sizeof **at)) == NULL) {
			why = PTZ_FULL;
		} else {
			memcpy((*at)->addr, addr, 16);
			l->sources++;
		}
	}
	if (why == PTZ_CAUSES) {
		memset(c, 0, sizeof *c);
		c->limits = l;
		c->accepted = 1;
		ptz_outgoing_begin(&c->out);
		c->source = has ? *at : NULL;
		l->conns++;
		if (has)
			(*at)->conns++;
	} else {
		count(l, why, addr);
	}
	pthread_mutex_unlock(&l->mu);
	return why;
}

// Takes out what is closed.
static void leave(conn *c) {
	ptz_limits *l = c->limits;
	if (l != NULL && c->accepted) {
		pthread_mutex_lock(&l->mu);
		l->conns--;
		if (c->source != NULL && --c->source->conns == 0) {
			ptz_source **at = source_of(l, c->source->addr);
			*at = c->source->next;
			free(c->source);
			l->sources--;
		}
		pthread_mutex_unlock(&l->mu);
	}
	memset(c, 0, sizeof *c);
}

// Waits a moment where libzmq would ask again at once and have the same answer.
static void rest(void) {
	struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
	nanosleep(&pause, NULL);
}

// Refuses a connection for which there is no descriptor: else it would wait for one, and libzmq would ask for it without end.
static void shed(ptz_limits *l, int listener) {
	struct sockaddr_storage from;
	socklen_t size = sizeof from;
	unsigned char addr[16] = {0};
	int fd = -1;
	memset(&from, 0, sizeof from);
	pthread_mutex_lock(&l->mu);
	if (l->spare >= 0) {
		syscall(SYS_close, l->spare);
		fd = (int)syscall(SYS_accept4, listener, &from, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0)
			syscall(SYS_close, fd);
	}
	l->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		address(&from, addr);
		count(l, PTZ_FILES, addr);
	}
	pthread_mutex_unlock(&l->mu);
	if (fd < 0) // somebody else has taken the spare one
		rest();
}

// Deals with an error of accept, and returns what libzmq is told instead. It ends the process for all but EAGAIN, EINTR, ECONNABORTED, EPROTO and ENFILE, over tcp
// also ENOBUFS, ENOMEM and EMFILE (ipc_listener.cpp, tcp_listener.cpp).
static int passed_over(ptz_limits *l, int listener, int error) {
	switch (error) {
	case EMFILE:
	case ENFILE:
		shed(l, listener);
		return ECONNABORTED;
	case ENOBUFS:
	case ENOMEM:
	case EPERM: // a firewall or a security module forbids it
	case EACCES:
		rest(); // the connection may be where it was
		return ECONNABORTED;
	case ENETDOWN: // and what else accept(2) has about the connection that was to be accepted
	case ENOPROTOOPT:
	case EHOSTDOWN:
	case ENONET:
	case ENOSR:
	case EHOSTUNREACH:
	case EOPNOTSUPP:
	case EPROTONOSUPPORT:
	case ESOCKTNOSUPPORT:
	case ENETUNREACH:
	case ETIMEDOUT:
	case ECONNRESET:
		return ECONNABORTED;
	}
	return error;
}

// Sees to it that there is a spare descriptor, which another thread of the process may have taken while it was given up. Where there is no other one it is that of the
// connection that was just accepted: else those that wait would take each one that becomes free, and nobody would refuse them. Returns whether the connection is left.
static int restock(ptz_limits *l, int fd, const struct sockaddr_storage *from) {
	unsigned char addr[16];
	int left = 1;
	pthread_mutex_lock(&l->mu);
	if (l->spare < 0 && (l->spare = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0) {
		syscall(SYS_close, fd);
		l->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
		address(from, addr);
		count(l, PTZ_FILES, addr);
		left = 0;
	}
	pthread_mutex_unlock(&l->mu);
	return left;
}

// Accepts for libzmq. What it returns besides a descriptor is -1 and an error that libzmq passes over.
static int accept_limited(ptz_limits *l, int listener, struct sockaddr *out, socklen_t *out_size, int flags) {
	struct sockaddr_storage from;
	socklen_t size = sizeof from;
	conn *c;
	enum ptz_cause why;
	int fd;
	memset(&from, 0, sizeof from);
	fd = ptz_next_accept4(listener, (struct sockaddr *)&from, &size, flags);
	if (fd < 0) {
		errno = passed_over(l, listener, errno);
		return -1;
	}
	if (!restock(l, fd, &from)) {
		errno = ECONNABORTED;
		return -1;
	}
	c = conn_of(fd, 1);
	why = c == NULL ? PTZ_FULL : admit(l, c, listener, &from);
	if (why != PTZ_CAUSES) {
		syscall(SYS_close, fd);
		errno = ECONNABORTED;
		return -1;
	}
	if (out != NULL && out_size != NULL) {
		memcpy(out, &from, *out_size < size ? *out_size : size);
		*out_size = size;
	}
	return fd;
}

// The limits of a listener, where it is one of libzmq's and has some.
static ptz_limits *limits_of(int listener, const void *caller) {
	conn *c = ptz_is_libzmq(caller) ? conn_of(listener, 0) : NULL;
	return c == NULL ? NULL : c->limits;
}

int accept(int listener, struct sockaddr *from, socklen_t *size) {
	ptz_limits *l = limits_of(listener, __builtin_return_address(0));
	return l == NULL ? ptz_next_accept(listener, from, size) : accept_limited(l, listener, from, size, 0);
}

int accept4(int listener, struct sockaddr *from, socklen_t *size, int flags) {
	ptz_limits *l = limits_of(listener, __builtin_return_address(0));
	return l == NULL ? ptz_next_accept4(listener, from, size, flags) : accept_limited(l, listener, from, size, flags);
}

int close(int fd) {
	conn *c = ptz_is_libzmq(__builtin_return_address(0)) ? conn_of(fd, 0) : NULL;
	if (c != NULL)
		leave(c);
	return ptz_next_close(fd);
}

ptz_outgoing *ptz_limits_outgoing(int fd) {
	conn *c = conn_of(fd, 0);
	return c != NULL && c->accepted ? &c->out : NULL;
}

void ptz_limits_watched(int epfd, int fd) {
	conn *poller = conn_of(epfd, 1), *c;
	if (poller == NULL)
		return;
	if (poller->limits == NULL)
		poller->limits = entered;
	if (poller->limits == NULL || (c = conn_of(fd, 1)) == NULL || c->limits != NULL)
		return;
	c->limits = poller->limits;
}

// Takes in one byte of a greeting. Returns whether it may be one of a peer of ours: of ZMTP 3, and where we have connected of an older one.
static int greet(conn *c, unsigned char b) {
	int at = c->greeted++;
	if (at == 0 && b != 0xff) { // a short frame of ZMTP 1
		c->first = 1;
		c->length = b;
		c->phase = FLAGS1;
		return !c->accepted;
	}
	if (at > 0 && at < 9)
		c->length = c->length << 8 | b;
	if (at == 9 && !(b & 1)) { // a long one
		c->first = 1;
		c->phase = BODY;
		c->length = c->length > 0 ? c->length - 1 : 0;
		return !c->accepted;
	}
	if (at == 10) {
		c->phase = BODY;
		c->length = b > 1 ? 64 - 11 : 1; // before ZMTP 3 the kind of socket follows, and then frames
		c->first = b == 0;
		return b > 1 || !c->accepted;
	}
	return 1;
}

// Takes in the head of a frame. Returns whether the message may have it. What a command carries is no part of a message, as a rule: it ends none.
static int begin(conn *c) {
	c->phase = c->length > 0 ? BODY : FLAGS;
	if (c->flags & 1) {
		c->part_bytes += c->length;
		return ++c->parts <= MOST_PARTS && c->length <= MOST_PART_BYTES && c->part_bytes <= MOST_PART_BYTES;
	}
	if (!(c->flags & 4))
		c->parts = 0, c->part_bytes = 0;
	return 1;
}

// Reads what has come. Returns why the connection is to be cut, or PTZ_CAUSES.
static enum ptz_cause follow(conn *c, const unsigned char *data, size_t n) {
	for (const unsigned char *end = data + n; data < end;) {
		switch (c->phase) {
		case GREETING:
			if (!greet(c, *data++))
				return PTZ_OLD;
			break;
		case BODY: {
			uint64_t step = (uint64_t)(end - data) < c->length ? (uint64_t)(end - data) : c->length;
			data += step;
			if ((c->length -= step) == 0)
				c->phase = FLAGS;
			break;
		}
		case FLAGS:
			c->phase = LENGTH;
			c->length = 0;
			if (c->first) {
				c->left = 8;
				if (*data != 0xff)
					c->phase = FLAGS1, c->length = *data;
				data++;
				break;
			}
			c->flags = *data++;
			c->left = c->flags & 2 ? 8 : 1;
			if (c->left == 8 && end - data >= 8) { // all of it, as mostly
				c->length = ptz_length(data);
				data += 8;
				if (!begin(c))
					return PTZ_PARTS;
			}
			break;
		case LENGTH:
			c->length = c->length << 8 | *data++;
			if (--c->left > 0)
				break;
			if (c->first)
				c->phase = FLAGS1;
			else if (!begin(c))
				return PTZ_PARTS;
			break;
		case FLAGS1:
			c->flags = *data++ & 1;
			c->length = c->length > 0 ? c->length - 1 : 0; // without flags it is no frame, and libzmq ends the connection
			if (!begin(c))
				return PTZ_PARTS;
			break;
		case CUT:
			return PTZ_CAUSES;
		}
	}
	return PTZ_CAUSES;
}

static void cut(conn *c, int fd, enum ptz_cause why) {
	struct sockaddr_storage peer;
	socklen_t size = sizeof peer;
	unsigned char addr[16];
	memset(&peer, 0, sizeof peer);
	if (getpeername(fd, (struct sockaddr *)&peer, &size) != 0)
		memset(&peer, 0, sizeof peer);
	address(&peer, addr);
	c->phase = CUT;
	pthread_mutex_lock(&c->limits->mu);
	count(c->limits, why, addr);
	pthread_mutex_unlock(&c->limits->mu);
}

ssize_t recv(int fd, void *data, size_t size, int flags) {
	ssize_t n = ptz_next_recv(fd, data, size, flags);
	conn *c;
	enum ptz_cause why;
	if (n <= 0 || flags & MSG_PEEK || !ptz_is_libzmq(__builtin_return_address(0)) || (c = conn_of(fd, 0)) == NULL || c->limits == NULL)
		return n;
	if (c->phase != CUT && (why = follow(c, data, (size_t)n)) != PTZ_CAUSES)
		cut(c, fd, why);
	return c->phase == CUT ? 0 : n; // 0 is what the end of a connection returns
}
