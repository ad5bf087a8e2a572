// What several preambles of cgo share.

#ifndef PTZ_ROOM_H
#define PTZ_ROOM_H

#include <errno.h>
#include <zmq.h>

// Lets the socket take in what the I/O thread has told it, as that a peer has taken messages. zmq_send does so once a millisecond at most, and returns EAGAIN without
// another look: to it a queue is full that was emptied since. Returns whether there is something to receive.
static inline int ptz_process(void *socket) {
	int events = 0;
	size_t len = sizeof events;
	int rc;
	while ((rc = zmq_getsockopt(socket, ZMQ_EVENTS, &events, &len)) != 0 && zmq_errno() == EINTR) // it has taken the signal, which does not come again
		;
	return rc == 0 && (events & ZMQ_POLLIN);
}

#endif
