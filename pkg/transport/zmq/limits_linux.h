// Limits of what the peers of a transport may take, kept where libzmq calls the C library: before it has taken anything for them.

#ifndef PTZ_LIMITS_H
#define PTZ_LIMITS_H

#include <endian.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

// Why a connection was refused or cut. Go has the same list.
enum ptz_cause {
	PTZ_SOURCE, // its address holds its share
	PTZ_FULL,   // there are as many as there may be
	PTZ_FILES,  // there is no descriptor
	PTZ_BUSY,   // the socket does not keep up with those that come and go
	PTZ_PARTS,  // its message has too many parts
	PTZ_OLD,    // it does not greet as ZMTP 3 has it
	PTZ_CAUSES
};

// An address, and how many connections come from it.
typedef struct ptz_source {
	struct ptz_source *next;
	unsigned char addr[16];
	int conns;
} ptz_source;

enum { PTZ_BUCKETS = 1024, PTZ_BUSY_PORTS = 16 };

// Reads the length of a long frame.
static inline uint64_t ptz_length(const unsigned char *at) {
	uint64_t n;
	memcpy(&n, at, sizeof n);
	return be64toh(n);
}

// How far the sending of frames has got.
typedef struct {
	uint64_t body;      // bytes to come of the body of a frame
	uint64_t length;    // of a frame, as far as it was sent
	unsigned char left; // bytes of that to come
	unsigned char greeting;
} ptz_outgoing;

// The limits of a transport, and what is under them.
typedef struct {
	int most;        // connections that were accepted
	int most_source; // of these, from one address
	int event;       // eventfd that is written when a count has changed and quiet is set; -1: none
	int quiet;
	uint64_t counts[PTZ_CAUSES];

	pthread_mutex_t mu; // guards what follows
	int conns, sources;
	int spare; // a descriptor that is given up to refuse a connection when there is none; -1: none
	int busy[PTZ_BUSY_PORTS]; // ports at which nobody is let in for now
	int busy_ports;
	ptz_source *buckets[PTZ_BUCKETS];
	unsigned char last[PTZ_CAUSES][16]; // address that was refused last
} ptz_limits;

ptz_limits *ptz_limits_new(int most, int most_source, int event);
void ptz_limits_free(ptz_limits *);
uint64_t ptz_limits_count(ptz_limits *, int cause);
void ptz_limits_last(ptz_limits *, int cause, unsigned char addr[16]);
int ptz_limits_conns(ptz_limits *);
// Says that nobody is to be let in at a port, or that they are again.
void ptz_limits_busy(ptz_limits *, int port, int begins);
// Tells whether nobody is let in at a listener. The caller holds mu.
int ptz_limits_is_busy(const ptz_limits *, int listener);
void ptz_limits_await(ptz_limits *); // to be told once more
// Says which limits the pollers have that this thread makes; NULL: none.
void ptz_limits_enter(ptz_limits *);

int ptz_is_libzmq(const void *caller);
// libzmq watches a descriptor from now on.
void ptz_limits_watched(int epfd, int fd);

// Returns what is sent on a connection; NULL: it was not accepted under limits.
ptz_outgoing *ptz_limits_outgoing(int fd);
void ptz_outgoing_begin(ptz_outgoing *);

#endif
