// peer: a publisher or a subscriber in libzmq, as fast as it can be: what ours are measured beside.
//
// Usage: peer publish BOARD MESSAGE SOCKETS SUBSCRIBERS QUEUE WINDOW plain|curve
//        peer subscribe BOARD SLOT QUEUE KEY ENDPOINT...
//        peer gather BOARD QUEUE ENDPOINT...
//
// BOARD is the file of package board, which says what the publisher is asked on its standard input; besides, "once" has it send one message on each socket, and
// "left" wait until all subscribers have gone. Several publishers may share a board. The publisher binds so many sockets, prints for each its
// endpoint and its public key ("-": plain), and sends on them in turn what is in the file MESSAGE, when each has so many subscribers. With curve there
// is no authenticator: everybody is admitted, and nobody is asked. The subscriber has one socket. With "gather" it connects to more publishers, or leaves them, when it
// reads "+ ENDPOINT..." or "- ENDPOINT...", which it answers with a line.
#define _GNU_SOURCE
#include "board.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

enum { MAX_SOCKETS = 1000, BATCH = 16, PAUSE = 20000, KEY = 41, CONNECT_TIME = 10000 };
static const uint64_t STALL = 5000000000;

static struct board *board;
static void *sockets[MAX_SOCKETS];
static int socket_count, subscribers;
static uint64_t window, turn;
static char *frame;
static size_t size;

