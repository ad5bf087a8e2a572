package nameserver_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/pytroll/posttroll-go/pkg/nameserver"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// TestHundredsBehindOneAddress: with the defaults 500 publishers behind one address, which bring their announcements every 2 s, are all listed and stay, while
// another address sends as much as it can.
func TestHundredsBehindOneAddress(t *testing.T) {
	t.Parallel()
	inSite(t, quiet(nil), func(t *testing.T, s *site) {
		for range 20 {
			for i := range 500 {
				s.register(hostA, announcement(fmt.Sprint("tcp://10.0.0.9:", 20000+i), "x"))
			}
			for i := range 200 {
				s.multicast(hostB, announcement(fmt.Sprint("tcp://10.0.0.3:", 20000+i), "y"))
			}
			pass(2 * time.Second)
		}
		if n := len(s.listed("x")); n != 500 {
			t.Errorf("%d are listed", n)
		}
		check(t, "refused", s.server.Stats().Refused, map[string]uint64{})
	})
}

// TestTooManyDatagrams: a host that floods the group is passed over while others announce themselves, and these lose nothing.
func TestTooManyDatagrams(t *testing.T) {
	t.Parallel()
	limit := func(c *nameserver.Config) { c.MaxAnnouncementsPerSource = 10 }
	inSite(t, quiet(limit), func(t *testing.T, s *site) {
		flood := func(n int) {
			for range n {
				s.multicast(hostB, announcement("tcp://10.0.0.3:1", "y"))
			}
		}
		flood(1000)
		check(t, "refused while it is alone", s.server.Stats().Refused, map[string]uint64{})
		s.multicast(hostA, announcement(uriA, "x"))
		flood(1000)
		check(t, "refused", s.server.Stats().Refused, map[string]uint64{"too_many": 1000})
		s.multicast(hostA, announcement("tcp://10.0.0.2:9", "x"))
		check(t, "listed", len(s.listed("x")), 2)
		pass(10 * time.Second)
		s.multicast(hostA, announcement(uriA, "x"))
		flood(40) // has its quota again
		check(t, "refused", s.server.Stats().Refused, map[string]uint64{"too_many": 1000})
		check(t, "log", s.logged(zapcore.WarnLevel), []string{"announcement refused"})
	})
}

// TestThisHostIsOne: what comes from this host by datagrams and over connections is of one host, which nobody has to share with.
func TestThisHostIsOne(t *testing.T) {
	t.Parallel()
	limit := func(c *nameserver.Config) { c.MaxAnnouncementsPerSource = 10 }
	inSite(t, quiet(limit), func(t *testing.T, s *site) {
		s.register(serverHost, announcement("tcp://10.0.0.1:1", "x"))
		for range 1000 {
			s.multicast(serverHost, announcement("tcp://10.0.0.1:2", "y"))
			s.register(serverHost, announcement("tcp://10.0.0.1:1", "x"))
		}
		s.multicast(serverHost, announcement("tcp://10.0.0.1:3", "z"))
		check(t, "listed", len(s.listed("z")), 1)
		check(t, "refused", s.server.Stats().Refused, map[string]uint64{})
	})
}

// TestTooManyChanges: what changes all the time is renewed, and its changes do not reach the feed.
func TestTooManyChanges(t *testing.T) {
	t.Parallel()
	limit := func(c *nameserver.Config) { c.MaxChangesPerSource = 10 }
	inSite(t, quiet(limit), func(t *testing.T, s *site) {
		for i := range 300 {
			s.multicast(hostB, announcement("tcp://10.0.0.3:1", fmt.Sprint("y", i)))
		}
		if n := len(s.feed.changes(t)); n < 40 || n > 50 {
			t.Errorf("%d changes", n)
		}
		s.multicast(hostA, announcement(uriA, "x"), announcement(uriA, "x", "z"))
		check(t, "another's changes", s.feed.changes(t), []string{"+" + uriA, "+" + uriA})
		if n := s.server.Stats().Refused["too_many_changes"]; n < 250 || n > 260 {
			t.Errorf("%d refused", n)
		}
		for range 60 {
			pass(time.Minute)
			s.multicast(hostB, announcement("tcp://10.0.0.3:1", fmt.Sprint("y", time.Now())))
			s.multicast(hostA, announcement(uriA, "x", "z"))
		}
		check(t, "listed", s.listed(""), []string{"tcp://10.0.0.3:1", uriA})
	})
}

