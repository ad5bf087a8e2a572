package discovery

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

// watchAddress moves the announcement when this host's address changes.
func (a *Announcer) watchAddress(ctx context.Context) {
	tick := time.NewTicker(addressCheck)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			a.checkAddress(ctx)
		}
	}
}

// checkAddress keeps the announced address as long as this host has it, whatever the routes say: a second one would make
// subscribers connect twice. Loopback is kept only while there is nothing else.
func (a *Announcer) checkAddress(ctx context.Context) {
	now, _ := a.current()
	host, err := announcedHost(now.whole.URI)
	if err != nil {
		return
	}
	local, err := a.host.addresses()
	if err != nil || !host.IsLoopback() && slices.Contains(local, host) {
		return
	}
	own, err := a.host.ownOrWanted(ctx, a.wanted)
	if err != nil {
		return // an interface that has no address now; the old one is as good as none
	}
	better, err := netip.ParseAddr(own)
	if err != nil || better.IsLoopback() || better == host {
		return
	}
	a.move(better)
}

// move announces another address. The old one is withdrawn too, though nameservers that know it from another sender than
// we are now may keep it until it expires.
func (a *Announcer) move(to netip.Addr) {
	a.change.Lock()
	defer a.change.Unlock()
	now, _ := a.current()
	from := now.whole.URI
	what := now.whole.onHost(to.String())
	if err := a.set(what); err != nil {
		a.log.Error("new address of this host cannot be announced", zap.Stringer("address", to), zap.Error(err))
		return
	}
	a.log.Info("address of this host changed", zap.String("uri", what.URI), zap.String("cause", "it no longer has that of "+from))
}

// announcedHost returns the IP address in a tcp URI.
func announcedHost(uri string) (netip.Addr, error) {
	ep, err := transport.ConnectEndpoint(uri)
	if err != nil {
		return netip.Addr{}, err
	}
	addr, err := netip.ParseAddr(ep.Host())
	if err != nil {
		return netip.Addr{}, fmt.Errorf("%s has no IP address", ep)
	}
	return addr.Unmap(), nil
}
