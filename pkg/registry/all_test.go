package registry_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pytroll/posttroll-go/pkg/registry"
)

func TestAll(t *testing.T) {
	t.Parallel()
	table := registry.New(registry.Config{MaxAge: time.Minute, Grace: time.Second})
	begin := time.Unix(1_700_000_000, 0)
	source := registry.Source{Addr: netip.MustParseAddr("10.0.0.1"), Client: "lx1"}
	announce := func(uri string, secure bool, at time.Time) {
		t.Helper()
		p := registry.Publisher{URI: uri, Name: "address", Services: registry.Services{Names: []string{"viirs"}}, Data: fmt.Appendf(nil, `{"secure": %t`, secure), Secure: secure, Source: source}
		if _, _, err := table.Announce(p, at); err != nil {
			t.Fatal(err)
		}
	}
	count := func(plain, secure int) {
		t.Helper()
		if p, s := table.Count(); p != plain || s != secure || p+s != table.Len() {
			t.Errorf("%d plain and %d secure, want %d and %d of %d", p, s, plain, secure, table.Len())
		}
	}
	for i, uri := range []string{"tcp://a:1", "tcp://b:1", "tcp://c:1"} {
		announce(uri, i == 1, begin)
	}
	count(2, 1)
	announce("tcp://a:1", false, begin.Add(30*time.Second))
	if err := table.Withdraw("tcp://b:1", source, begin.Add(40*time.Second)); err != nil {
		t.Fatal(err)
	}
	count(2, 0)
	listing := func(uri string, secure bool, after, gap time.Duration) registry.Listing {
		return registry.Listing{
			Name: "address", Secure: secure,
			State: registry.State{URI: uri, Services: registry.Services{Names: []string{"viirs"}}, Source: source, Since: begin.Add(after), Gap: gap},
		}
	}
	withdrawn := listing("tcp://b:1", true, 40*time.Second, 0)
	withdrawn.Withdrawn = true
	check := func(want ...registry.Listing) {
		t.Helper()
		if diff := cmp.Diff(want, slices.Collect(table.All()), cmpopts.EquateComparable(netip.Addr{})); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
	check(listing("tcp://a:1", false, 30*time.Second, 30*time.Second), withdrawn, listing("tcp://c:1", false, 0, 0))

	announce("tcp://b:1", false, begin.Add(40500*time.Millisecond)) // it is back, and has moved to the other backend
	count(3, 0)
	announce("tcp://b:1", true, begin.Add(41*time.Second))
	count(2, 1)
	if gone := table.Expire(begin.Add(61 * time.Second)); len(gone) != 1 {
		t.Fatalf("%d are gone", len(gone))
	}
	count(1, 1)
	check(listing("tcp://a:1", false, 30*time.Second, 30*time.Second), listing("tcp://b:1", true, 41*time.Second, 500*time.Millisecond))
	table.Expire(begin.Add(time.Hour))
	count(0, 0)
	check()
}

// A large table is gone through in parts, in the midst of which it may change.
func TestAllOfMany(t *testing.T) {
	t.Parallel()
	table := registry.New(registry.Config{MaxAge: time.Minute})
	now := time.Unix(1_700_000_000, 0)
	const many = 2000
	for i := range many {
		p := registry.Publisher{URI: fmt.Sprintf("tcp://a:%d", i), Services: registry.Services{Names: []string{"x"}}, Data: []byte(`{"URI": "x"`)}
		if _, _, err := table.Announce(p, now.Add(time.Duration(i)*time.Millisecond)); err != nil {
			t.Fatal(err)
		}
	}
	var seen []string
	for l := range table.All() {
		seen = append(seen, l.URI)
		if len(seen) == 1 { // when the first of them were copied
			table.Expire(now.Add(time.Minute + time.Second))
		}
	}
	// Of the first 1000, which are gone, there is what was copied; the others follow.
	if len(seen) < many-1000 || len(seen) >= many || seen[0] != "tcp://a:0" || seen[len(seen)-1] != fmt.Sprintf("tcp://a:%d", many-1) {
		t.Errorf("%d were seen, from %s to %s", len(seen), seen[0], seen[len(seen)-1])
	}
	if rest := slices.Collect(table.All()); len(rest) != many-1000 || rest[0].URI != "tcp://a:1000" {
		t.Errorf("%d are left, from %s on", len(rest), rest[0].URI)
	}
}
