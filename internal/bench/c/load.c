// load: a publisher and a subscriber in libzmq, in one process, with something between them that is to be measured. The publisher sends one message
// again and again, with another time in it each time, and the subscriber checks that each one arrives, once and in order.
//
// Usage: load MESSAGE QUEUE [TO]
//
// MESSAGE is a file with the message as it goes over the wire, QUEUE the high-water mark of both sockets. The endpoint of the publisher is printed. With TO
// the subscriber connects there, else to the publisher itself. Then it takes commands from its standard input, and answers each with a line:
//
//	begin WAIT             waits for a connection from end to end, WAIT seconds at most: "ok"
//	rate SECONDS WINDOW    sends as fast as messages arrive, with at most WINDOW of them on their way, after a quarter of the time as a start:
//	                       messages a second, number of messages in all
//	delay COUNT INTERVAL   sends COUNT messages, one every INTERVAL µs: p50 and p99 of the time from just before sending to just after receiving, in µs
//
// A publisher that does not wait loses most of what it sends (libzmq's queue is full, and PUB drops), and the losses take time of whoever is
// measured. So the subscriber tells the publisher what has arrived: no message may be lost then, and one that is ends the program.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

enum { TIME = 3, TIME_SIZE = 26, STALL = 5 };

static void *pub, *sub;
static char *frame;
static size_t size;
static char *stamp; // the time in frame
static time_t began;

static uint64_t sent;              // messages; of the publishing thread
static _Atomic uint64_t arrived;   // all up to this number have
static _Atomic int waiting;        // the publishing thread waits for arrived
static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more;
static uint64_t window;
static _Atomic uint64_t ring[1 << 16]; // when messages were sent, by their numbers, in ns
static uint32_t *_Atomic delays;       // of messages from delays_from on, in ns; NULL: not wanted
static uint64_t delays_from, delays_count;