static void die(const char *format, ...) {
	va_list args;
	va_start(args, format);
	fputs("peer: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	exit(1);
}

static void check(int rc, const char *what) {
	if (rc < 0)
		die("%s: %s", what, zmq_strerror(zmq_errno()));
}

static void *open_socket(void *ctx, int type, const char *queue) {
	void *s = zmq_socket(ctx, type);
	int n = atoi(queue);
	check(s == NULL ? -1 : 0, "socket");
	check(zmq_setsockopt(s, ZMQ_SNDHWM, &n, sizeof n), "ZMQ_SNDHWM");
	check(zmq_setsockopt(s, ZMQ_RCVHWM, &n, sizeof n), "ZMQ_RCVHWM");
	return s;
}

// sent is the number of messages of all publishers of this board.
static uint64_t sent(void) { return atomic_load(&board->total); }

static uint64_t received(void) {
	uint64_t least = atomic_load(&board->slots[0].received);
	for (int i = 1; i < subscribers && subscribers <= BOARD_SLOTS; i++) {
		uint64_t n = atomic_load(&board->slots[i].received);
		if (n < least)
			least = n;
	}
	return least;
}

static void wait_received(uint64_t n) {
	uint64_t looked = clock_ns(CLOCK_MONOTONIC), idle = 0, last = 0, got;
	while ((got = received()) < n) {
		nanosleep(&(struct timespec){0, PAUSE}, NULL);
		uint64_t now = clock_ns(CLOCK_MONOTONIC);
		// A machine that was stopped has lost nothing.
		idle += now - looked < STALL / 50 ? now - looked : STALL / 50;
		looked = now;
		if (got > last)
			last = got, idle = 0;
		if (idle > STALL)
			die("of %llu messages %llu arrive", (unsigned long long)sent(), (unsigned long long)got);
	}
	uint64_t have = received(); // before it is asked how many were sent, which others do meanwhile
	if (have > sent())
		die("of %llu messages %llu arrive", (unsigned long long)sent(), (unsigned long long)have);
}

static void send_some(int count) {
	atomic_fetch_add(&board->total, count);
	while (count-- > 0)
		check(zmq_send(sockets[turn++ % socket_count], frame, size, 0), "send");
}

static void rate(double seconds) {
	uint64_t end = clock_ns(CLOCK_MONOTONIC) + seconds * 1e9;
	while (clock_ns(CLOCK_MONOTONIC) < end) {
		if (sent() + BATCH > received() + window)
			wait_received(sent() - window / 2);
		send_some(BATCH);
	}
	wait_received(sent());
}

static void delay(unsigned long count, unsigned long interval) {
	atomic_store(&board->noting, sent() + 1);
	uint64_t next = clock_ns(CLOCK_MONOTONIC);
	for (; count > 0; count--) {
		next += interval * 1000;
		struct timespec at = {next / 1000000000, next % 1000000000};
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
		atomic_store(&board->sent[(sent() + 1) % BOARD_RING], clock_ns(CLOCK_REALTIME));
		send_some(1);
	}
	wait_received(sent());
	atomic_store(&board->noting, 0);
}

// await_subscribers waits until so many have subscribed on each socket, or have gone: an XPUB, which hands subscriptions over, and is else as a PUB.
static void await_subscribers(int count) {
	int limit = CONNECT_TIME;
	char topic[256];
	for (int i = 0; i < socket_count; i++) {
		check(zmq_setsockopt(sockets[i], ZMQ_RCVTIMEO, &limit, sizeof limit), "ZMQ_RCVTIMEO");
		for (int n = 0; n < count; n++)
			check(zmq_recv(sockets[i], topic, sizeof topic, 0), "subscriber");
	}
}

static void serve(void) {
	char line[256];
	while (fgets(line, sizeof line, stdin) != NULL) {
		double seconds;
		unsigned long count, interval;
		if (strcmp(line, "begin\n") == 0)
			await_subscribers(subscribers);
		else if (strcmp(line, "left\n") == 0)
			await_subscribers(1); // of the last one it is told
		else if (strcmp(line, "once\n") == 0)
			send_some(socket_count), wait_received(sent());
		else if (sscanf(line, "rate %lf", &seconds) == 1)
			rate(seconds);
		else if (sscanf(line, "delay %lu %lu", &count, &interval) == 2)
			delay(count, interval);
		else
			die("what is %s", line);
		printf("%llu\n", (unsigned long long)sent());
	}
}

static void read_message(const char *name) {
	FILE *f = fopen(name, "rb");
	if (f == NULL)
		die("can't read %s", name);
	frame = malloc(1 << 20);
	size = fread(frame, 1, 1 << 20, f);
	fclose(f);
}

static void publish(char **args) {
	read_message(args[0]);
	socket_count = atoi(args[1]);
	subscribers = atoi(args[2]);
	window = atoi(args[4]);
	int secure = strcmp(args[5], "curve") == 0, all = 1;
	if (socket_count < 1 || socket_count > MAX_SOCKETS || subscribers < 1)
		die("no such number of sockets or subscribers");
	void *ctx = zmq_ctx_new();
	check(zmq_ctx_set(ctx, ZMQ_MAX_SOCKETS, 2 * MAX_SOCKETS), "ZMQ_MAX_SOCKETS");
	for (int i = 0; i < socket_count; i++) {
		char at[256], public[KEY] = "-", secret[KEY];
		size_t length = sizeof at;
		void *s = sockets[i] = open_socket(ctx, ZMQ_XPUB, args[3]);
		// Else the second and later ones with the same topic would not be handed over.
		check(zmq_setsockopt(s, ZMQ_XPUB_VERBOSE, &all, sizeof all), "ZMQ_XPUB_VERBOSE");
		if (secure) {
			check(zmq_curve_keypair(public, secret), "keys");
			check(zmq_setsockopt(s, ZMQ_CURVE_SERVER, &secure, sizeof secure), "ZMQ_CURVE_SERVER");
			check(zmq_setsockopt(s, ZMQ_CURVE_SECRETKEY, secret, KEY), "ZMQ_CURVE_SECRETKEY");
		}
		check(zmq_bind(s, "tcp://127.0.0.1:*"), "bind");
		check(zmq_getsockopt(s, ZMQ_LAST_ENDPOINT, at, &length), "ZMQ_LAST_ENDPOINT");
		printf("%s %s\n", at, public);
	}
	serve();
}

static void join(void *s, int count, char **endpoints) {
	check(zmq_setsockopt(s, ZMQ_SUBSCRIBE, "pytroll:/", 9), "subscribe");
	for (int i = 0; i < count; i++)
		check(zmq_connect(s, endpoints[i]), endpoints[i]);
}

// change does what one line of standard input says.
static void change(void *s) {
	static char line[1 << 16];
	if (fgets(line, sizeof line, stdin) == NULL)
		exit(0); // whoever asked has gone
	int (*act)(void *, const char *) = line[0] == '+' ? zmq_connect : zmq_disconnect;
	for (char *at = strtok(line + 1, " \n"); at != NULL; at = strtok(NULL, " \n"))
		check(act(s, at), at);
	printf("done\n");
}

// receive counts for ever, and does what is asked meanwhile where it is.
static void receive(void *s, int slot, int asked) {
	zmq_pollitem_t items[] = {{.socket = s, .events = ZMQ_POLLIN}, {.fd = 0, .events = ZMQ_POLLIN}};
	zmq_msg_t m;
	zmq_msg_init(&m);
	for (uint64_t n = 1;; n++) {
		while (zmq_msg_recv(&m, s, asked ? ZMQ_DONTWAIT : 0) < 0) {
			check(zmq_errno() == EAGAIN ? 0 : -1, "receive");
			check(zmq_poll(items, 2, -1), "poll");
			if (items[1].revents != 0)
				change(s);
		}
		uint64_t from = atomic_load(&board->noting);
		if (from != 0 && n >= from)
			atomic_store(&board->delays[n % BOARD_RING], clock_ns(CLOCK_REALTIME) - atomic_load(&board->sent[n % BOARD_RING]));
		atomic_store_explicit(&board->slots[slot].received, n, memory_order_release);
	}
}

static void subscribe(int count, char **args) {
	int slot = atoi(args[0]);
	if (slot < 0 || slot >= BOARD_SLOTS)
		die("no slot %d", slot);
	void *s = open_socket(zmq_ctx_new(), ZMQ_SUB, args[1]);
	if (strcmp(args[2], "-") != 0) {
		char public[KEY], secret[KEY];
		check(zmq_curve_keypair(public, secret), "keys");
		check(zmq_setsockopt(s, ZMQ_CURVE_SERVERKEY, args[2], KEY), "ZMQ_CURVE_SERVERKEY");
		check(zmq_setsockopt(s, ZMQ_CURVE_PUBLICKEY, public, KEY), "ZMQ_CURVE_PUBLICKEY");
		check(zmq_setsockopt(s, ZMQ_CURVE_SECRETKEY, secret, KEY), "ZMQ_CURVE_SECRETKEY");
	}
	join(s, count - 3, args + 3);
	receive(s, slot, 0);
}

static void gather(int count, char **args) {
	void *s = open_socket(zmq_ctx_new(), ZMQ_SUB, args[0]);
	join(s, count - 1, args + 1);
	receive(s, 0, 1);
}

int main(int argc, char **argv) {
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc >= 3 && (board = open_board(argv[2])) == NULL)
		die("%s: %s", argv[2], strerror(errno));
	if (argc == 9 && strcmp(argv[1], "publish") == 0)
		publish(argv + 3);
	else if (argc >= 7 && strcmp(argv[1], "subscribe") == 0)
		subscribe(argc - 3, argv + 3);
	else if (argc >= 5 && strcmp(argv[1], "gather") == 0)
		gather(argc - 3, argv + 3);
	else {
		fprintf(stderr, "usage: peer publish BOARD MESSAGE SOCKETS SUBSCRIBERS QUEUE WINDOW plain|curve\n"
				"       peer subscribe BOARD SLOT QUEUE KEY ENDPOINT...\n"
				"       peer gather BOARD QUEUE ENDPOINT...\n");
		return 2;
	}
	return 0;
}
