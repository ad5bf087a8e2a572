package zmq

/*
#cgo pkg-config: libzmq
#cgo noescape ptz_recv
#cgo nocallback ptz_recv
#cgo noescape ptz_release
#cgo nocallback ptz_release
#cgo noescape ptz_send
#cgo nocallback ptz_send
#cgo noescape ptz_send_many
#cgo nocallback ptz_send_many
#cgo noescape ptz_publish
#cgo nocallback ptz_publish
#cgo noescape ptz_send_all
#cgo nocallback ptz_send_all
#cgo noescape ptz_setopt
#cgo nocallback ptz_setopt
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>
#include "room.h"
#include "spare.h"

// What can be told about a received frame. The pointers hold until the message is released.
typedef struct {
	const void *data;
	const char *peer; // address of the sender without port, or NULL
	const char *user; // what the authenticator called the sender, or NULL
	size_t size, peer_size, user_size;
	int fd; // of the connection it came over, or -1
	int more;
} ptz_part;

typedef struct {
	zmq_msg_t *msgs;
	ptz_part *parts;
	int cap;
	int n; // messages that are held
} ptz_batch;

enum { PTZ_FD = 1, PTZ_PEER = 2, PTZ_USER = 4 };

static void ptz_free(ptz_batch *b) {
	if (b == NULL)
		return;
	free(b->msgs);
	free(b->parts);
	free(b);
}

static ptz_batch *ptz_new(int cap) {
	ptz_batch *b = calloc(1, sizeof *b);
	if (b == NULL)
		return NULL;
	b->msgs = calloc(cap, sizeof *b->msgs);
	b->parts = calloc(cap, sizeof *b->parts);
	b->cap = cap;
	if (b->msgs == NULL || b->parts == NULL) {
		ptz_free(b);
		return NULL;
	}
	return b;
}

static void ptz_release(ptz_batch *b) {
	for (int i = 0; i < b->n; i++)
		zmq_msg_close(&b->msgs[i]);
	b->n = 0;
}

// Receives frames until there are none, the batch is full, or it holds max_bytes. Releases what the batch held before.
// Returns 0, or the errno that ended it; EAGAIN means that there are no more now.
static int ptz_recv(void *socket, ptz_batch *b, size_t max_bytes, int want) {
	size_t bytes = 0;
	ptz_release(b);
	while (b->n < b->cap && bytes < max_bytes) {
		zmq_msg_t *m = &b->msgs[b->n];
		ptz_part *p = &b->parts[b->n];
		zmq_msg_init(m);
		if (zmq_msg_recv(m, socket, ZMQ_DONTWAIT) < 0) {
			int e = zmq_errno();
			zmq_msg_close(m);
			if (e == EINTR)
				continue;
			return e;
		}
		p->data = zmq_msg_data(m);
		p->size = zmq_msg_size(m);
		p->more = zmq_msg_more(m);
		p->fd = (want & PTZ_FD) ? zmq_msg_get(m, ZMQ_SRCFD) : -1;
		p->peer = (want & PTZ_PEER) ? zmq_msg_gets(m, "Peer-Address") : NULL;
		p->user = (want & PTZ_USER) ? zmq_msg_gets(m, "User-Id") : NULL;
		p->peer_size = p->peer == NULL ? 0 : strlen(p->peer);
		p->user_size = p->user == NULL ? 0 : strlen(p->user);
		bytes += p->size;
		b->n++;
	}
	return 0;
}

// Sends one frame without waiting. Returns 0 or an errno.
static int ptz_send(void *socket, const void *data, size_t size, int flags) {
	while (zmq_send(socket, data, size, flags | ZMQ_DONTWAIT) < 0)
		if (zmq_errno() != EINTR)
			return zmq_errno();
	return 0;
}

// Sends a message without waiting. Returns 0 or an errno; the message is the caller's then.
static int ptz_send_msg(void *socket, zmq_msg_t *m, int flags) {
	while (zmq_msg_send(m, socket, flags | ZMQ_DONTWAIT) < 0)
		if (zmq_errno() != EINTR)
			return zmq_errno();
	return 0;
}

// Sends one frame on an XPUB socket that has ZMQ_XPUB_NODROP. Where the queue of a subscriber is full it sets *full, and the frame is
// lost for that one alone. Returns 0 or an errno.
static int ptz_publish(void *socket, const void *data, size_t size, int *full) {
	int rc = ptz_send(socket, data, size, 0), drop = 0, nodrop = 1;
	if (rc == EAGAIN) {
		ptz_process(socket);
		rc = ptz_send(socket, data, size, 0);
	}
	if (rc != EAGAIN)
		return rc;
	*full = 1;
	if (zmq_setsockopt(socket, ZMQ_XPUB_NODROP, &drop, sizeof drop) != 0)
		return zmq_errno();
	rc = ptz_send(socket, data, size, 0);
	if (zmq_setsockopt(socket, ZMQ_XPUB_NODROP, &nodrop, sizeof nodrop) != 0 && rc == 0)
		rc = zmq_errno();
	return rc;
}

// Memory that several messages share. The last one frees it.
typedef struct {
	int users;
	char data[];
} ptz_block;

static void ptz_leave(void *data, void *block) {
	(void)data;
	if (__atomic_sub_fetch(&((ptz_block *)block)->users, 1, __ATOMIC_ACQ_REL) == 0)
		free(block);
}

// ptz_publish for a part of a block.
static int ptz_publish_part(void *socket, ptz_block *block, char *data, size_t size, int *full) {
	zmq_msg_t m;
	int rc, drop = 0, nodrop = 1;
	if (zmq_msg_init_data(&m, data, size, ptz_leave, block) != 0)
		return zmq_errno();
	__atomic_add_fetch(&block->users, 1, __ATOMIC_RELAXED);
	rc = ptz_send_msg(socket, &m, 0);
	if (rc == EAGAIN) {
		ptz_process(socket);
		rc = ptz_send_msg(socket, &m, 0);
	}
	if (rc == EAGAIN) {
		*full = 1;
		if (zmq_setsockopt(socket, ZMQ_XPUB_NODROP, &drop, sizeof drop) == 0) {
			rc = ptz_send_msg(socket, &m, 0);
			if (zmq_setsockopt(socket, ZMQ_XPUB_NODROP, &nodrop, sizeof nodrop) != 0 && rc == 0)
				return zmq_errno();
		}
	}
	if (rc != 0)
		zmq_msg_close(&m);
	return rc;
}

// Sends the n frames that stand one behind the other in data, each as a message of its own and as ptz_publish does. It ends behind one that has met a
// full queue. Sets *sent to how many were. Returns 0 or an errno. The messages share their memory: one allocation here, one release in the I/O
// thread, for which the two would else stand in each other's way.
static int ptz_send_many(void *socket, const char *data, const size_t *sizes, int n, int *sent, int *full) {
	size_t total = 0;
	int rc = 0;
	for (int i = 0; i < n; i++)
		total += sizes[i];
	ptz_block *block = malloc(sizeof *block + total);
	*sent = 0;
	if (block == NULL)
		return ENOMEM;
	block->users = 1;
	memcpy(block->data, data, total);
	for (char *at = block->data; *sent < n && !*full; at += sizes[(*sent)++])
		if ((rc = ptz_publish_part(socket, block, at, sizes[*sent], full)) != 0)
			break;
	ptz_leave(NULL, block);
	return rc;
}

// Bytes that libzmq holds in somebody's name.
typedef struct {
	int64_t bytes;
	int users; // replies, and Go
} ptz_account;

// In whose names libzmq holds a reply.
enum { PTZ_ALL, PTZ_SOURCE, PTZ_CLIENT, PTZ_ACCOUNTS };

// Frames of a message at most: an envelope (maxEnvelopeFrames), or the head of an answer of the authenticator, and a body.
enum { PTZ_FRAMES = 16 + 1 };

// A reply that libzmq holds.
typedef struct {
	ptz_spare block; // in which this is
	ptz_account *accounts[PTZ_ACCOUNTS];
	size_t size;
	char data[];
} ptz_reply;

static ptz_account *ptz_account_new(void) {
	ptz_account *a = calloc(1, sizeof *a);
	if (a != NULL)
		a->users = 1;
	return a;
}

static int64_t ptz_account_bytes(ptz_account *a) { return __atomic_load_n(&a->bytes, __ATOMIC_ACQUIRE); }

static int ptz_account_replies(ptz_account *a) { return __atomic_load_n(&a->users, __ATOMIC_ACQUIRE) - 1; }

static void ptz_account_leave(ptz_account *a) {
	if (__atomic_sub_fetch(&a->users, 1, __ATOMIC_ACQ_REL) == 0)
		free(a);
}

static void ptz_account_enter(ptz_account *a, size_t size) {
	__atomic_add_fetch(&a->users, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&a->bytes, (int64_t)size, __ATOMIC_RELAXED);
}

static void ptz_reply_free(void *data, void *hint) {
	ptz_reply *r = hint;
	(void)data;
	for (int i = 0; i < PTZ_ACCOUNTS; i++) {
		__atomic_sub_fetch(&r->accounts[i]->bytes, (int64_t)r->size, __ATOMIC_RELEASE);
		ptz_account_leave(r->accounts[i]);
	}
	ptz_spare_give(r);
}

// Makes the last frame of a reply, and counts its bytes until libzmq has sent it or given it up. Returns 0 or an errno.
static int ptz_counted(zmq_msg_t *m, const void *body, size_t size, ptz_account *const *accounts) {
	ptz_reply *r = ptz_spare_take(sizeof *r + size);
	if (r == NULL)
		return ENOMEM;
	if (zmq_msg_init_data(m, r->data, size, ptz_reply_free, r) != 0) {
		ptz_spare_give(r);
		return ENOMEM;
	}
	memcpy(r->accounts, accounts, sizeof r->accounts);
	r->size = size;
	memcpy(r->data, body, size);
	for (int i = 0; i < PTZ_ACCOUNTS; i++)
		ptz_account_enter(accounts[i], size);
	return 0;
}

// Makes a frame. Returns 0 or an errno.
static int ptz_frame(zmq_msg_t *m, const void *data, size_t size) {
	if (zmq_msg_init_size(m, size) != 0)
		return zmq_errno();
	if (size > 0)
		memcpy(zmq_msg_data(m), data, size);
	return 0;
}

// Sends the n frames that stand one behind the other in head, then body, as one message, and counts the body in the accounts unless they are NULL. Where readable is
// not NULL it sets that when the socket has something to receive: sending may have taken the signal that says so. Returns 0 or an errno.
//
// All frames are made before the first is sent: where there is no memory nothing is. A socket that has got part of a message takes what comes next, whoever that is for,
// for the rest of it.
static int ptz_send_all(void *socket, const char *head, const size_t *sizes, int n, const void *body, size_t size, ptz_account *const *accounts,
			int *readable) {
	zmq_msg_t frames[PTZ_FRAMES];
	int made, sent = 0, rc = n < PTZ_FRAMES ? 0 : EMSGSIZE;
	for (made = 0; made < n && rc == 0; head += sizes[made++])
		if ((rc = ptz_frame(&frames[made], head, sizes[made])) != 0)
			break;
	if (rc == 0 && (rc = accounts == NULL ? ptz_frame(&frames[n], body, size) : ptz_counted(&frames[n], body, size, accounts)) == 0)
		made++;
	while (rc == 0 && sent < made)
		if ((rc = ptz_send_msg(socket, &frames[sent], sent < n ? ZMQ_SNDMORE : 0)) == 0)
			sent++;
	while (sent < made)
		zmq_msg_close(&frames[sent++]);
	if (readable != NULL)
		*readable = ptz_process(socket);
	return rc;
}

// Sets an option. Returns 0 or an errno.
static int ptz_setopt(void *socket, int option, const void *value, size_t size) {
	return zmq_setsockopt(socket, option, value, size) == 0 ? 0 : zmq_errno();
}
*/
import "C"