// TestTooManyLookups: who asks as fast as it can is answered as long as it is alone; when others ask as well these are answered first, and it is
// declined in part.
func TestTooManyLookups(t *testing.T) {
	t.Parallel()
	limit := func(c *nameserver.Config) { c.MaxRequestsPerSource = 10 }
	inSite(t, quiet(limit), func(t *testing.T, s *site) {
		s.multicast(hostA, announcement(uriA, "x"))
		// inmem hands all requests that wait over at once, as ZeroMQ does, when they come at one time.
		crowd := func(n int, from netip.Addr) (answered, declined int) {
			var asking sync.WaitGroup
			var mu sync.Mutex
			for range n {
				asking.Go(func() {
					answer, err := s.ask(from, address(t, lookups), lookup(t, "x"), transport.SocketOptions{})
					mu.Lock()
					defer mu.Unlock()
					switch {
					case err != nil:
						t.Error(err)
					case strings.Contains(answer, uriA):
						answered++
					default:
						declined++
					}
				})
			}
			asking.Wait()
			return answered, declined
		}
		if answered, declined := crowd(500, hostB); answered != 500 {
			t.Errorf("alone: %d answered, %d declined", answered, declined)
		}
		for range 50 {
			check(t, "another", s.listed("x"), []string{uriA})
			answered, _ := crowd(5, hostA)
			check(t, "another's", answered, 5)
			pass(time.Second)
		}
		check(t, "declined when few wait", s.server.Stats().RefusedLookups, map[string]uint64{})
	})
}

// TestOneThatComesAndGoes: a publisher that announces and withdraws itself all the time is told of a few times, and then counted.
func TestOneThatComesAndGoes(t *testing.T) {
	t.Parallel()
	inSite(t, quiet(func(c *nameserver.Config) { c.WithdrawGrace = 0 }), func(t *testing.T, s *site) {
		const uri = "tcp://10.0.0.3:9"
		for range 300 {
			s.multicast(hostB, announcement(uri, "y"), withdrawal(uri, "y"))
		}
		got := map[string]int{}
		for _, line := range s.logged(zapcore.InfoLevel) {
			got[line]++
		}
		check(t, "lines", []int{got["publisher added"], got["publisher removed"]}, []int{20, 20})
		check(t, "left out", s.server.Stats().LogLinesLeftOut, map[string]uint64{"publisher added": 280, "publisher removed": 280})
		check(t, "changes", len(s.feed.changes(t)), 600)
	})
}

// TestLogIsNotFlooded: a host whose publishers come and go fills its own part of the log, and the log says what was left out.
func TestLogIsNotFlooded(t *testing.T) {
	t.Parallel()
	inSite(t, quiet(nil), func(t *testing.T, s *site) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		for i := range 3000 {
			if err := s.peers[hostB].group.Send(ctx, []byte(announcement(fmt.Sprint("tcp://10.0.0.3:", 20000+i), "y"))); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		check(t, "lines", s.logs.FilterMessage("publisher added").Len(), 1000)
		check(t, "left out", s.server.Stats().LogLinesLeftOut, map[string]uint64{"publisher added": 2000})
		defer s.announcing(hostA, 2*time.Second, announcement(uriA, "x"))()
		check(t, "lines", s.logs.FilterMessage("publisher added").Len(), 1001)
		pass(time.Minute)
		summary := s.logs.FilterMessage("lines left out of the log, SIGUSR1 tells of what kinds").All()
		total := uint64(0)
		for _, line := range summary {
			total += line.ContextMap()["count"].(uint64)
		}
		if len(summary) > 2 || total != 2000 {
			t.Errorf("%d lines tell of %d", len(summary), total)
		}
		pass(9*time.Minute + time.Second)
		check(t, "removals, at one time", s.logs.FilterMessage("publisher removed").Len(), 1000)
	})
}
