package registry

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

// TestNoNamesLeft: names that nobody offers any more are forgotten, in whatever order those who did have gone or taken others.
func TestNoNamesLeft(t *testing.T) {
	t.Parallel()
	const other = 'o' // what becomes of a publisher: it takes another name; else it goes
	for _, fates := range []string{"g", "o", "gg", "go", "og", "oo", "ggo", "gog", "ogg", "goo", "gggoo", "oggog", "goggg"} {
		t.Run(fates, func(t *testing.T) {
			t.Parallel()
			r := New(Config{MaxAge: time.Hour})
			now := time.Now()
			announce := func(i int, name string) {
				t.Helper()
				p := Publisher{URI: fmt.Sprintf("tcp://h:%d", i), Services: Services{Names: []string{name}}, Data: []byte(name), Source: Source{Addr: netip.IPv6Loopback()}}
				if _, _, err := r.Announce(p, now); err != nil {
					t.Fatal(err)
				}
			}
			for i := range fates {
				announce(i, "shared")
			}
			for i, fate := range fates {
				if fate == other {
					announce(i, "other")
					continue
				}
				if err := r.Withdraw(fmt.Sprintf("tcp://h:%d", i), Source{Addr: netip.IPv6Loopback()}, now); err != nil {
					t.Fatal(err)
				}
				r.Expire(now)
			}
			for i := range fates { // those that have taken the other one go, too
				_ = r.Withdraw(fmt.Sprintf("tcp://h:%d", i), Source{Addr: netip.IPv6Loopback()}, now) // some are unknown
			}
			r.Expire(now)
			if len(r.index.byName) > 0 || len(r.index.all.slots) > 0 {
				t.Errorf("left: %d names, %d slots", len(r.index.byName), len(r.index.all.slots))
			}
		})
	}
}