import (
	"errors"
	"iter"
	"reflect"
	"runtime"
	"syscall"
	"unsafe"

	"github.com/pebbe/zmq4"
)

// What a receiver wants to know beside the bytes; each costs a look-up per frame.
const (
	wantFD   = C.PTZ_FD
	wantPeer = C.PTZ_PEER
	wantUser = C.PTZ_USER
)

// Options that are set as bytes: keys must not become Go strings, which nobody can wipe, and the binding lacks the last one.
const (
	optCurveServer      = C.ZMQ_CURVE_SERVER
	optCurvePublicKey   = C.ZMQ_CURVE_PUBLICKEY
	optCurveSecretKey   = C.ZMQ_CURVE_SECRETKEY
	optCurveServerKey   = C.ZMQ_CURVE_SERVERKEY
	optZAPDomain        = C.ZMQ_ZAP_DOMAIN
	optZAPEnforceDomain = 93 // ZMQ_ZAP_ENFORCE_DOMAIN, in the draft part of zmq.h but in every libzmq since 4.3
)

// rawSocket is the libzmq socket inside the binding's, which does not export it.
func rawSocket(s *zmq4.Socket) unsafe.Pointer {
	return reflect.ValueOf(s).Elem().FieldByName("soc").UnsafePointer()
}

