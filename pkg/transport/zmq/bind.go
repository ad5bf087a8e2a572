package zmq

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"strings"
	"syscall"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// The dynamic ports of RFC 6335, the defaults of pub_min_port and pub_max_port.
const (
	defaultMinPort = 49152
	defaultMaxPort = 65536
)

// portRange says where a free port is looked for: from min to max-1. The zero value leaves the choice to the system.
type portRange struct{ min, max int }

func newPortRange(min, max int) (portRange, error) {
	if min == 0 {
		min = defaultMinPort
	}
	if max == 0 {
		max = defaultMaxPort
	}
	if min < 1 || max > 65536 || min >= max {
		return portRange{}, fmt.Errorf("port range [%d, %d): want 1 <= min < max <= 65536", min, max)
	}
	return portRange{min, max}, nil
}

// binding is how a socket is bound.
type binding struct {
	ports    portRange
	early    bool     // also where the host does not have the address yet
	listener *os.File // to use instead; nil: none
}

// bind binds zs, and returns the endpoint with the real port. Errors name the endpoint and the cause.
func bind(zs *zmq4.Socket, e transport.Endpoint, how binding) (transport.Endpoint, error) {
	if how.listener != nil {
		if err := adopt(zs, e, how.listener); err != nil {
			return transport.Endpoint{}, bindError(e, err)
		}
		return e, nil
	}
	if e.OfNoHost() { // not EADDRNOTAVAIL, on which some wait until the host has the address
		return transport.Endpoint{}, bindError(e, fmt.Errorf("no address of a host: %w", syscall.EINVAL))
	}
	// Dual-stack where all addresses are meant; nowhere else, since with it libzmq reads a network interface as its IPv6
	// address.
	addr, err := netip.ParseAddr(e.Host())
	if err := zs.SetIpv6(e.Host() == "*" || err == nil && addr.Is6()); err != nil {
		return transport.Endpoint{}, bindError(e, err)
	}
	if e.Scheme() == "tcp" && e.Port() == 0 && how.ports != (portRange{}) {
		return bindRange(zs, e, how)
	}
	if err := how.bind(zs, e); err != nil {
		return transport.Endpoint{}, bindError(e, err)
	}
	return boundEndpoint(zs, e)
}

// bind binds zs at e, as it is.
func (how binding) bind(zs *zmq4.Socket, e transport.Endpoint) error {
	err := zs.Bind(e.String())
	if how.early && errors.Is(cause(err), syscall.EADDRNOTAVAIL) && e.Port() != 0 {
		return bindEarly(zs, e)
	}
	return err
}

// bindRange tries the ports of the range in random order, so that programs that start together do not queue for one.
func bindRange(zs *zmq4.Socket, e transport.Endpoint, how binding) (transport.Endpoint, error) {
	ports := how.ports
	for _, offset := range rand.Perm(ports.max - ports.min) {
		at := e.WithPort(ports.min + offset)
		err := how.bind(zs, at)
		if err == nil {
			return at, nil
		}
		if err := cause(err); !errors.Is(err, syscall.EADDRINUSE) {
			return transport.Endpoint{}, bindError(at, err)
		}
	}
	return transport.Endpoint{}, fmt.Errorf("bind %s: no free port from %d to %d: %w", e, ports.min, ports.max-1, syscall.EADDRINUSE)
}

// boundEndpoint is e with what the system has chosen.
func boundEndpoint(zs *zmq4.Socket, e transport.Endpoint) (transport.Endpoint, error) {
	chosen := e.Scheme() == "tcp" && e.Port() == 0 || e.String() == "ipc://*"
	if !chosen {
		return e, nil
	}
	text, err := zs.GetLastEndpoint()
	if err != nil {
		return transport.Endpoint{}, bindError(e, err)
	}
	last, err := transport.ParseEndpoint(strings.TrimRight(text, "\x00"))
	if err != nil {
		return transport.Endpoint{}, bindError(e, err)
	}
	if e.Scheme() == "tcp" {
		return e.WithPort(last.Port()), nil
	}
	return last, nil
}
