// ask: clients that ask one question again and again, each as soon as it has its answer. They speak ZMTP 3.0 themselves, over plain sockets, so that
// they cost as little as can be and are not what is measured.
//
// Usage: ask PORT CLIENTS REQUEST
//
// REQUEST is a file with the question as it goes over the wire. A line "rate SECONDS" on standard input makes all of them ask for so long, after a quarter of the
// time as a start. It is answered with answers a second, all answers, p50, p99 and the longest of the times from a question to its answer in µs, and the size of the last
// answer.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CLIENTS = 1000, GREETING = 64, MAX_TIMES = 1 << 22, STALL = 10000 };
enum { MORE = 1, LONG = 2, COMMAND = 4 };

// A client reads frames: a byte of flags, a size of one or eight bytes, and so many bytes.
struct client {
	int fd;
	uint8_t head[9];
	int have;       // of head
	uint64_t left;  // of the body of a frame
	uint64_t size;  // of it
	int asked;
	uint64_t at; // when it asked, ns
};

static struct client clients[MAX_CLIENTS];
static int client_count, waiting;
static uint8_t *request;
static size_t request_size;
static uint32_t *times;
static uint64_t answers, timed, last_size;

static void die(const char *format, ...) {
	va_list args;
	va_start(args, format);
	fputs("ask: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	exit(1);
}

static uint64_t now_ns(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void write_all(int fd, const void *data, size_t n) {
	if (write(fd, data, n) != (ssize_t)n)
		die("write: %s", strerror(errno));
}

static void read_all(int fd, void *data, size_t n) {
	for (size_t got = 0; got < n;) {
		ssize_t r = read(fd, (char *)data + got, n - got);
		if (r <= 0)
			die("read: %s", r == 0 ? "closed" : strerror(errno));
		got += r;
	}
}

static void open_client(struct client *c, int port) {
	static const uint8_t ready[] = "\4\31\5READY\13Socket-Type\0\0\0\3REQ";
	uint8_t greeting[GREETING] = {[0] = 0xff, [9] = 0x7f, [10] = 3, [12] = 'N', 'U', 'L', 'L'}, theirs[256];
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int on = 1;
	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof to) < 0)
		die("connect: %s", strerror(errno));
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	write_all(c->fd, greeting, sizeof greeting);
	read_all(c->fd, theirs, GREETING);
	write_all(c->fd, ready, sizeof ready - 1);
	read_all(c->fd, theirs, 2);
	if (theirs[0] != COMMAND)
		die("no READY");
	read_all(c->fd, theirs, theirs[1]);
}

static void ask(struct client *c) {
	c->at = now_ns();
	c->asked = 1;
	waiting++;
	write_all(c->fd, request, request_size);
}

static void answered(struct client *c) {
	answers++;
	last_size = c->size;
	c->asked = 0;
	waiting--;
	if (timed < MAX_TIMES)
		times[timed++] = now_ns() - c->at;
}

// take takes in what has arrived, and tells whether that was the end of an answer.
static int take(struct client *c, const uint8_t *data, size_t n) {
	int done = 0;
	while (n > 0) {
		int want = c->have == 0 || !(c->head[0] & LONG) ? 2 : 9;
		if (c->have < want) {
			c->head[c->have++] = *data++;
			n--;
			if (c->have < (c->head[0] & LONG ? 9 : 2))
				continue;
			c->size = c->head[1];
			for (int i = 2; i < c->have; i++)
				c->size = c->size << 8 | c->head[i];
			c->left = c->size;
		} else {
			size_t k = n < c->left ? n : c->left;
			data += k, n -= k, c->left -= k;
		}
		if (c->left > 0)
			continue;
		c->have = 0;
		if (!(c->head[0] & (MORE | COMMAND))) {
			answered(c);
			done = 1;
		}
	}
	return done;
}

static int by_size(const void *a, const void *b) {
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

static void rate(int poll, double seconds) {
	static uint8_t buffer[1 << 18];
	struct epoll_event ready[MAX_CLIENTS];
	uint64_t begun = now_ns(), from = begun + seconds * 0.25e9, end = begun + seconds * 1.25e9;
	uint64_t first = answers, start = 0, start_answers = 0, stopped = 0, stopped_answers = 0;
	timed = 0;
	for (int i = 0; i < client_count; i++)
		ask(&clients[i]);
	while (waiting > 0) {
		int n = epoll_wait(poll, ready, client_count, STALL);
		if (n <= 0)
			die("no answer to %d of %d", waiting, client_count);
		for (int i = 0; i < n; i++) {
			struct client *c = ready[i].data.ptr;
			ssize_t got = read(c->fd, buffer, sizeof buffer);
			if (got <= 0)
				die("read: %s", got == 0 ? "closed" : strerror(errno));
			if (take(c, buffer, got) && stopped == 0)
				ask(c);
		}
		uint64_t now = now_ns();
		if (start == 0 && now >= from)
			start = now, start_answers = answers, timed = 0;
		if (stopped == 0 && now >= end && start != 0 && answers > start_answers)
			stopped = now, stopped_answers = answers;
	}
	qsort(times, timed, sizeof *times, by_size);
	printf("%.1f %llu %.1f %.1f %.1f %llu\n", (stopped_answers - start_answers) * 1e9 / (stopped - start), (unsigned long long)(answers - first),
	       times[timed / 2] / 1e3, times[timed * 99 / 100] / 1e3, times[timed - 1] / 1e3, (unsigned long long)last_size);
}

// read_request puts the frames of a request around what is in a file: an empty one, and itself.
static void read_request(const char *name) {
	FILE *f = fopen(name, "rb");
	if (f == NULL)
		die("can't read %s", name);
	request = malloc(260);
	size_t n = fread(request + 4, 1, 256, f);
	fclose(f);
	if (n == 0 || n > 255)
		die("a request has 1 to 255 bytes");
	request[0] = MORE, request[1] = 0, request[2] = 0, request[3] = n;
	request_size = n + 4;
}

int main(int argc, char **argv) {
	if (argc != 4 || (client_count = atoi(argv[2])) < 1 || client_count > MAX_CLIENTS) {
		fprintf(stderr, "usage: ask PORT CLIENTS REQUEST\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	read_request(argv[3]);
	times = calloc(MAX_TIMES, sizeof *times);
	int poll = epoll_create1(0);
	for (int i = 0; i < client_count; i++) {
		open_client(&clients[i], atoi(argv[1]));
		struct epoll_event e = {.events = EPOLLIN, .data.ptr = &clients[i]};
		if (epoll_ctl(poll, EPOLL_CTL_ADD, clients[i].fd, &e) < 0)
			die("epoll: %s", strerror(errno));
	}
	char line[256];
	double seconds;
	while (fgets(line, sizeof line, stdin) != NULL) {
		if (sscanf(line, "rate %lf", &seconds) != 1)
			die("what is %s", line);
		rate(poll, seconds);
	}
	return 0;
}