// part is a received frame. What it refers to belongs to the batch.
type part struct {
	data []byte
	peer []byte // its address without the port; empty: nobody knows
	user []byte // what the authenticator called the sender; empty: nothing
	fd   int    // -1: not known
	more bool
	msg  unsafe.Pointer // its zmq_msg_t
}

// peerAddress is the address of the sender without its port, or empty. As all of the part it belongs to the batch.
func (p part) peerAddress() string { return unsafe.String(unsafe.SliceData(p.peer), len(p.peer)) }

// batch receives many frames in one call. It belongs to whoever may use the socket.
type batch struct {
	c    *C.ptz_batch
	want C.int
}

func newBatch(frames, want int) (*batch, error) {
	c := C.ptz_new(C.int(frames))
	if c == nil {
		return nil, errors.New("out of memory")
	}
	return &batch{c: c, want: C.int(want)}, nil
}

// recv receives what is there, maxBatchBytes or somewhat more at most; more tells whether there may be more.
func (b *batch) recv(socket unsafe.Pointer) (more bool, err error) {
	switch e := syscall.Errno(C.ptz_recv(socket, b.c, maxBatchBytes, b.want)); e {
	case 0:
		return true, nil
	case syscall.EAGAIN, syscall.Errno(zmq4.EFSM): // EFSM: a REQ socket that has its answer
		return false, nil
	default:
		return false, cause(e)
	}
}

