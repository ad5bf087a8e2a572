package inmem_test

import (
	"context"
	"errors"
	"net/netip"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/inmem"
)

// TestProbe: what is bound takes a connection, what is not refuses, and a host that is cut off or not there does not answer.
func TestProbe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := inmem.NewNetwork()
		near, far := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
		here, there := network.Transport(near), network.Transport(far)
		for _, tr := range []*inmem.Transport{here, there} {
			ep, err := transport.ParseEndpoint("tcp://*:9000")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tr.Publisher(transport.PublisherConfig{Endpoint: ep}); err != nil {
				t.Fatal(err)
			}
		}
		probe := func(at string, want error) {
			t.Helper()
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			if err := here.Probe(ctx, netip.MustParseAddrPort(at)); !errors.Is(err, want) || (err == nil) != (want == nil) {
				t.Errorf("%s: got %v, want %v", at, err, want)
			}
		}
		probe("10.0.0.2:9000", nil)
		probe("10.0.0.2:9001", syscall.ECONNREFUSED)
		probe("127.0.0.1:9000", nil)
		probe("127.0.0.1:9001", syscall.ECONNREFUSED)
		probe("10.0.0.3:9000", context.DeadlineExceeded)
		network.Cut(far)
		probe("10.0.0.2:9000", context.DeadlineExceeded)
		network.Heal(far)
		network.Cut(near)
		probe("10.0.0.2:9000", context.DeadlineExceeded)
		probe("10.0.0.1:9000", nil)
		if err := network.Close(); err != nil {
			t.Fatal(err)
		}
		probe("10.0.0.1:9000", transport.ErrClosed)
	})
}
