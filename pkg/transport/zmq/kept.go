package zmq

/*
#cgo noescape ptz_keep
#cgo nocallback ptz_keep
#cgo noescape ptz_share
#cgo nocallback ptz_share
#cgo noescape ptz_drop
#cgo nocallback ptz_drop
#include <stdlib.h>
#include <zmq.h>

// Takes a message out of where it is. Returns NULL, and has done nothing, when there is no memory.
static void *ptz_keep(void *from) {
	zmq_msg_t *m = malloc(sizeof *m);
	if (m == NULL)
		return NULL;
	zmq_msg_init(m);
	zmq_msg_move(m, from); // fails with what is no message alone
	return m;
}

// Makes another message of the same content. Returns NULL when there is no memory.
static void *ptz_share(void *from) {
	zmq_msg_t *m = malloc(sizeof *m);
	if (m == NULL)
		return NULL;
	zmq_msg_init(m);
	zmq_msg_copy(m, from);
	return m;
}

static void ptz_drop(void *m) {
	zmq_msg_close(m);
	free(m);
}
*/
import "C"

import (
	"slices"
	"unsafe"
)

// While the program does not keep up, all that a publisher has on its way waits in the inbox. Copied there into Go's memory it would be as much again as it is in
// libzmq's, from which it has just come, and that twice, since Go's collector lets garbage grow to as much as is in use. So large frames stay where they are
// until the program takes them.

// keptBytes is the length of a frame above which libzmq gives it memory of its own. Shorter ones share what was read at once, 8 KiB (in_batch_size), and one
// of them would keep all of it.
const keptBytes = 8 << 10

// kept is a frame in libzmq's memory.
type kept struct {
	at  int // in the frames of its chunk
	msg unsafe.Pointer
}

// keep takes the message of p out of its batch. It returns nil when there is no memory. The data of p, which is longer than keptBytes, stays where it is.
func (p part) keep() unsafe.Pointer { return C.ptz_keep(p.msg) }

// share makes another message of the one of p, which holds what libzmq has of that. It returns nil when there is no memory.
func (p part) share() unsafe.Pointer { return C.ptz_share(p.msg) }

// dropShared gives one up.
func dropShared(msg unsafe.Pointer) { C.ptz_drop(msg) }

// own copies what is in libzmq's memory.
func (c *chunk) own() {
	for _, k := range c.kept {
		f := &c.frames[k.at]
		f.Body = slices.Clone(f.Body)
		C.ptz_drop(k.msg)
	}
	c.kept = nil
}

// drop gives up what is in libzmq's memory.
func (c *chunk) drop() {
	for _, k := range c.kept {
		C.ptz_drop(k.msg)
	}
	c.kept = nil
}
