package registry_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pytroll/posttroll-go/pkg/registry"
)

// again is a table that starts with what r had.
func again(t *testing.T, r *registry.Registry, now time.Time) *registry.Registry {
	t.Helper()
	fresh := registry.New(config())
	for s := range r.Saved() {
		if err := fresh.Restore(s, now); err != nil {
			t.Fatal(err)
		}
	}
	return fresh
}

func TestRestoredIsWhatWasSaved(t *testing.T) {
	t.Parallel()
	r := registry.New(config())
	secure := publisher("secure", "viirs")
	secure.Secure, secure.Source = true, registry.Source{Addr: hostB.Addr, Client: "lx1"}
	naive := publisher("naive", "sdr")
	naive.NaiveData, naive.Way = []byte(`{"URI": "naive", "x`), registry.Direct
	own := publisher("own", "viirs")
	own.Way = registry.Own
	announce(t, r, start, registry.Added, secure, own, naive, textPublisher("text", "viirs_edr"), publisher("gone", "viirs"))
	if err := r.Withdraw("gone", hostA, start.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	fresh := again(t, r, start.Add(time.Hour))
	saved := slices.DeleteFunc(slices.Collect(r.Saved()), func(s registry.Saved) bool { return s.Withdrawn })
	restored := slices.DeleteFunc(slices.Collect(fresh.Saved()), func(s registry.Saved) bool { return s.Withdrawn })
	if diff := cmp.Diff(saved, restored, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	check(t, "saved", len(saved), 3)
	check(t, "found", found(t, fresh, registry.Query{Service: "viirs", Secure: true}), []string{"secure", "text"})
	check(t, "plain", found(t, fresh, registry.Query{Service: "viirs"}), []string{"text"})
	check(t, "unconfirmed", fresh.Unconfirmed(), 3)
	check(t, "withdrawn", uris(fresh.Expire(start.Add(time.Hour+30*time.Second))), []string{"gone"})
}

func TestRestoredSaysThatItIsUnconfirmed(t *testing.T) {
	t.Parallel()
	r := registry.New(config())
	p := publisher("a", "viirs")
	p.NaiveData = []byte(`{"naive": 1`)
	announce(t, r, start, registry.Added, p)
	fresh := again(t, r, start.Add(time.Hour))
	const stamp = `, "receive_time": "2024-05-17T09:41:12.345678+00:00"`
	read := func(naive bool) string {
		b, _ := fresh.AppendMatches(nil, registry.Query{Naive: naive})
		return string(b)
	}
	check(t, "entry", read(false), string(p.Data)+stamp+`, "unconfirmed": true}`)
	check(t, "naive", read(true), string(p.NaiveData)+stamp+`, "unconfirmed": true}`)

	announce(t, fresh, start.Add(time.Hour), registry.Confirmed, p)
	announce(t, fresh, start.Add(time.Hour), registry.Renewed, p)
	check(t, "confirmed", read(false), string(p.Data)+strings.Replace(stamp, "09:", "10:", 1)+`}`)
	check(t, "unconfirmed", fresh.Unconfirmed(), 0)
}

func TestRestoredAgesFromTheStart(t *testing.T) {
	t.Parallel()
	for name, saved := range map[string]time.Time{
		"yesterday": start.Add(-24 * time.Hour), "now": start, "tomorrow: the clock was wrong": start.Add(24 * time.Hour),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := registry.New(config())
			if err := r.Restore(registry.Saved{Publisher: publisher("a", "viirs"), Announced: saved}, start); err != nil {
				t.Fatal(err)
			}
			due, ok := r.Next()
			check(t, "next", []any{due, ok}, []any{start.Add(10*time.Minute + 1), true})
			check(t, "at max age", uris(r.Expire(start.Add(10*time.Minute))), []string{})
			check(t, "older", uris(r.Expire(start.Add(10*time.Minute+1))), []string{"a"})
			check(t, "unconfirmed", r.Unconfirmed(), 0)
		})
	}
}

