package zmq

import (
	"context"
	"errors"
	"fmt"
	"net"
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

// A name service that is away answers in several ways, by turns: the log has it once.
func TestNewsOfResolving(t *testing.T) {
	t.Parallel()
	timeout := fmt.Errorf("resolve: %w", &net.DNSError{Name: "a", Err: "i/o timeout", IsTimeout: true})
	again := &net.DNSError{Name: "a", Err: "Temporary failure in name resolution", IsTemporary: true}
	none := &net.DNSError{Name: "a", Err: "no such host", IsNotFound: true}
	for _, tt := range []struct {
		name string
		a, b error
		same bool
	}{
		{"two ways of being away", timeout, again, true},
		{"away and not known", again, none, false},
		{"away and resolved", timeout, nil, false},
		{"other errors", errors.New("a"), errors.New("b"), false},
	} {
		if got := errorText(tt.a) == errorText(tt.b); got != tt.same {
			t.Errorf("%s: the same %t, want %t", tt.name, got, tt.same)
		}
	}
}
