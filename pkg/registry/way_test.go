package registry_test

import (
	"testing"
	"time"
	"unsafe"

	"github.com/pytroll/posttroll-go/pkg/registry"
)

func direct(p registry.Publisher) registry.Publisher {
	p.Way = registry.Direct
	return p
}

func TestHold(t *testing.T) {
	t.Parallel()
	r := registry.New(config())
	announce(t, r, start, registry.Added, publisher("a"), direct(publisher("b")), publisher("c"))
	if err := r.Withdraw("c", hostA, start); err != nil {
		t.Fatal(err)
	}
	r.Hold(registry.Group)
	check(t, "direct and withdrawn ones go", uris(r.Expire(start.Add(time.Hour))), []string{"b", "c"})
	if due, ok := r.Next(); ok {
		t.Errorf("next: got %v", due)
	}
	check(t, "held", found(t, r, registry.Query{}), []string{"a"})

	released := start.Add(2 * time.Hour)
	r.Release(registry.Group, released)
	due, _ := r.Next()
	check(t, "next", due, released.Add(10*time.Minute+1))
	check(t, "after the hold", uris(r.Expire(released.Add(10*time.Minute))), []string{})
	announce(t, r, released.Add(5*time.Minute), registry.Added, publisher("d"))
	check(t, "older", uris(r.Expire(released.Add(10*time.Minute+1))), []string{"a"})
	check(t, "left", found(t, r, registry.Query{}), []string{"d"})
}

func TestForgive(t *testing.T) {
	t.Parallel()
	r := registry.New(config())
	announce(t, r, start, registry.Added, publisher("a"), direct(publisher("b")), publisher("c"))
	if err := r.Withdraw("c", hostA, start); err != nil {
		t.Fatal(err)
	}
	resumed := start.Add(time.Hour)
	r.Forgive(resumed)
	check(t, "at once", uris(r.Expire(resumed)), []string{})
	check(t, "withdrawn", uris(r.Expire(resumed.Add(30*time.Second))), []string{"c"})
	check(t, "silent", uris(r.Expire(resumed.Add(10*time.Minute+1))), []string{"a", "b"})
}

func TestAnnouncedAnotherWay(t *testing.T) {
	t.Parallel()
	r := registry.New(config())
	announce(t, r, start, registry.Added, publisher("a"))
	r.Hold(registry.Group)
	announce(t, r, start, registry.Renewed, direct(publisher("a")))
	check(t, "is no longer held", uris(r.Expire(start.Add(time.Hour))), []string{"a"})
}

// jumped is what time.Now would return, had the clock on the wall been set by d: seconds since 1885 stand in 33 bits of the first word while there
// is a reading of the monotonic clock.
func jumped(t *testing.T, now time.Time, d time.Duration) time.Time {
	t.Helper()
	type layout struct {
		wall uint64
		ext  int64
		loc  *time.Location
	}
	if unsafe.Sizeof(now) != unsafe.Sizeof(layout{}) {
		t.Fatal("time.Time has changed")
	}
	then := now
	words := (*layout)(unsafe.Pointer(&then))
	words.wall += uint64(int64(d/time.Second)) << 30 // wraps to less where d is negative
	if got := then.Round(0).Sub(now.Round(0)); got != d || then.Sub(now) != 0 {
		t.Fatalf("time.Time has changed: jump of %s is %s, %s", d, got, then.Sub(now))
	}
	return then
}

// Ages are told by the monotonic clock: an hour on the wall, either way, makes nobody older or younger.
func TestClockJumps(t *testing.T) {
	t.Parallel()
	for _, jump := range []time.Duration{time.Hour, -time.Hour, 40 * 24 * time.Hour} {
		t.Run(jump.String(), func(t *testing.T) {
			t.Parallel()
			r := registry.New(config())
			now := time.Now()
			announce(t, r, now, registry.Added, publisher("a"), publisher("w"))
			if err := r.Restore(registry.Saved{Publisher: publisher("b"), Announced: now.Round(0).Add(-time.Minute)}, now); err != nil {
				t.Fatal(err)
			}
			if err := r.Withdraw("w", hostA, now); err != nil {
				t.Fatal(err)
			}
			at := func(d time.Duration) time.Time { return jumped(t, now.Add(d), jump) }
			check(t, "in grace", uris(r.Expire(at(29*time.Second))), []string{})
			check(t, "withdrawn", uris(r.Expire(at(30*time.Second))), []string{"w"})
			announce(t, r, at(time.Minute), registry.Added, publisher("c"))
			check(t, "at max age", uris(r.Expire(at(10*time.Minute))), []string{})
			check(t, "older", uris(r.Expire(at(10*time.Minute+1))), []string{"a", "b"})
			r.Hold(registry.Group)
			r.Release(registry.Group, at(11*time.Minute))
			check(t, "after a hold", uris(r.Expire(at(21*time.Minute))), []string{})
			check(t, "older than that", uris(r.Expire(at(21*time.Minute+1))), []string{"c"})
		})
	}
}
