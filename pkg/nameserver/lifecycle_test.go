package nameserver_test

import (
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/nameserver"
)

const (
	uriA = "tcp://10.0.0.2:9000"
	uriB = "tcp://10.0.0.3:9000"
)

func TestBothWaysAtOnce(t *testing.T) {
	t.Parallel()
	inSite(t, quiet(nil), func(t *testing.T, s *site) {
		s.multicast(hostA, announcement(uriA, "viirs", "sdr"))
		s.register(hostB, announcement(uriB, "viirs"))
		check(t, "listed", s.listed("viirs"), []string{uriA, uriB})
		check(t, "by alias", s.listed("sdr"), []string{uriA})
		check(t, "all", s.listed(""), []string{uriA, uriB})
		check(t, "none", s.listed("avhrr"), []string{})
		check(t, "feed", s.feed.changes(t), []string{"+" + uriA, "+" + uriB})
	})
}

func TestWithoutMulticast(t *testing.T) {
	t.Parallel()
	inSite(t, quiet(func(c *nameserver.Config) { c.Multicast = false }), func(t *testing.T, s *site) {
		s.multicast(hostA, announcement(uriA, "viirs"))
		s.register(hostB, announcement(uriB, "viirs"))
		check(t, "listed", s.listed(""), []string{uriB})
	})
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	inSite(t, quiet(nil), func(t *testing.T, s *site) {
		s.multicast(hostA, announcement(uriA, "viirs"))
		time.Sleep(5 * time.Minute)
		s.multicast(hostB, announcement(uriB, "viirs"))
		s.feed.take()

		time.Sleep(5 * time.Minute)
		check(t, "at ten minutes", s.listed(""), []string{uriA, uriB})
		time.Sleep(time.Second)
		check(t, "older", s.listed(""), []string{uriB})
		frames := s.feed.take()
		if len(frames) != 1 {
			t.Fatalf("feed: got %q", frames)
		}
		m := decode(t, frames[0])
		check(t, "subject", m.Subject(), "/address/address")
		check(t, "type and version", m.Type()+" "+string(m.Version()), "info v1.01")
		check(t, "data", string(m.RawData()), `{"status": false, "URI": "`+uriA+`", "service": ["viirs"]}`)

		// A late publisher is new.
		s.multicast(hostA, announcement(uriA, "viirs"))
		check(t, "feed", s.feed.changes(t), []string{"+" + uriA})
		check(t, "at the end", s.listed(""), []string{uriB, uriA})
	})
}

func TestRenewing(t *testing.T) {
	t.Parallel()
	inSite(t, quiet(nil), func(t *testing.T, s *site) {
		for range 30 {
			s.multicast(hostA, announcement(uriA, "viirs"))
			s.register(hostA, announcement(uriA, "viirs"))
			time.Sleep(time.Minute)
		}
		check(t, "listed", s.listed("viirs"), []string{uriA})
		check(t, "feed", s.feed.changes(t), []string{"+" + uriA})
		stats := s.server.Stats()
		check(t, "counted", []uint64{stats.Announcements, stats.Added, stats.Removed}, []uint64{60, 1, 0})
	})
}

func TestWithdrawal(t *testing.T) {
	t.Parallel()
	inSite(t, quiet(nil), func(t *testing.T, s *site) {
		s.multicast(hostA, announcement(uriA, "viirs"))
		s.feed.take()

		// Nobody else can withdraw it.
		s.multicast(hostB, withdrawal(uriA, "viirs"))
		s.register(hostB, withdrawal(uriA, "viirs"))
		check(t, "after another's", s.listed(""), []string{uriA})
		check(t, "refused", s.server.Stats().Refused, map[string]uint64{"foreign_withdrawal": 2})

		s.multicast(hostA, withdrawal(uriA, "viirs"))
		check(t, "at once", s.listed(""), []string{})
		time.Sleep(30*time.Second - 1)
		check(t, "feed within grace", s.feed.changes(t), []string{})
		time.Sleep(time.Nanosecond)
		check(t, "feed after grace", s.feed.changes(t), []string{"-" + uriA})
	})
}

