package relay

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// ErrOwnSink says that an address is that of a sink of the same relay.
var ErrOwnSink = errors.New("a relay does not subscribe to itself")

func errOwn(sink string) error { return fmt.Errorf("it is the sink %q: %w", sink, ErrOwnSink) }

// own knows the sinks of the relay, so that it never subscribes to itself.
type own struct {
	local func() ([]netip.Addr, error)

	// Held for writing while a sink is bound, which is announced before it is known here.
	mu    sync.RWMutex
	sinks []*outlet
}

// accept refuses a publisher that was found when it is a sink of ours.
func (o *own) accept(e discovery.Entry) error {
	if out := o.find(e.URI); out != nil {
		return errOwn(out.cfg.Name)
	}
	return nil
}

// check refuses addresses that are sinks of ours.
func (o *own) check(addresses []string) error {
	var errs []error
	for _, uri := range addresses {
		if out := o.find(uri); out != nil {
			errs = append(errs, fmt.Errorf("address %s: %w", uri, errOwn(out.cfg.Name)))
		}
	}
	return errors.Join(errs...)
}

// find returns the sink that is reached at uri, or nil.
func (o *own) find(uri string) *outlet {
	at, err := transport.ConnectEndpoint(uri)
	if err != nil {
		return nil
	}
	o.mu.RLock()
	defer o.mu.RUnlock()
	for _, out := range o.sinks {
		if out.reachedAt(at, o.isLocal) {
			return out
		}
	}
	return nil
}

// isLocal tells whether a host is this one.
func (o *own) isLocal(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	if addr = addr.Unmap(); addr.IsLoopback() {
		return true
	}
	all, err := o.local()
	return err == nil && slices.Contains(all, addr) // without the list, what is announced still counts
}

func (o *own) add(bind func() (*outlet, error)) (*outlet, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	out, err := bind()
	if err == nil {
		o.sinks = append(o.sinks, out)
	}
	return out, err
}

func (o *own) remove(out *outlet) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sinks = slices.DeleteFunc(o.sinks, func(other *outlet) bool { return other == out })
}
