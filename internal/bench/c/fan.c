// fan: very many subscribers to one publisher. They speak ZMTP 3.0 themselves, over plain sockets, so that they cost as little as can be and are not what is measured.
//
// Usage: fan BOARD SUBSCRIBERS SIZE PORT
//
// BOARD is the file of package board; its first line has how many messages each of them has received, on average. All messages have SIZE bytes, more than 255. It
// ends with its standard input.
#define _GNU_SOURCE
#include "board.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum { GREETING = 64, COMMAND = 4, HEAD = 9, EVENTS = 256 };

static void die(const char *format, ...) {
	va_list args;
	va_start(args, format);
	fputs("fan: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	exit(1);
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

// open_subscriber connects, goes through the handshake, and asks for all messages.
static int open_subscriber(int port) {
	static const uint8_t ready[] = "\4\31\5READY\13Socket-Type\0\0\0\3SUB", subscribe[] = "\0\12\1pytroll:/";
	uint8_t greeting[GREETING] = {[0] = 0xff, [9] = 0x7f, [10] = 3, [12] = 'N', 'U', 'L', 'L'}, theirs[256];
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
		die("connect: %s", strerror(errno));
	write_all(fd, greeting, sizeof greeting);
	read_all(fd, theirs, GREETING);
	write_all(fd, ready, sizeof ready - 1);
	read_all(fd, theirs, 2);
	if (theirs[0] != COMMAND)
		die("no READY");
	read_all(fd, theirs, theirs[1]);
	write_all(fd, subscribe, sizeof subscribe - 1);
	return fd;
}

int main(int argc, char **argv) {
	static uint8_t buffer[1 << 18];
	if (argc != 5) {
		fprintf(stderr, "usage: fan BOARD SUBSCRIBERS SIZE PORT\n");
		return 2;
	}
	struct board *board = open_board(argv[1]);
	int count = atoi(argv[2]), poll = epoll_create1(0);
	uint64_t size = HEAD + atoi(argv[3]), bytes = 0;
	if (board == NULL || poll < 0 || count < 1)
		die("%s: %s", argv[1], strerror(errno));
	struct epoll_event e = {.events = EPOLLIN, .data.fd = STDIN_FILENO}, ready[EVENTS];
	if (epoll_ctl(poll, EPOLL_CTL_ADD, STDIN_FILENO, &e) < 0)
		die("standard input: %s", strerror(errno));
	for (int i = 0; i < count; i++) {
		e.data.fd = open_subscriber(atoi(argv[4]));
		if (epoll_ctl(poll, EPOLL_CTL_ADD, e.data.fd, &e) < 0)
			die("epoll: %s", strerror(errno));
	}
	for (;;) {
		int n = epoll_wait(poll, ready, EVENTS, -1);
		for (int i = 0; i < n; i++) {
			ssize_t got = read(ready[i].data.fd, buffer, sizeof buffer);
			if (ready[i].data.fd == STDIN_FILENO && got <= 0)
				return 0;
			if (got <= 0)
				die("read: %s", got == 0 ? "closed" : strerror(errno));
			bytes += got;
		}
		atomic_store(&board->slots[0].received, bytes / size / count);
	}
}
