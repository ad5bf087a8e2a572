// Lets the kernel put together what libzmq writes in pieces.
//
// libzmq fills a buffer of 8 kB with frames and writes it, again and again as long as there are messages, with TCP_NODELAY set: each piece goes through all of TCP by
// itself, and wakes the subscriber. That, not the copying, is most of what a publisher costs, and ten times as much with ten subscribers. The size of the buffer
// is an option that libzmq 4.3.4 has in draft builds alone (ZMQ_OUT_BATCH_SIZE).
//
// Where a piece ends within a frame, libzmq holds the rest of that frame and writes it as soon as the kernel takes it. So the kernel is told that there is more
// to come (MSG_MORE): it sends what fills segments, of 64 kB over loopback, and the rest with the next piece. Nothing waits for a piece that may never
// come: one that ends with a frame is sent at once, as ever. To know where a frame ends the heads of frames are read in what goes by, as limits_linux.c does in what
// comes in. Connections that libzmq has made, not accepted, send little and are left alone.

#define _GNU_SOURCE
#include "limits_linux.h"
#include "next_linux.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/socket.h>

// What is sent before the first frame. A peer that was accepted speaks ZMTP 3 (RFC 23), or is cut before more is sent to it.
enum { GREETING = 64 };

// Whether a frame has begun that has not ended. Of the greeting a part may well wait for that of the peer.
static int within(const ptz_outgoing *o) { return o->greeting == 0 && (o->body > 0 || o->left > 0); }

// Takes in what has been sent.
static void follow(ptz_outgoing *o, const unsigned char *data, size_t n) {
	for (const unsigned char *end = data + n; data < end;) {
		if (o->greeting > 0) {
			o->greeting--;
			data++;
		} else if (o->body > 0) {
			size_t step = (size_t)(end - data) < o->body ? (size_t)(end - data) : (size_t)o->body;
			data += step;
			o->body -= step;
		} else if (o->left == 0 && end - data > 8 && *data & 2) { // the head of a long frame, as most are
			o->body = ptz_length(data + 1);
			data += 9;
		} else if (o->left == 0) { // the flags of a frame
			o->left = *data++ & 2 ? 8 : 1;
			o->length = 0;
		} else {
			o->length = o->length << 8 | *data++;
			if (--o->left == 0)
				o->body = o->length;
		}
	}
}

void ptz_outgoing_begin(ptz_outgoing *o) {
	*o = (ptz_outgoing){.greeting = GREETING};
}

// Sends what the kernel keeps since it was told of more. It does so by itself when something that was sent before is acknowledged; in a buffer that is full
// although nothing is on its way, all would wait for its timer.
static void push(int fd) {
	int on = 1, error = errno;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); // which it is already; fails for ipc, where nothing is kept
	errno = error;
}

ssize_t send(int fd, const void *data, size_t size, int flags) {
	ptz_outgoing *o = ptz_is_libzmq(__builtin_return_address(0)) ? ptz_limits_outgoing(fd) : NULL, after;
	ssize_t n;
	if (o == NULL)
		return ptz_next_send(fd, data, size, flags);
	after = *o;
	follow(&after, data, size);
	n = ptz_next_send(fd, data, size, within(&after) ? flags | MSG_MORE : flags);
	if (n == (ssize_t)size)
		*o = after;
	else if (n > 0)
		follow(o, data, (size_t)n);
	else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && within(o))
		push(fd);
	return n;
}