func TestAnnouncementCancelsWithdrawal(t *testing.T) {
	t.Parallel()
	inSite(t, quiet(nil), func(t *testing.T, s *site) {
		s.multicast(hostA, announcement(uriA, "viirs"))
		s.multicast(hostB, announcement(uriB, "viirs"))
		s.multicast(hostA, withdrawal(uriA, "viirs"))
		s.feed.take()
		time.Sleep(20 * time.Second)
		s.multicast(hostA, announcement(uriA, "viirs"))
		check(t, "listed at its place", s.listed(""), []string{uriA, uriB})
		// Said again for those who looked it up meanwhile.
		check(t, "feed", s.feed.changes(t), []string{"+" + uriA})
		time.Sleep(time.Minute)
		check(t, "feed later", s.feed.changes(t), []string{})
	})
}

func TestChangedServices(t *testing.T) {
	t.Parallel()
	inSite(t, quiet(nil), func(t *testing.T, s *site) {
		s.multicast(hostA, announcement(uriA, "viirs"), announcement(uriA, "viirs"), announcement(uriA, "viirs", "edr"))
		check(t, "new name", s.listed("edr"), []string{uriA})
		s.multicast(hostA, announcement(uriA, "edr"))
		check(t, "old name", s.listed("viirs"), []string{})
		check(t, "feed", s.feed.changes(t), []string{"+" + uriA, "+" + uriA, "+" + uriA})
		check(t, "changed", s.server.Stats().Changed, uint64(2))
	})
}

func TestHeartbeat(t *testing.T) {
	t.Parallel()
	inSite(t, quiet(func(c *nameserver.Config) { c.FeedHeartbeat = 29 * time.Second }), func(t *testing.T, s *site) {
		start := time.Now().UTC()
		time.Sleep(2*29*time.Second - 1)
		synctest.Wait()
		s.feed.mu.Lock()
		defer s.feed.mu.Unlock()
		for i, f := range s.feed.frames {
			m := decode(t, f)
			check(t, "subject", m.Subject(), "/heartbeat/address_receiver")
			check(t, "type and version", m.Type()+" "+string(m.Version()), "beat v1.01")
			check(t, "data", string(m.RawData()), `{"min_interval": 29}`)
			check(t, "time", m.Time().Time, start.Add(time.Duration(i)*29*time.Second))
		}
		check(t, "beats", len(s.feed.frames), 2)
	})
}

func TestLimits(t *testing.T) {
	t.Parallel()
	cfg := quiet(func(c *nameserver.Config) { c.MaxEntries, c.MaxEntriesPerSource = 3, 2 })
	inSite(t, cfg, func(t *testing.T, s *site) {
		s.multicast(hostA, announcement("tcp://a:1", "x"), announcement("tcp://a:2", "x"), announcement("tcp://a:3", "x"))
		s.register(hostB, announcement("tcp://b:1", "x"), announcement("tcp://b:2", "x"))
		check(t, "listed", s.listed("x"), []string{"tcp://a:1", "tcp://a:2", "tcp://b:1"})
		for range 5 { // those keep trying, and the others keep their places
			time.Sleep(3 * time.Minute)
			s.multicast(hostA, announcement("tcp://a:1", "x"), announcement("tcp://a:3", "x"))
			s.register(hostB, announcement("tcp://b:1", "x"), announcement("tcp://b:2", "x"))
		}
		// a:2 was silent, and what came first after it had gone took its place.
		check(t, "listed", s.listed("x"), []string{"tcp://a:1", "tcp://b:1", "tcp://a:3"})
		check(t, "refused", s.server.Stats().Refused, map[string]uint64{"source_full": 1, "table_full": 9})
		// Once for each source and reason.
		check(t, "warnings", len(s.logged(zap.WarnLevel)), 3)
	})
}

func TestOwnFeedIsListed(t *testing.T) {
	t.Parallel()
	for _, multicast := range []bool{true, false} {
		cfg := quiet(func(c *nameserver.Config) { c.FeedAnnounceInterval, c.Multicast = 2*time.Second, multicast })
		inSite(t, cfg, func(t *testing.T, s *site) {
			uri := "tcp://10.0.0.1:16543"
			check(t, "by name", s.listed("address_receiver"), []string{uri})
			check(t, "by alias", s.listed("addresses"), []string{uri})
			time.Sleep(time.Hour)
			check(t, "an hour later", s.listed(""), []string{uri})
			check(t, "feed", s.feed.changes(t), []string{"+" + uri})
		})
	}
}

