package main

import (
	"testing"
	"time"
)

func TestStalls(t *testing.T) {
	t.Parallel()
	var s stalls
	begin := time.Now()
	at := func(seconds int) time.Time { return begin.Add(time.Duration(seconds) * time.Second) }
	s.note(at(1), 999*time.Millisecond)
	s.note(at(2), 3*time.Second)
	s.note(at(3), 2*time.Second)
	for from, want := range map[int]time.Duration{0: 3 * time.Second, 2: 2 * time.Second, 3: 0} {
		if got := s.since(at(from)); got != want {
			t.Errorf("since %d s: %s, want %s", from, got, want)
		}
	}
	if n, longest := s.count(); n != 2 || longest != 3*time.Second {
		t.Errorf("%d, the longest %s, want 2 and 3s", n, longest)
	}
}
