package zmq

import (
	"context"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// A minimal container has no /etc/hosts, and often no name service either.
func TestLocalhostNeedsNoNameService(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // no name service answers
	for _, name := range []string{"localhost", "LOCALHOST"} {
		got, err := resolve(ctx, name)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1")}
		if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
