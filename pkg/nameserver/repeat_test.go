package nameserver_test

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// TestRepeat: who comes to the change feed is told of the publishers that came in the last half minute, of each once, and not of one that is gone.
func TestRepeat(t *testing.T) {
	t.Parallel()
	inSite(t, quiet(nil), func(t *testing.T, s *site) {
		old, young, gone := "tcp://10.0.0.3:50001", "tcp://10.0.0.3:50002", "tcp://10.0.0.3:50003"
		s.multicast(hostB, announcement(old, "x"))
		pass(25 * time.Second)
		s.multicast(hostB, announcement(young, "x"), announcement(gone, "x"))
		pass(6 * time.Second)
		s.multicast(hostB, announcement(young, "x", "alias")) // which the feed tells of, too
		s.multicast(hostB, withdrawal(gone, "x"))
		pass(time.Second)
		check(t, "changes", s.feed.changes(t), []string{"+" + old, "+" + young, "+" + gone, "+" + young})

		late := s.follow(hostB, address(t, feedURI), transport.SocketOptions{})
		defer late.close()
		pass(200 * time.Millisecond)
		told := late.take()
		check(t, "changes for who has come", len(told), 1)
		if m := decode(t, told[0]); !strings.Contains(string(m.RawData()), young) || !strings.Contains(string(m.RawData()), "alias") {
			t.Errorf("who has come is told %q", told[0])
		}
		check(t, "repeated", s.server.Stats().Repeated, uint64(1))

		// What is told from now on is told once.
		s.multicast(hostB, announcement("tcp://10.0.0.3:50004", "x"))
		pass(10 * time.Second)
		check(t, "changes for who has come", late.changes(t), []string{"+tcp://10.0.0.3:50004"})
	})
}

// TestRepeatTogether: what many have missed who come at the same time is told once, and to those who come after it once more, not sooner than a second later.
func TestRepeatTogether(t *testing.T) {
	t.Parallel()
	inSite(t, quiet(nil), func(t *testing.T, s *site) {
		s.multicast(hostB, announcement(liveB, "x"))
		pass(time.Second)
		s.feed.take()
		come := func(count int) {
			t.Helper()
			for range count {
				r := s.follow(hostB, address(t, feedURI), transport.SocketOptions{})
				t.Cleanup(r.close)
				pass(10 * time.Millisecond)
			}
		}
		come(5)
		pass(100 * time.Millisecond)
		check(t, "changes", s.feed.changes(t), []string{"+" + liveB})
		come(5)
		pass(500 * time.Millisecond)
		check(t, "changes", s.feed.changes(t), []string{})
		pass(500 * time.Millisecond)
		check(t, "changes", s.feed.changes(t), []string{"+" + liveB})
		pass(time.Minute)
		check(t, "changes", s.feed.changes(t), []string{})
	})
}

// TestRepeatDead: one that was found dead meanwhile is not told of again.
func TestRepeatDead(t *testing.T) {
	t.Parallel()
	inProbedSite(t, nil, func(t *testing.T, s *site, d *doors) {
		d.set(doorA, nil)
		stop := s.announcing(hostA, 2*time.Second, announcement(liveA, "x"))
		pass(5 * time.Second)
		stop()
		d.set(doorA, syscall.ECONNREFUSED)
		pass(6 * time.Second)
		late := s.follow(hostB, address(t, feedURI), transport.SocketOptions{})
		defer late.close()
		pass(time.Second)
		check(t, "changes", late.changes(t), []string{})
	})
}
