package registry_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pytroll/posttroll-go/pkg/registry"
)

// The sources of these tests: with and without a key.
var (
	keyA    = registry.Source{Addr: hostA.Addr, Client: "alice"}
	keyB    = registry.Source{Addr: hostB.Addr, Client: "bob"}
	keyA2   = registry.Source{Addr: hostA.Addr, Client: "alice-2"} // the key that follows
	aliceAt = registry.Source{Addr: hostB.Addr, Client: "alice"}
)

// backed is a publisher with a backend and a note that can change.
func backed(secure bool, note string, source registry.Source) registry.Publisher {
	p := publisher("a", "x")
	p.Data = fmt.Appendf(p.Data, `, "secure": %t, "note": %q`, secure, note)
	p.Secure, p.Source = secure, source
	return p
}

func TestWhoMayChange(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name               string
		owner, other       registry.Source
		renew, change, own error // to announce it as it is, to change other things, to change its backend
		withdraw           error
	}{
		{"same address", hostA, hostA, nil, nil, nil, nil},
		{"other address", hostA, hostB, nil, nil, registry.ErrForeign, registry.ErrForeign},
		{"no address", hostA, registry.Source{}, nil, nil, registry.ErrForeign, registry.ErrForeign},
		{"a key", hostA, keyA, nil, nil, nil, nil},
		{"a key of another address", hostA, keyB, nil, nil, nil, registry.ErrForeign},
		{"of a key, same key", keyA, keyA, nil, nil, nil, nil},
		{"of a key, same key elsewhere", keyA, aliceAt, nil, nil, nil, nil},
		{"of a key, the next one", keyA, keyA2, nil, nil, nil, nil},
		{"of a key, another key", keyA, keyB, nil, registry.ErrForeign, registry.ErrForeign, registry.ErrForeign},
		{"of a key, without one", keyA, hostA, nil, registry.ErrForeign, registry.ErrForeign, registry.ErrForeign},
		{"of a key, other address", keyA, hostB, nil, registry.ErrForeign, registry.ErrForeign, registry.ErrForeign},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			listed := func() *registry.Registry {
				r := registry.New(config())
				announce(t, r, start, registry.Added, backed(true, "", tt.owner))
				return r
			}
			is := func(what string, err, want error) {
				t.Helper()
				if !errors.Is(err, want) || (err == nil) != (want == nil) {
					t.Errorf("%s: got %v, want %v", what, err, want)
				}
			}
			_, _, err := listed().Announce(backed(true, "", tt.other), start)
			is("renew", err, tt.renew)
			_, _, err = listed().Announce(backed(true, "new", tt.other), start)
			is("change", err, tt.change)
			_, _, err = listed().Announce(backed(false, "", tt.other), start)
			is("move", err, tt.own)
			is("withdraw", listed().Withdraw("a", tt.other, start), tt.withdraw)

			// What was refused does not renew.
			r := listed()
			if _, _, err := r.Announce(backed(false, "", tt.other), start.Add(time.Minute)); err != nil {
				gone := r.Expire(start.Add(config().MaxAge + time.Second))
				check(t, "expired", uris(gone), []string{"a"})
			}

			// One that was withdrawn is everybody's.
			r = listed()
			is("withdraw", r.Withdraw("a", tt.owner, start), nil)
			_, _, err = r.Announce(backed(false, "", tt.other), start)
			is("announce again", err, nil)
			is("withdraw again", r.Withdraw("a", tt.other, start), nil)
		})
	}
}

// TestFirstKeyOwns: an entry that came without a key belongs to the first source with one that announces it.
func TestFirstKeyOwns(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.MaxPerSource = 1
	r := registry.New(cfg)
	announce(t, r, start, registry.Added, backed(true, "", hostA))
	announce(t, r, start, registry.Renewed, backed(true, "", keyB))
	if err := r.Withdraw("a", hostA, start); !errors.Is(err, registry.ErrForeign) {
		t.Errorf("withdrawn by the address that came first: %v", err)
	}
	// It counts against the share of its owner.
	p := publisher("b", "x")
	announce(t, r, start, registry.Added, p)
	p.URI, p.Source = "c", hostB
	if _, _, err := r.Announce(p, start); !errors.Is(err, registry.ErrSourceFull) {
		t.Errorf("the share of the owner is not full: %v", err)
	}
}

func TestMoved(t *testing.T) {
	t.Parallel()
	r := registry.New(config())
	was := backed(false, "", hostA)
	was.Services.Names = []string{"before"}
	announce(t, r, start, registry.Added, was, publisher("b", "x"))
	move := func(p registry.Publisher, want registry.Removal) {
		t.Helper()
		outcome, before, err := r.Announce(p, start.Add(time.Minute))
		if outcome != registry.Moved || before == nil || err != nil {
			t.Fatalf("got %v, %v, %v", outcome, before, err)
		}
		if diff := cmp.Diff(want, *before, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
			t.Errorf("before (-want +got):\n%s", diff)
		}
	}
	first := registry.Removal{
		URI: "a", Name: "address", Services: registry.Services{Names: []string{"before"}}, Source: hostA, Since: start,
	}
	move(backed(true, "", hostA), first)
	check(t, "plain", found(t, r, registry.Query{}), []string{"b"})
	check(t, "all, in the old place", found(t, r, registry.Query{Secure: true}), []string{"a", "b"})

	// One that comes back from a withdrawal with the other backend has moved, too.
	second := registry.Removal{
		URI: "a", Name: "address", Services: registry.Services{Names: []string{"x"}}, Source: hostA,
		Secure: true, Withdrawn: true, Since: start.Add(time.Minute),
	}
	if err := r.Withdraw("a", hostA, start.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	move(backed(false, "", hostA), second)
	check(t, "plain", found(t, r, registry.Query{}), []string{"a", "b"})
}

// TestSharesComeBack does random things from many sources, and finds that nothing of their shares is lost when all is gone.
func TestSharesComeBack(t *testing.T) {
	t.Parallel()
	const share = 5
	cfg := config()
	cfg.MaxPerSource, cfg.MaxEntries = share, 0
	sources := []registry.Source{hostA, hostB, keyA, keyB, keyA2, aliceAt, {}}
	for seed := range uint64(20) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		r, now := registry.New(cfg), start
		for range 2000 {
			now = now.Add(time.Duration(rnd.Int64N(int64(10 * time.Second))))
			source := sources[rnd.IntN(len(sources))]
			p := backed(rnd.IntN(2) == 0, fmt.Sprint(rnd.IntN(3)), source)
			p.URI = fmt.Sprint("u", rnd.IntN(10))
			var err error
			switch rnd.IntN(6) {
			case 0:
				err = r.Withdraw(p.URI, source, now)
			case 1:
				r.Expire(now)
			default:
				_, _, err = r.Announce(p, now)
			}
			if err != nil && !errors.Is(err, registry.ErrForeign) && !errors.Is(err, registry.ErrSourceFull) && !errors.Is(err, registry.ErrUnknown) {
				t.Fatal(err)
			}
		}
		r.Expire(now.Add(2 * cfg.MaxAge))
		if n := r.Len(); n != 0 {
			t.Fatalf("%d are left", n)
		}
		for _, source := range []registry.Source{hostA, hostB, {}} {
			for i := range share + 1 {
				p := backed(false, "", source)
				p.URI = fmt.Sprint("again", source.Addr, i)
				_, _, err := r.Announce(p, now)
				if full := errors.Is(err, registry.ErrSourceFull); full != (i == share) {
					t.Errorf("seed %d: entry %d of %s: %v", seed, i, source.Addr, err)
				}
			}
		}
	}
}
