// Package rawzmq passes messages through libzmq in C alone, for benchmarks to be measured against: the same sockets,
// queues and messages as in package zmq, a thread that sends and a thread that receives.
package rawzmq

/*
#cgo pkg-config: libzmq
#cgo LDFLAGS: -lpthread
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

typedef struct {
	void *socket;
	int n;
	int64_t end;     // when the last message was there, ns
	int64_t *delays; // of each message, ns; NULL: not asked for
} receiver;

static int64_t now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t) t.tv_sec * 1000000000 + t.tv_nsec;
}

static void *receive(void *arg) {
	receiver *r = arg;
	for (int i = 0; i < r->n; i++) {
		zmq_msg_t m;
		zmq_msg_init(&m);
		if (zmq_msg_recv(&m, r->socket, 0) < 0)
			abort();
		if (r->delays != NULL) {
			int64_t sent;
			memcpy(&sent, zmq_msg_data(&m), sizeof sent);
			r->delays[i] = now() - sent;
		}
		zmq_msg_close(&m);
	}
	r->end = now();
	return NULL;
}

// Makes pub a CURVE server and sub a client of it. Without a ZAP handler everybody is admitted, which costs messages nothing.
static int secure(void *pub, void *sub) {
	char server_public[41], server_secret[41], client_public[41], client_secret[41];
	int yes = 1;
	return zmq_curve_keypair(server_public, server_secret) == 0 && zmq_curve_keypair(client_public, client_secret) == 0 &&
	    zmq_setsockopt(pub, ZMQ_CURVE_SERVER, &yes, sizeof yes) == 0 &&
	    zmq_setsockopt(pub, ZMQ_CURVE_SECRETKEY, server_secret, 41) == 0 &&
	    zmq_setsockopt(sub, ZMQ_CURVE_SERVERKEY, server_public, 41) == 0 &&
	    zmq_setsockopt(sub, ZMQ_CURVE_PUBLICKEY, client_public, 41) == 0 &&
	    zmq_setsockopt(sub, ZMQ_CURVE_SECRETKEY, client_secret, 41) == 0;
}

// Sends n messages, one every gap ns, and returns the time from the first to the arrival of the last, or -1.
static int64_t run(int n, int size, int64_t gap, int64_t *delays, int curve) {
	int hwm = 2 * n + 1000, linger = 0;
	char endpoint[256], topic[16];
	size_t len = sizeof endpoint;
	void *pub_ctx = zmq_ctx_new(), *sub_ctx = zmq_ctx_new();
	void *pub = zmq_socket(pub_ctx, ZMQ_XPUB), *sub = zmq_socket(sub_ctx, ZMQ_SUB);
	zmq_setsockopt(pub, ZMQ_SNDHWM, &hwm, sizeof hwm);
	zmq_setsockopt(sub, ZMQ_RCVHWM, &hwm, sizeof hwm);
	zmq_setsockopt(pub, ZMQ_LINGER, &linger, sizeof linger);
	zmq_setsockopt(sub, ZMQ_SUBSCRIBE, "", 0);
	int64_t took = -1;
	char *body = calloc(1, size);
	if ((!curve || secure(pub, sub)) && zmq_bind(pub, "tcp://127.0.0.1:*") == 0 && zmq_getsockopt(pub, ZMQ_LAST_ENDPOINT, endpoint, &len) == 0 &&
	    zmq_connect(sub, endpoint) == 0 && zmq_recv(pub, topic, sizeof topic, 0) == 1) {
		receiver r = {sub, n, 0, delays};
		pthread_t thread;
		pthread_create(&thread, NULL, receive, &r);
		int64_t begin = now();
		for (int i = 0; i < n; i++) {
			if (gap > 0) {
				struct timespec t = {0, gap};
				nanosleep(&t, NULL);
			}
			if (delays != NULL) {
				int64_t sent = now();
				memcpy(body, &sent, sizeof sent);
			}
			zmq_send(pub, body, size, 0);
		}
		pthread_join(thread, NULL);
		took = r.end - begin;
	}
	free(body);
	zmq_close(pub);
	zmq_close(sub);
	zmq_ctx_term(pub_ctx);
	zmq_ctx_term(sub_ctx);
	return took;
}
*/
import "C"

import (
	"errors"
	"time"
	"unsafe"
)

// Throughput sends n messages of size bytes as fast as it goes from one publisher to one subscriber, over the loopback
// interface, and returns how long that took.
func Throughput(n, size int) (time.Duration, error) { return throughput(n, size, 0) }

// SecureThroughput does so with CURVE.
func SecureThroughput(n, size int) (time.Duration, error) { return throughput(n, size, 1) }

func throughput(n, size int, curve C.int) (time.Duration, error) {
	d := C.run(C.int(n), C.int(size), 0, nil, curve)
	if d < 0 {
		return 0, errors.New("rawzmq: no connection")
	}
	return time.Duration(d), nil
}

// Delays sends n messages of size bytes, at least 8, with gap (below a second) before each, and returns for each how long
// it was under way.
func Delays(n, size int, gap time.Duration) ([]time.Duration, error) {
	delays := make([]time.Duration, n)
	if C.run(C.int(n), C.int(size), C.int64_t(gap), (*C.int64_t)(unsafe.Pointer(&delays[0])), 0) < 0 {
		return nil, errors.New("rawzmq: no connection")
	}
	return delays, nil
}
