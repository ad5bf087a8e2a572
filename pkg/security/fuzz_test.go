package security

import (
	"context"
	"net/netip"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// What is taken of an entry of server_public_keys is whole, is read again as the same, and is found by what it names.
func FuzzServerEntry(f *testing.F) {
	for _, seed := range []string{"*=f", "viirs=/k", "10.0.0.1=f", "10.0.0.1:9000=f", "[::1]:9000=f", "::1=f", "tcp://h:1=a=b", "ipc:///x=f", "=", "a=",
		"tcp://[::ffff:1.2.3.4]:1=f", " h = f ", "fe80::1%eth0=f", "H.=f", "inproc://x=f"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := parseServerEntry(text)
		if err != nil {
			return
		}
		if e.who == "" || e.file == "" || strings.Contains(e.who, "=") {
			t.Fatalf("%q: %+v", text, e)
		}
		again, err := parseServerEntry(e.who + "=" + e.file)
		if err != nil || again != e {
			t.Fatalf("%q: %+v, again %+v, %v", text, e, again, err)
		}
		if e.uri {
			ep, err := transport.ConnectEndpoint(e.who)
			if err != nil || places(ep)[0] != e.place {
				t.Fatalf("%q: place %q is not that of its URI: %v", text, e.place, err)
			}
		}
		if e.place != "" && !e.uri && placeOf(e.place) != e.place {
			t.Fatalf("%q: place %q becomes %q", text, e.place, placeOf(e.place))
		}
	})
}

// What is taken of an entry of authorized_client_addresses is one rule.
func FuzzAuthorizedAddress(f *testing.F) {
	for _, seed := range []string{"10.0.0.1", "10.1.0.0/16", "::ffff:10.1.0.0/112", "::1", "host.example", "localhost", "a/b", "fe80::1%x", "::/0", "*"} {
		f.Add(seed)
	}
	none := func(context.Context, string) ([]netip.Addr, error) { return nil, nil }
	f.Fuzz(func(t *testing.T, text string) {
		h, err := newHosts([]string{text}, none, zap.NewNop())
		if err != nil {
			return
		}
		if len(h.fixed)+len(h.names) == 0 {
			t.Fatalf("%q: no rule", text)
		}
		for _, p := range h.fixed {
			if !p.IsValid() || p.Addr().Is4In6() || !h.admit(p.Addr()) {
				t.Fatalf("%q: %v", text, p)
			}
		}
	})
}
