// Package zmq carries the transport seam over ZeroMQ: libzmq through github.com/pebbe/zmq4, and a small cgo shim for what
// the binding lacks.
//
//	t, err := zmq.New(zmq.Options{})
//	...
//	defer t.Close()
//	pub, err := t.Publisher(transport.PublisherConfig{Endpoint: ep})
//
// Every [Transport] has a libzmq context of its own, so that transports in one process do not know of each other; inproc
// endpoints are seen within one transport only. Transports and sockets may be used by several goroutines at once; see
// package transport for the exceptions and for who closes what.
//
// Who may connect to a bound socket is asked of its gate (transport.ServerSecurity), in the handshake and again each time that the gate changes. Each
// transport answers libzmq's questions itself, from before the first such socket is bound until after the last one is closed, and nobody gets in
// while they are not answered.
//
// One goroutine at a time reads from a socket. It sleeps in Go's network poller, so that an idle socket costs no thread and no
// wake-up, and takes what has come in batches. Of a subscriber and a puller that is the one that receives; while the program does something else for more than
// a few milliseconds another one reads for it, into a queue with a bound.
//
// # What it does to the process
//
// A program that embeds this package should know what of it concerns more than its own sockets. On Linux:
//
//   - accept, accept4, close, recv, send, epoll_ctl and epoll_wait of the C library are those of this package, for all C code in an executable: it stands before the
//     C library for what libzmq has no options for. For libzmq alone, and but for the end of connections for the contexts of transports alone, they do
//     something else: they keep the limits of [Options], cut peers whose messages have too many parts or that don't speak ZMTP 3, go on where there are no
//     descriptors, keep a peer that resets its connection from ending the process (libzmq issues 3937, 4364 and 4767), and put together what libzmq sends in pieces.
//     Libzmq is known by the address that a call returns to. For all others they call the function that would have been called without them, that of
//     LD_PRELOAD or of the C library. Go's own network does not use these functions at all.
//   - That works in executables that are linked with libzmq dynamically. It does not in a library that a program loads at run time (buildmode c-shared or plugin), with
//     a libzmq that is linked statically, which is not supported, or with one built to poll otherwise than by epoll: then nothing of it holds, a transport whose options
//     set a limit makes no socket, and any other warns.
//   - With glibc, malloc asks the system for all that has 1 MiB or more and gives it back at once, keeps 2 MiB at the end of each heap (mallopt), and is told to give
//     back all that is free (malloc_trim) some seconds after connections have ended, for 0.5 % of the time as a rule.
//   - While a subscriber takes in very much, and some seconds longer, 8 MiB that are never written to count as Go's memory in use, so that garbage is collected less often: not where GOGC or
//     GOMEMLIMIT is set. The settings of the collector are read, never changed.
//   - For each 1024 descriptors that libzmq has had some 100 kB are kept for good. A transport holds an eventfd and a descriptor of /dev/null, and libzmq's two threads
//     once it has a socket.
//
// Nowhere does the package handle, block or send signals, change limits of the process such as that of open files (which Go's runtime raises by itself), or write
// to its environment.
package zmq
