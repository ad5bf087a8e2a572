package registry_test

import (
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/registry"
)

// TestRenew: an entry grows young again, and nothing else in it changes.
func TestRenew(t *testing.T) {
	t.Parallel()
	r := registry.New(config())
	renew := func(p registry.Publisher, now time.Time, changes bool) {
		t.Helper()
		if got := r.Changes(p); got != changes {
			t.Errorf("%s: changes something: %v, want %v", p.URI, got, changes)
		}
		r.Renew(p, now)
	}
	renew(publisher("a", "x"), start, false)
	announce(t, r, start, registry.Added, publisher("a", "x"), publisher("b", "x"), publisher("c", "x"))
	later := start.Add(9 * time.Minute)
	renew(publisher("a", "x"), later, false)
	other := publisher("b", "y")
	other.Secure = true // which is not for everybody to change
	other.Source = hostB
	renew(other, later, true)
	if err := r.Withdraw("c", hostA, later); err != nil {
		t.Fatal(err)
	}
	renew(publisher("c", "x"), later, true)
	check(t, "found", found(t, r, registry.Query{Service: "x"}), []string{"a", "b"})
	check(t, "expired", uris(r.Expire(later.Add(9*time.Minute))), []string{"c"})
	check(t, "found", found(t, r, registry.Query{Service: "x"}), []string{"a", "b"})
}
