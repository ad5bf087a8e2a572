package discovery

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// services returns the services in what was sent since the last call.
func (h *heard) services(t *testing.T) []string {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []string
	for _, f := range h.frames {
		a, err := ParseAnnouncement(decode(t, string(f)))
		must(t, err)
		all = append(all, strings.Join(a.Services, " "))
	}
	h.frames = nil
	return all
}

// A change is announced at once, further ones at most four times a second, and what is no change not at all.
func TestReannounce(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &heard{}
		a, stop := announce(t, AnnouncerConfig{Announcement: viirs, Group: h, Interval: time.Hour})
		defer stop()
		time.Sleep(time.Minute)
		h.services(t)
		want := func(when string, want ...string) {
			t.Helper()
			synctest.Wait()
			if diff := cmp.Diff(want, h.services(t)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", when, diff)
			}
		}
		must(t, a.Reannounce([]string{"viirs", "new"}, Relaying{}))
		want("at once", "viirs new")
		for i := range 10 {
			must(t, a.Reannounce([]string{"viirs", fmt.Sprint(i)}, Relaying{}))
		}
		want("directly behind")
		time.Sleep(changePause)
		want("after a pause, the last", "viirs 9")
		must(t, a.Reannounce([]string{"viirs", "9"}, Relaying{}))
		time.Sleep(time.Minute)
		want("what is announced already")
		must(t, a.Reannounce([]string{"viirs", "9"}, Relaying{ID: "x.1"}))
		want("with the name of a relay", "viirs 9")

		if err := a.Reannounce([]string{strings.Repeat("x", 1024)}, Relaying{ID: "x.1"}); err == nil {
			t.Error("what does not fit a datagram is taken")
		}
		if err := a.Reannounce([]string{"\xff"}, Relaying{ID: "x.1"}); err == nil {
			t.Error("what is not UTF-8 is taken")
		}
		time.Sleep(time.Minute)
		want("what can't be announced")
		if got := a.Announcement().Relaying().ID; got != "x.1" {
			t.Errorf("afterwards it is %q", got)
		}
	})
}

// A first announcement that is held comes with the first change, or when the hold is over.
func TestHold(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		for _, changed := range []time.Duration{0, time.Second, time.Hour} {
			h := &heard{}
			a, err := NewAnnouncer(AnnouncerConfig{Announcement: viirs, Group: h, Interval: time.Hour, Hold: 3 * time.Second})
			must(t, err)
			if changed == 0 {
				must(t, a.Reannounce([]string{"new"}, Relaying{}))
			}
			begin := time.Now()
			stop := run(t, a)
			if changed == time.Second {
				time.Sleep(changed)
				must(t, a.Reannounce([]string{"new"}, Relaying{}))
			}
			time.Sleep(10 * time.Second)
			stop()
			_, times := h.all()
			first := h.services(t)[0]
			want, after := "new", min(changed, 3*time.Second)
			if changed == time.Hour {
				want = "viirs sdr"
			}
			if got := times[0].Sub(begin); first != want || got != after {
				t.Errorf("changed after %s: %q was announced after %s, want %q after %s", changed, first, got, want, after)
			}
		}
	})
}

// One that is stopped while it is held announces nothing.
func TestStoppedWhileHeld(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &heard{}
		_, stop := announce(t, AnnouncerConfig{Announcement: viirs, Group: h, Hold: time.Minute})
		time.Sleep(time.Second)
		stop()
		if got := h.services(t); len(got) != 0 {
			t.Errorf("announced: %q", got)
		}
	})
}

// A host that gets another address keeps what was changed, and room is kept for it.
func TestReannounceAndMove(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		a, err := NewAnnouncer(AnnouncerConfig{Announcement: viirs, Group: &heard{}, FollowAddress: true})
		must(t, err)
		fixed, err := NewAnnouncer(AnnouncerConfig{Announcement: viirs, Group: &heard{}})
		must(t, err)
		room, err := a.Room(viirs.Services, Relaying{})
		must(t, err)
		more, err := fixed.Room(viirs.Services, Relaying{})
		must(t, err)
		if got := more - room; got != len(longestHost)-len("10.0.0.9") {
			t.Errorf("%d bytes are kept for another address", got)
		}
		must(t, a.Reannounce([]string{"viirs", "new"}, Relaying{ID: "x.1"}))
		a.move(netip.MustParseAddr("10.0.0.77"))
		if got := a.Announcement(); got.URI != "tcp://10.0.0.77:9010" || len(got.Services) != 2 || got.Relaying().ID != "x.1" {
			t.Errorf("moved: %+v", got)
		}
	})
}
