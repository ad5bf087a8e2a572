package registry_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/registry"
)

// The silence of these tests.
const after = 5 * time.Second

func states(all []registry.State) []string {
	s := []string{}
	for _, e := range all {
		s = append(s, e.URI)
	}
	return s
}

// TestSilent: each entry is told of once for each time that it falls silent.
func TestSilent(t *testing.T) {
	t.Parallel()
	r, now := registry.New(config()), start
	silent := func(want ...string) {
		t.Helper()
		check(t, "silent", states(r.Silent(now, after, 2)), append([]string{}, want...))
	}
	next := func(want time.Time) {
		t.Helper()
		if got, ok := r.NextSilent(after); !got.Equal(want) || ok == want.IsZero() {
			t.Errorf("next: got %v, %v, want %v", got, ok, want)
		}
	}
	next(time.Time{})
	announce(t, r, now, registry.Added, publisher("a"), publisher("b"), publisher("c"), publisher("d"))
	next(start.Add(after))
	now = start.Add(after - 1)
	silent()
	announce(t, r, now, registry.Renewed, publisher("b"))
	now = start.Add(after)
	silent("a", "c")
	next(start.Add(after))
	silent("d")
	silent()
	next(start.Add(2*after - 1)) // b

	// One that was told of is told of again when it was announced and is silent again; what is withdrawn is not silent.
	announce(t, r, now, registry.Renewed, publisher("c"))
	if err := r.Withdraw("b", hostA, now); err != nil {
		t.Fatal(err)
	}
	now = now.Add(after)
	silent("c")
	silent()
	next(time.Time{})
	announce(t, r, now, registry.Added, publisher("e"))
	next(now.Add(after))
}

// TestGap: the time between announcements is known, also when each comes twice, and an interruption is soon forgotten.
func TestGap(t *testing.T) {
	t.Parallel()
	r, now := registry.New(config()), start
	gap := func(low, high time.Duration) {
		t.Helper()
		if s, ok := r.State("a"); !ok || s.Gap < low || s.Gap > high || !s.Since.Equal(now) {
			t.Errorf("got %+v, %v, want a gap of %s to %s", s, ok, low, high)
		}
	}
	again := func(after time.Duration) {
		now = now.Add(after)
		announce(t, r, now, registry.Renewed, publisher("a"))
	}
	announce(t, r, now, registry.Added, publisher("a"))
	gap(0, 0)
	for range 10 {
		again(2 * time.Second)
		gap(2*time.Second, 2*time.Second)
		again(time.Millisecond)
		gap(1500*time.Millisecond, 2*time.Second)
	}
	again(5 * time.Minute)
	gap(5*time.Minute, 5*time.Minute)
	for range 20 {
		again(2 * time.Second)
	}
	gap(2*time.Second, 2*time.Second)

	// The time from a withdrawal to the return is none between announcements.
	if err := r.Withdraw("a", hostA, now); err != nil {
		t.Fatal(err)
	}
	if s, ok := r.State("a"); ok {
		t.Errorf("withdrawn, and yet %+v", s)
	}
	now = now.Add(20 * time.Second)
	announce(t, r, now, registry.Returned, publisher("a"))
	gap(2*time.Second, 2*time.Second)
}

// TestBury: nobody finds what is buried; it is removed after a while, or comes back as if nothing had been.
func TestBury(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.DeadGrace = 5 * time.Second
	r := registry.New(cfg)
	announce(t, r, start, registry.Added, publisher("a", "x"), publisher("b", "x"), publisher("c", "x"))
	announce(t, r, start.Add(time.Second), registry.Renewed, publisher("c", "x"))
	r.Reached("b", registry.Answers)
	verdict := start.Add(10 * time.Second)
	for uri, want := range map[string]bool{"a": true, "b": true, "c": false, "d": false} { // c has been heard of, d is unknown
		state, ok := r.Bury(uri, start, verdict)
		if ok != want || ok && (state.URI != uri || !state.Since.Equal(start)) {
			t.Errorf("%s: got %+v, %v, want %v", uri, state, ok, want)
		}
	}
	if _, ok := r.Bury("a", verdict, verdict); ok {
		t.Error("buried twice")
	}
	check(t, "found", found(t, r, registry.Query{Service: "x"}), []string{"c"})
	if r.Len() != 1 {
		t.Errorf("%d are listed", r.Len())
	}
	if next, ok := r.Next(); !ok || !next.Equal(verdict.Add(cfg.DeadGrace)) {
		t.Errorf("next: %v, %v", next, ok)
	}
	check(t, "too early", uris(r.Expire(verdict.Add(cfg.DeadGrace-1))), []string{})

	announce(t, r, verdict, registry.Returned, publisher("b", "x"))
	if s, _ := r.State("b"); s.Reach != registry.Untried {
		t.Errorf("what was known of b's address counts for one that has come back: %+v", s)
	}
	check(t, "found", found(t, r, registry.Query{Service: "x"}), []string{"b", "c"})

	gone := r.Expire(verdict.Add(cfg.DeadGrace))
	check(t, "gone", uris(gone), []string{"a"})
	if !gone[0].Dead || gone[0].Withdrawn || !gone[0].Since.Equal(verdict) {
		t.Errorf("got %+v", gone[0])
	}
}

// TestSiblings: earlier runs have the same first name and the same host, and another port.
func TestSiblings(t *testing.T) {
	t.Parallel()
	r := registry.New(config())
	announce(t, r, start, registry.Added,
		publisher("tcp://10.0.0.1:1", "x", "alias"),
		publisher("tcp://10.0.0.2:2", "x"),
		publisher("tcp://10.0.0.1:3", "y", "x"),
		publisher("tcp://10.0.0.1:4", "x"),
		publisher("tcp://10.0.0.1:5", "x"),
		publisher("tcp://10.0.0.10:6", "x"),
		publisher("tcp://10.0.0.1:7", "x", "other"),
		publisher("tcp://10.0.0.1:8", "x"),
		publisher("tcp://10.0.0.1:9"),
		textPublisher("tcp://10.0.0.1:10", "x"),
	)
	if err := r.Withdraw("tcp://10.0.0.1:4", hostA, start); err != nil {
		t.Fatal(err)
	}
	check(t, "siblings", states(r.Siblings("tcp://10.0.0.1:7")), []string{"tcp://10.0.0.1:5", "tcp://10.0.0.1:1"})
	for _, none := range []string{"tcp://10.0.0.1:1", "tcp://10.0.0.1:9", "tcp://10.0.0.1:10", "unknown"} {
		check(t, "siblings of "+none, states(r.Siblings(none)), []string{})
	}

	// However many there are, the newest are looked at alone.
	for i := range 1000 {
		announce(t, r, start, registry.Added, publisher(fmt.Sprint("tcp://10.0.0.1:", 1000+i), "x"))
	}
	if n := len(r.Siblings("tcp://10.0.0.1:1999")); n != 255 {
		t.Errorf("%d siblings", n)
	}
}