// parts are the frames received last. They hold until the next recv, release or free.
func (b *batch) parts() iter.Seq[part] {
	return func(yield func(part) bool) {
		msgs := unsafe.Slice(b.c.msgs, b.c.n)
		for i, p := range unsafe.Slice(b.c.parts, b.c.n) {
			data := unsafe.Slice((*byte)(p.data), p.size)
			peer := unsafe.Slice((*byte)(unsafe.Pointer(p.peer)), p.peer_size)
			user := unsafe.Slice((*byte)(unsafe.Pointer(p.user)), p.user_size)
			if !yield(part{data: data, peer: peer, user: user, fd: int(p.fd), more: p.more != 0, msg: unsafe.Pointer(&msgs[i])}) {
				return
			}
		}
	}
}

func (b *batch) len() int { return int(b.c.n) }

// release gives the memory of the messages back to libzmq.
func (b *batch) release() {
	if b.c.n > 0 {
		C.ptz_release(b.c)
	}
}

// free ends the batch. It may be called twice.
func (b *batch) free() {
	if b.c == nil {
		return
	}
	b.release()
	C.ptz_free(b.c)
	b.c = nil
}

// sendFrame sends one frame without waiting.
func sendFrame(socket unsafe.Pointer, frame []byte) error {
	e := syscall.Errno(C.ptz_send(socket, unsafe.Pointer(unsafe.SliceData(frame)), C.size_t(len(frame)), 0))
	if e != 0 {
		return cause(e)
	}
	return nil
}

