package zmq

import (
	"net/netip"

	"github.com/pytroll/posttroll-go/pkg/curve"
)

// minHosts is the number of hosts below which nobody looks for those that can be forgotten.
const minHosts = 1024

// host is what a guard knows of the clients at an address. The authenticator tells of the address and the key of a client but not of its
// connection, which the first message does. Until then the numbers stand for the connections.
type host struct {
	conns  int // that are open
	silent int // handshakes that were judged, of connections without a message up to now
	// admitted are the keys of clients that were let in, with their names; the zero key on plain sockets.
	admitted map[curve.PublicKey]string
}

func (h *host) admit(key curve.PublicKey, identity string) {
	if h.admitted == nil {
		h.admitted = make(map[curve.PublicKey]string)
	}
	h.admitted[key] = identity
}

// hosts are those that have connections open, and some that had. The one without an address stands for ipc.
type hosts struct {
	byAddr map[netip.Addr]*host
	most   int // hosts, before those without connections are forgotten
}

func newHosts() hosts { return hosts{byAddr: make(map[netip.Addr]*host), most: minHosts} }

// at returns the host of that address, a new one if need be.
func (t *hosts) at(addr netip.Addr) *host {
	h, ok := t.byAddr[addr]
	if !ok {
		if len(t.byAddr) >= t.most {
			t.forget()
		}
		h = &host{}
		t.byAddr[addr] = h
	}
	return h
}

// forget takes out the hosts without connections.
func (t *hosts) forget() {
	for addr, h := range t.byAddr {
		if h.conns <= 0 {
			delete(t.byAddr, addr)
		}
	}
	t.most = max(minHosts, 2*len(t.byAddr))
}

// begin counts a connection.
func (t *hosts) begin(addr netip.Addr) {
	h := t.at(addr)
	if h.conns <= 0 {
		h.conns = 0
		h.silent = min(h.silent, 1) // its own handshake may be told of already
	}
	h.conns++
}

// spoke notes that the first message of a connection has come, from one with that key, and returns the name that this had when it was let in.
func (t *hosts) spoke(addr netip.Addr, key curve.PublicKey) (identity string) {
	h, ok := t.byAddr[addr]
	if !ok {
		return ""
	}
	h.silent = max(0, h.silent-1)
	return h.admitted[key]
}

// end counts the end of a connection. silent says that no message has come over it and its handshake did not fail; judged, that as far as is
// known the authenticator was asked about it: otherwise it never was a client.
func (t *hosts) end(addr netip.Addr, silent bool) (judged bool) {
	h, ok := t.byAddr[addr]
	if !ok {
		return false
	}
	h.conns--
	if silent && h.silent > 0 {
		h.silent--
		judged = true
	}
	if h.conns <= 0 && h.silent == 0 {
		delete(t.byAddr, addr)
	}
	return judged
}
