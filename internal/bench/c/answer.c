// answer: a bare socket in libzmq that gives every request the same answer: what the nameserver's lookups are measured beside.
//
// Usage: answer rep|router PORT ANSWER
//
// ANSWER is a file with the answer as it goes over the wire.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

static void check(int rc, const char *what) {
	if (rc >= 0)
		return;
	fprintf(stderr, "answer: %s: %s\n", what, zmq_strerror(zmq_errno()));
	exit(1);
}

// A request to a router has two frames in front: who asks, and an empty one.
static void serve(void *s, int frames, const char *answer, size_t size) {
	zmq_msg_t parts[3];
	for (int i = 0; i < frames; i++)
		zmq_msg_init(&parts[i]);
	for (;;) {
		for (int i = 0; i < frames; i++)
			check(zmq_msg_recv(&parts[i], s, 0), "receive");
		for (int i = 0; i < frames - 1; i++)
			check(zmq_msg_send(&parts[i], s, ZMQ_SNDMORE), "send");
		check(zmq_send(s, answer, size, 0), "send");
	}
}

int main(int argc, char **argv) {
	if (argc != 4) {
		fprintf(stderr, "usage: answer rep|router PORT ANSWER\n");
		return 2;
	}
	FILE *f = fopen(argv[3], "rb");
	if (f == NULL) {
		perror(argv[3]);
		return 1;
	}
	static char answer[1 << 26], at[64];
	size_t size = fread(answer, 1, sizeof answer, f);
	fclose(f);
	int router = strcmp(argv[1], "router") == 0;
	void *s = zmq_socket(zmq_ctx_new(), router ? ZMQ_ROUTER : ZMQ_REP);
	check(s == NULL ? -1 : 0, "socket");
	snprintf(at, sizeof at, "tcp://127.0.0.1:%s", argv[2]);
	check(zmq_bind(s, at), at);
	serve(s, router ? 3 : 1, answer, size);
	return 0;
}