// sendFrames sends the frames that stand in data, of the given sizes, each as a message of its own and without waiting, up to one that meets the full queue of
// a subscriber. It returns how many were sent, and whether the last of these has met one.
func sendFrames(socket unsafe.Pointer, data []byte, sizes []uintptr) (sent int, full bool, err error) {
	var n, f C.int
	e := syscall.Errno(C.ptz_send_many(socket,
		(*C.char)(unsafe.Pointer(unsafe.SliceData(data))),
		(*C.size_t)(unsafe.Pointer(unsafe.SliceData(sizes))), C.int(len(sizes)), &n, &f))
	if e != 0 {
		return int(n), f != 0, cause(e)
	}
	return int(n), f != 0, nil
}

// publishFrame sends one frame on a publisher's socket, without waiting, and tells whether it has met the full queue of a subscriber.
func publishFrame(socket unsafe.Pointer, frame []byte) (full bool, err error) {
	var f C.int
	e := syscall.Errno(C.ptz_publish(socket, unsafe.Pointer(unsafe.SliceData(frame)), C.size_t(len(frame)), &f))
	if e != 0 {
		return f != 0, cause(e)
	}
	return f != 0, nil
}

// account counts bytes that libzmq holds in somebody's name.
type account struct{ c *C.ptz_account }

// newAccount makes one, which is to be left.
func newAccount() (account, error) {
	a := account{C.ptz_account_new()}
	if a.c == nil {
		return a, errors.New("out of memory")
	}
	return a, nil
}

func (a account) bytes() int64 { return int64(C.ptz_account_bytes(a.c)) }

// replies is the number of those that libzmq holds.
func (a account) replies() int { return int(C.ptz_account_replies(a.c)) }

// leave is called when nobody but libzmq needs the account any more.
func (a account) leave() { C.ptz_account_leave(a.c) }

// accounts are those of a reply: of all, of its source and of its client. They are zero where it is not counted.
type accounts [C.PTZ_ACCOUNTS]account

// sendMessage sends the frames that stand in head, of the given sizes, and then body, as one message and without
// waiting. The body is counted in the accounts, unless they are zero. If somebody waits for the signal of the socket, it tells whether there is something to receive.
func sendMessage(socket unsafe.Pointer, head []byte, sizes []uintptr, body []byte, in *accounts, waiting bool) (readable bool, err error) {
	var r C.int
	var tell *C.int
	if waiting {
		tell = &r
	}
	var counted **C.ptz_account
	if in[0].c != nil {
		counted = &in[0].c
	}
	e := syscall.Errno(C.ptz_send_all(socket,
		(*C.char)(unsafe.Pointer(unsafe.SliceData(head))),
		(*C.size_t)(unsafe.Pointer(unsafe.SliceData(sizes))), C.int(len(sizes)),
		unsafe.Pointer(unsafe.SliceData(body)), C.size_t(len(body)), counted, tell))
	runtime.KeepAlive(head)
	if e != 0 {
		return r != 0, cause(e)
	}
	return r != 0, nil
}

// setOption sets an option of a socket to bytes, which libzmq copies.
func setOption(socket unsafe.Pointer, option int, value []byte) error {
	if e := syscall.Errno(C.ptz_setopt(socket, C.int(option), unsafe.Pointer(unsafe.SliceData(value)), C.size_t(len(value)))); e != 0 {
		return cause(e)
	}
	return nil
}

// processCommands lets the socket take in what libzmq's I/O thread has told it: of connections that have come and gone, and what they sent. It
// tells whether there is something to receive.
func processCommands(socket unsafe.Pointer) (readable bool) { return C.ptz_process(socket) != 0 }
