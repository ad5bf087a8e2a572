package nameserver_test

import (
	"fmt"
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

// TestRepeatInTurn: one who comes while another goes is told, too, though nobody who counts them afterwards finds more than before.
func TestRepeatInTurn(t *testing.T) {
	t.Parallel()
	inSite(t, quiet(nil), func(t *testing.T, s *site) {
		there := s.follow(hostB, address(t, feedURI), transport.SocketOptions{})
		defer func() { there.close() }()
		for i := range 20 {
			pass(time.Minute) // what was told before is not repeated any more
			uri := fmt.Sprintf("tcp://10.0.0.3:%d", 50_000+i)
			s.multicast(hostB, announcement(uri, "x"))
			pass(time.Second)
			there.close() // and nobody looks before the next line
			there = s.follow(hostB, address(t, feedURI), transport.SocketOptions{})
			pass(time.Second)
			check(t, "changes for who has come", there.changes(t), []string{"+" + uri})
		}
		check(t, "repeated", s.server.Stats().Repeated, uint64(20))
	})
}

// TestRepeatRest: as somebody comes again and again, the pause between two repetitions doubles, up to 16 s; half a minute behind it without any brings it back.
func TestRepeatRest(t *testing.T) {
	t.Parallel()
	inSite(t, quiet(nil), func(t *testing.T, s *site) {
		for _, tt := range []struct {
			name string
			come time.Duration
			want []int // the seconds in which something was repeated
		}{
			{"at first", 70 * time.Second, []int{0, 1, 3, 7, 15, 31, 47, 63}},
			{"after a minute", 10 * time.Second, []int{0, 1, 3, 7}},
		} {
			repeated := []int{}
			for begin := time.Now(); time.Since(begin) < tt.come; {
				at, before := time.Since(begin), s.server.Stats().Repeated
				s.multicast(hostB, announcement(liveB, "x", at.String())) // there is always something to repeat
				pass(50 * time.Millisecond)
				s.follow(hostB, address(t, feedURI), transport.SocketOptions{}).close()
				pass(150 * time.Millisecond)
				if s.server.Stats().Repeated > before {
					repeated = append(repeated, int(at.Seconds()))
				}
			}
			check(t, "seconds with repetitions "+tt.name, repeated, tt.want)
			pass(time.Minute)
		}
	})
}

// TestRepeatWait: who has to wait for a repetition is told all of the half minute before it came, and nothing older.
func TestRepeatWait(t *testing.T) {
	t.Parallel()
	inSite(t, quiet(nil), func(t *testing.T, s *site) {
		uri := func(second int) string { return fmt.Sprintf("tcp://10.0.0.3:%d", 50_000+second) }
		for second := range 65 { // repetitions are at 0, 1, 3, 7, 15, 31, 47 and 63 s
			s.multicast(hostB, announcement(uri(second), "x"))
			s.follow(hostA, address(t, feedURI), transport.SocketOptions{}).close()
			pass(time.Second)
		}
		pass(4500 * time.Millisecond)
		late := s.follow(hostB, address(t, feedURI), transport.SocketOptions{})
		defer late.close()
		pass(9 * time.Second)
		check(t, "changes in the pause", late.changes(t), []string{})
		pass(2 * time.Second)
		var want []string
		for second := 40; second < 65; second++ { // it came at 69.5 s
			want = append(want, "+"+uri(second))
		}
		check(t, "changes after it", late.changes(t), want)
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