// TestFeedIsAnnounced has two nameservers in one group.
func TestFeedIsAnnounced(t *testing.T) {
	t.Parallel()
	cfg := quiet(func(c *nameserver.Config) { c.FeedAnnounceInterval = 2 * time.Second })
	inSite(t, cfg, func(t *testing.T, s *site) {
		body, from, err := s.peers[hostB].group.Receive(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		m := decode(t, string(body))
		check(t, "from", from.Addr().String(), serverHost.String())
		check(t, "subject", m.Subject(), "/address/address_receiver")
		check(t, "data", string(m.RawData()), `{"URI": "tcp://10.0.0.1:16543", "service": ["address_receiver", "addresses"], `+
			`"supported_message_version": "v1.2", "backend": "unsecure_zmq"}`)
		if err := s.stop(); err != nil {
			t.Error(err)
		}
		for {
			body, _, err := s.peers[hostB].group.Receive(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if m := decode(t, string(body)); m.Type() == "withdraw" {
				break
			}
		}
	})
}

func TestStopIsQuick(t *testing.T) {
	t.Parallel()
	cfg := quiet(func(c *nameserver.Config) {
		c.FeedAnnounceInterval = 2 * time.Second
		c.FeedNameservers = []string{hostA.String(), "10.9.9.9"} // the first is there and hangs, the second is not
	})
	inSite(t, cfg, func(t *testing.T, s *site) {
		hanging := s.hang(hostA)
		defer hanging()
		time.Sleep(time.Minute)
		start := time.Now()
		if err := s.stop(); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took >= time.Second {
			t.Errorf("stopped after %s", took)
		}
	})
}

func TestReload(t *testing.T) {
	t.Parallel()
	inSite(t, quiet(nil), func(t *testing.T, s *site) {
		s.multicast(hostA, announcement(uriA, "x"))
		time.Sleep(2 * time.Minute)
		s.multicast(hostB, announcement(uriB, "x"))

		bad := quiet(func(c *nameserver.Config) { c.MaxAge = 0 })
		if _, err := s.server.Reload(bad); err == nil {
			t.Error("a bad configuration was taken")
		}
		check(t, "after a bad one", s.listed(""), []string{uriA, uriB})

		restart, err := s.server.Reload(quiet(func(c *nameserver.Config) {
			c.MaxAge, c.MaxEntries, c.FeedHeartbeat = time.Minute, 1, time.Hour
			c.Multicast, c.BindAddresses = false, []string{"127.0.0.1"}
		}))
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		check(t, "needs a restart", restart, []string{"bind_addresses", "multicast"})
		check(t, "by the new age", s.listed(""), []string{uriB})
		s.multicast(hostA, announcement(uriA, "x")) // is still heard, and refused
		check(t, "refused", s.server.Stats().Refused, map[string]uint64{"table_full": 1})
		restart, err = s.server.Reload(quiet(nil))
		if err != nil || len(restart) > 0 {
			t.Errorf("back: got %v, %v", restart, err)
		}
		s.multicast(hostA, announcement(uriA, "x"))
		check(t, "by the old bound", s.listed(""), []string{uriB, uriA})
	})
}

// TestHooks sees the watchdog fed while all loops are idle.
func TestHooks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var ready, beats int
		var lines []string
		s := newSite(t, quiet(nil), nil, nameserver.Hooks{
			Ready:        func() { ready++ },
			Beat:         func() { beats++ },
			BeatInterval: 5 * time.Second,
			Status:       func(line string) { lines = append(lines, line) },
		}, nil)
		s.multicast(hostA, announcement(uriA, "x"))
		time.Sleep(10 * time.Minute)
		s.close()
		check(t, "ready", ready, 1)
		if beats < 115 || beats > 125 {
			t.Errorf("%d beats in ten minutes", beats)
		}
		check(t, "status lines", lines[:2], []string{
			"0 publishers, 0 lookups, change feed on 16543",
			"1 publisher, 0 lookups, change feed on 16543",
		})
	})
}