static void die(const char *format, ...) {
	va_list args;
	va_start(args, format);
	fputs("load: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	exit(1);
}

static void check(int rc, const char *what) {
	if (rc < 0)
		die("%s: %s", what, zmq_strerror(zmq_errno()));
}

static uint64_t now_ns(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

// find_time returns where the time stands in a message: behind the third space.
static char *find_time(char *text, size_t length) {
	char *p = text;
	for (int i = 0; i < TIME; i++) {
		p = memchr(p, ' ', text + length - p);
		if (p == NULL)
			die("no message: %.60s", text);
		p++;
	}
	if (p + TIME_SIZE > text + length || p[19] != '.')
		die("no time with six decimals: %.100s", text);
	return p;
}

static void put_digits(char *at, int n, unsigned value) {
	while (n-- > 0) {
		at[n] = '0' + value % 10;
		value /= 10;
	}
}

static unsigned get_digits(const char *at, int n) {
	unsigned value = 0;
	while (n-- > 0)
		value = value * 10 + (*at++ - '0');
	return value;
}

// Message N has the time at which this program began, plus N µs; so each is another one. write_number puts that into the frame.
static void write_number(uint64_t n) {
	if (n % 1000000 == 0 || n == 1) {
		time_t seconds = began + n / 1000000;
		struct tm t;
		char text[32];
		gmtime_r(&seconds, &t);
		strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &t);
		memcpy(stamp, text, 19);
	}
	put_digits(stamp + 20, 6, n % 1000000);
}

// read_number returns the number of a message that must be near the one expected.
static uint64_t read_number(const char *at, uint64_t expected) {
	uint64_t micros = get_digits(at + 20, 6), n = expected - expected % 1000000 + micros;
	if (n + 500000 < expected)
		n += 1000000;
	else if (n > expected + 500000 && n >= 1000000)
		n -= 1000000;
	return n;
}

static void send_one(void) {
	write_number(++sent);
	atomic_store_explicit(&ring[sent % (1 << 16)], now_ns(), memory_order_release);
	check(zmq_send(pub, frame, size, 0), "send");
}

// wait_arrived waits until all messages up to a number have arrived.
static void wait_arrived(uint64_t n) {
	if (atomic_load(&arrived) >= n)
		return;
	struct timespec until;
	uint64_t last = 0;
	pthread_mutex_lock(&mu);
	atomic_store(&waiting, 1);
	// In steps of a second, so that a machine that was stopped for longer has lost nothing.
	for (int idle = 0; atomic_load(&arrived) < n; idle++) {
		if (atomic_load(&arrived) > last)
			last = atomic_load(&arrived), idle = 0;
		if (idle > STALL)
			die("message %llu of %llu does not arrive", (unsigned long long)last + 1, (unsigned long long)sent);
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec++;
		pthread_cond_timedwait(&more, &mu, &until);
	}
	atomic_store(&waiting, 0);
	pthread_mutex_unlock(&mu);
}

static void tell_arrived(uint64_t n) {
	atomic_store(&arrived, n);
	// The subscriber calls this for every 64 messages, and when there are no more, so that the lock costs little.
	if (atomic_load(&waiting)) {
		pthread_mutex_lock(&mu);
		pthread_cond_signal(&more);
		pthread_mutex_unlock(&mu);
	}
}

static void note_delay(uint64_t n) {
	uint32_t *to = atomic_load(&delays);
	if (to != NULL && n >= delays_from && n < delays_from + delays_count)
		to[n - delays_from] = now_ns() - atomic_load_explicit(&ring[n % (1 << 16)], memory_order_acquire);
}

// receive is the thread of the subscriber. The first message may have any number; after it all must come.
static void *receive(void *unused) {
	(void)unused;
	uint64_t last = 0, told = 0;
	size_t at = 0;
	zmq_msg_t m;
	zmq_msg_init(&m);
	for (;;) {
		int got = zmq_msg_recv(&m, sub, ZMQ_DONTWAIT);
		if (got < 0 && zmq_errno() == EAGAIN) {
			if (told != last)
				tell_arrived(told = last);
			got = zmq_msg_recv(&m, sub, 0);
		}
		check(got, "receive");
		char *text = zmq_msg_data(&m);
		if (last == 0)
			at = find_time(text, got) - text;
		uint64_t n = read_number(text + at, last + 1);
		if (last != 0 && n != last + 1)
			die("message %llu came after %llu", (unsigned long long)n, (unsigned long long)last);
		note_delay(n);
		last = n;
		if (last - told >= 64)
			tell_arrived(told = last);
	}
	return NULL;
}

// begin sends until the first message has arrived.
static void begin(int seconds) {
	uint64_t end = now_ns() + seconds * 1000000000ull;
	while (atomic_load(&arrived) == 0) {
		if (now_ns() > end)
			die("nothing arrives in %d s", seconds);
		send_one();
		struct timespec pause = {0, 10000000};
		nanosleep(&pause, NULL);
	}
	wait_arrived(sent);
	printf("ok\n");
}

static void rate(double seconds) {
	uint64_t first = sent, start_sent = 0, start = 0;
	uint64_t from = now_ns() + seconds * 0.25e9, end = 0;
	for (;;) {
		// Half of the window at a time, so that the publisher is not woken for each message.
		if (sent - atomic_load(&arrived) >= window)
			wait_arrived(sent - window / 2);
		if (sent % 64 == 0) {
			uint64_t now = now_ns();
			if (start == 0 && now >= from)
				start = now, end = now + seconds * 1e9, start_sent = atomic_load(&arrived);
			else if (start != 0 && now >= end) {
				uint64_t done = atomic_load(&arrived);
				double rate = (done - start_sent) * 1e9 / (now - start);
				wait_arrived(sent);
				printf("%.0f %llu\n", rate, (unsigned long long)(sent - first));
				return;
			}
		}
		send_one();
	}
}

static int by_size(const void *a, const void *b) {
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

static void delay(uint64_t count, uint64_t interval) {
	uint32_t *all = calloc(count, sizeof *all);
	if (all == NULL)
		die("out of memory");
	delays_from = sent + 1;
	delays_count = count;
	atomic_store(&delays, all);
	uint64_t next = now_ns();
	for (uint64_t i = 0; i < count; i++) {
		next += interval * 1000;
		struct timespec at = {next / 1000000000, next % 1000000000};
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
		send_one();
	}
	wait_arrived(sent);
	atomic_store(&delays, NULL);
	qsort(all, count, sizeof *all, by_size);
	printf("%.1f %.1f\n", all[count / 2] / 1e3, all[count * 99 / 100] / 1e3);
	free(all);
}

static void read_frame(const char *name) {
	FILE *f = fopen(name, "rb");
	if (f == NULL)
		die("can't read %s", name);
	frame = malloc(1 << 20);
	size = fread(frame, 1, 1 << 20, f);
	fclose(f);
	stamp = find_time(frame, size);
}

static void *open_socket(int type, int queue) {
	// Contexts of their own, so that each has a thread for its connections as two programs would have.
	void *ctx = zmq_ctx_new(), *s = zmq_socket(ctx, type);
	check(s == NULL ? -1 : 0, "socket");
	check(zmq_setsockopt(s, ZMQ_SNDHWM, &queue, sizeof queue), "ZMQ_SNDHWM");
	check(zmq_setsockopt(s, ZMQ_RCVHWM, &queue, sizeof queue), "ZMQ_RCVHWM");
	return s;
}

int main(int argc, char **argv) {
	if (argc != 3 && argc != 4) {
		fprintf(stderr, "usage: load MESSAGE QUEUE [TO]\n");
		return 2;
	}
	read_frame(argv[1]);
	setvbuf(stdout, NULL, _IOLBF, 0);
	began = time(NULL);
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&more, &attr);

	pub = open_socket(ZMQ_PUB, atoi(argv[2]));
	sub = open_socket(ZMQ_SUB, atoi(argv[2]));
	check(zmq_bind(pub, "tcp://127.0.0.1:*"), "bind");
	char at[256];
	size_t length = sizeof at;
	check(zmq_getsockopt(pub, ZMQ_LAST_ENDPOINT, at, &length), "ZMQ_LAST_ENDPOINT");
	check(zmq_setsockopt(sub, ZMQ_SUBSCRIBE, "pytroll:/", 9), "subscribe");
	check(zmq_connect(sub, argc == 4 ? argv[3] : at), "connect");
	pthread_t receiver;
	if (pthread_create(&receiver, NULL, receive, NULL) != 0)
		die("no thread");
	printf("%s\n", at);

	char line[256];
	while (fgets(line, sizeof line, stdin) != NULL) {
		double seconds;
		unsigned long long count, interval;
		int wait;
		if (sscanf(line, "begin %d", &wait) == 1)
			begin(wait);
		else if (sscanf(line, "rate %lf %llu", &seconds, &count) == 2)
			window = count, rate(seconds);
		else if (sscanf(line, "delay %llu %llu", &count, &interval) == 2)
			delay(count, interval);
		else
			die("what is %s", line);
	}
	return 0;
}
