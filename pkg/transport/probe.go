package transport

import (
	"context"
	"net/netip"
)

// Prober is a [Transport] that can tell whether somebody is there.
type Prober interface {
	// Probe connects to a TCP port and closes the connection again. It says nothing of who is there: no word is spoken, so it is the same
	// for plain and for secure sockets. Errors are told apart by their kind.
	//
	//   - [syscall.ECONNREFUSED], [syscall.ECONNRESET]: nobody is there, and a host, or a firewall, says so.
	//   - [context.DeadlineExceeded], [syscall.ETIMEDOUT], [syscall.EHOSTUNREACH], [syscall.EHOSTDOWN]: there is no answer.
	//   - Anything else: the probe could not be made.
	Probe(ctx context.Context, at netip.AddrPort) error
}
