package inmem

import (
	"context"
	"fmt"
	"net/netip"
	"syscall"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

var _ transport.Prober = (*Transport)(nil)

// Probe tells whether something is bound at a port. A port where nothing is refuses at once; a host that is cut off, or not there, answers never,
// and ctx has to end.
func (t *Transport) Probe(ctx context.Context, at netip.AddrPort) error {
	ep, err := transport.ConnectEndpoint("tcp://" + at.String())
	if err != nil {
		return err
	}
	switch there, reached, err := t.knock(ep); {
	case err != nil:
		return err
	case there:
		return nil
	case reached:
		return fmt.Errorf("probe %s: %w", ep, syscall.ECONNREFUSED)
	}
	<-ctx.Done()
	return fmt.Errorf("probe %s: %w", ep, ctx.Err())
}

// knock tells whether something is bound at ep, and whether the host can be reached at all.
func (t *Transport) knock(ep transport.Endpoint) (there, reached bool, err error) {
	t.network.mu.Lock()
	defer t.network.mu.Unlock()
	if t.closed {
		return false, false, transport.ErrClosed
	}
	at := locate(t, ep)
	if t.network.find(t, at) != nil {
		return true, true, nil
	}
	if isOwn(at.addr) {
		return false, true, nil
	}
	h, ok := t.network.hosts[at.addr]
	return false, ok && reachable(t.host, h), nil
}
