package discovery

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Default ports of a nameserver (doc/protocol.md, sections 4 and 6).
const (
	// DefaultNameserverPort is where lookups are answered.
	DefaultNameserverPort = 5557
	// DefaultAddressPublishPort is where the change feed is published.
	DefaultAddressPublishPort = 16543
	// DefaultBroadcastPort is where announcements are taken, datagrams and requests.
	DefaultBroadcastPort = 21200
)

// NameserverAddress reads a nameserver as operators write it: host, host:port,
// tcp://host, tcp://host:port or any other ZeroMQ endpoint, IPv6 addresses with
// or without brackets. The port given here is used where the text has none. The backend of the result is
// empty; the caller sets it.
func NameserverAddress(s string, port int) (transport.Address, error) {
	ep, err := transport.ConnectEndpoint(nameserverEndpoint(strings.TrimSpace(s), port))
	if err != nil {
		return transport.Address{}, fmt.Errorf("nameserver %q: %w", s, err)
	}
	return transport.Address{Endpoint: ep}, nil
}

// nameserverEndpoint completes s to an endpoint; whether it is a good one is not its business.
func nameserverEndpoint(s string, port int) string {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		scheme, rest = "tcp", s
	}
	if scheme != "tcp" {
		return s
	}
	if addr, err := netip.ParseAddr(rest); err == nil && addr.Is6() {
		rest = "[" + rest + "]"
	}
	if !strings.Contains(rest[strings.LastIndexByte(rest, ']')+1:], ":") {
		rest += ":" + strconv.Itoa(port)
	}
	return scheme + "://" + rest
}