func TestRestoredKeepsItsOwner(t *testing.T) {
	t.Parallel()
	withKey := registry.Source{Addr: hostA.Addr, Client: "lx1"}
	p := publisher("a", "viirs")
	p.Secure, p.Source = true, withKey
	plain := publisher("a", "viirs")
	plain.Source = hostB
	changed := publisher("a", "other")
	changed.Source, changed.Secure = hostB, true

	r := registry.New(config())
	if err := r.Restore(registry.Saved{Publisher: p, Announced: start}, start); err != nil {
		t.Fatal(err)
	}
	if err := r.Restore(registry.Saved{Publisher: plain, Announced: start}, start); err != registry.ErrListed {
		t.Errorf("a second one: got %v", err)
	}
	for name, q := range map[string]registry.Publisher{"plain": {URI: "a", Data: []byte("{"), Source: hostB}, "changed": changed} {
		if _, _, err := r.Announce(q, start); err != registry.ErrForeign {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if err := r.Withdraw("a", hostA, start); err != registry.ErrForeign {
		t.Errorf("withdrawal: got %v", err)
	}
	check(t, "unconfirmed", r.Unconfirmed(), 1)
	announce(t, r, start, registry.Confirmed, p)
}

func TestRestoringIsBounded(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.MaxEntries, cfg.MaxPerSource = 2, 1
	r := registry.New(cfg)
	b, c := publisher("b"), publisher("c")
	b.Source, c.Source = hostB, registry.Source{Addr: netip.MustParseAddr("10.0.0.3")}
	for _, tt := range []struct {
		p    registry.Publisher
		want error
	}{{publisher("a"), nil}, {publisher("a2"), registry.ErrSourceFull}, {b, nil}, {c, registry.ErrTableFull}} {
		if err := r.Restore(registry.Saved{Publisher: tt.p}, start); err != tt.want {
			t.Errorf("%s: got %v, want %v", tt.p.URI, err, tt.want)
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	r := registry.New(config())
	last := r.Version()
	changes := func(what string, want bool, f func()) {
		t.Helper()
		f()
		if got := r.Version() != last; got != want {
			t.Errorf("%s: changed %t, want %t", what, got, want)
		}
		last = r.Version()
	}
	p := publisher("a", "viirs")
	changes("added", true, func() { announce(t, r, start, registry.Added, p) })
	changes("renewed", false, func() { announce(t, r, start, registry.Renewed, p) })
	p.Source.Client = "lx1"
	changes("owned", true, func() { announce(t, r, start, registry.Renewed, p) })
	p.Way = registry.Direct
	changes("another way", true, func() { announce(t, r, start, registry.Renewed, p) })
	changes("withdrawn", true, func() {
		if err := r.Withdraw("a", p.Source, start); err != nil {
			t.Fatal(err)
		}
	})
	changes("nothing due", false, func() { r.Expire(start) })
	changes("removed", true, func() { r.Expire(start.Add(time.Hour)) })
}

// Saving a table that changes meanwhile ends, and has what was there all the time once.
func TestSavedWhileItChanges(t *testing.T) {
	t.Parallel()
	r := registry.New(config())
	for i := range 2000 {
		announce(t, r, start, registry.Added, typical(i))
	}
	seen := map[string]int{}
	n := 0
	for s := range r.Saved() {
		seen[s.URI]++
		n++
		if n < 500 {
			announce(t, r, start.Add(time.Hour), registry.Added, typical(10_000+n))
		}
		if n == 300 {
			announce(t, r, start.Add(time.Hour), registry.Renewed, typical(1999))
			check(t, "removed", len(r.Expire(start.Add(time.Hour))), 1999)
		}
	}
	check(t, "kept", seen[typical(1999).URI], 1)
	for uri, times := range seen {
		if times != 1 {
			t.Errorf("%s: %d times", uri, times)
		}
	}
}
