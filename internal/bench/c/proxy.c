// proxy: libzmq's own zmq_proxy between one publisher and those who connect to it: what the relay is measured beside.
//
// Usage: proxy FROM TO QUEUE     FROM is connected to, TO is bound; QUEUE is the high-water mark of both sockets.
#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

static void check(int rc, const char *what) {
	if (rc >= 0)
		return;
	fprintf(stderr, "proxy: %s: %s\n", what, zmq_strerror(zmq_errno()));
	exit(1);
}

static void *open_socket(void *ctx, int type, int queue) {
	void *s = zmq_socket(ctx, type);
	check(s == NULL ? -1 : 0, "socket");
	check(zmq_setsockopt(s, ZMQ_SNDHWM, &queue, sizeof queue), "ZMQ_SNDHWM");
	check(zmq_setsockopt(s, ZMQ_RCVHWM, &queue, sizeof queue), "ZMQ_RCVHWM");
	return s;
}

int main(int argc, char **argv) {
	if (argc != 4) {
		fprintf(stderr, "usage: proxy FROM TO QUEUE\n");
		return 2;
	}
	void *ctx = zmq_ctx_new();
	void *from = open_socket(ctx, ZMQ_XSUB, atoi(argv[3]));
	void *to = open_socket(ctx, ZMQ_XPUB, atoi(argv[3]));
	check(zmq_bind(to, argv[2]), argv[2]);
	check(zmq_connect(from, argv[1]), argv[1]);
	check(zmq_proxy(from, to, NULL), "zmq_proxy");
	return 0;
}
