package nameserver_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/pytroll/posttroll-go/pkg/nameserver"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// doors answers probes: a port that is not in it refuses.
type doors struct {
	transport.Transport

	mu     sync.Mutex
	state  map[string]error // by address and port; nil: open
	probed []string
}

// errSilent is a door that nobody answers at.
var errSilent = errors.New("silent")

func (d *doors) set(at string, state error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state[at] = state
}

func (d *doors) Probe(ctx context.Context, at netip.AddrPort) error {
	d.mu.Lock()
	d.probed = append(d.probed, at.String())
	err, ok := d.state[at.String()]
	d.mu.Unlock()
	switch {
	case !ok:
		return syscall.ECONNREFUSED
	case err == errSilent:
		<-ctx.Done()
		return ctx.Err()
	}
	return err
}

// probes returns where probes went since the last call, sorted.
func (d *doors) probes() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	probed := append([]string{}, d.probed...)
	slices.Sort(probed)
	d.probed = nil
	return probed
}

// inProbedSite runs a test with a nameserver that probes.
func inProbedSite(t *testing.T, change func(*nameserver.Config), test func(t *testing.T, s *site, d *doors)) {
	t.Helper()
	cfg := quiet(func(c *nameserver.Config) {
		c.Probe = nameserver.ProbeAnnouncers
		if change != nil {
			change(c)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		d := &doors{state: map[string]error{}}
		s := newSite(t, cfg, nil, nameserver.Hooks{}, func(inner transport.Transport) transport.Transport {
			d.Transport = inner
			return d
		})
		defer s.close()
		test(t, s, d)
	})
}

// announcing announces publishers from a host every interval until the returned function is called.
func (s *site) announcing(from netip.Addr, interval time.Duration, frames ...string) (stop func()) {
	done := make(chan struct{})
	var ended sync.WaitGroup
	ended.Go(func() {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			for _, f := range frames {
				if err := s.peers[from].group.Send(s.t.Context(), []byte(f)); err != nil {
					s.t.Error(err)
				}
			}
			select {
			case <-ticker.C:
			case <-done:
				return
			}
		}
	})
	synctest.Wait()
	return func() {
		close(done)
		ended.Wait()
	}
}

const (
	doorA = "10.0.0.2:50001" // of hostA
	doorB = "10.0.0.3:50002" // of hostB
	liveA = "tcp://" + doorA
	liveB = "tcp://" + doorB
)

// pass lets time pass, and everything happen that is due then.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// TestDeadPublisher: one that was killed is found no more after 5 s of silence, and reported gone after 5 more.
func TestDeadPublisher(t *testing.T) {
	t.Parallel()
	inProbedSite(t, nil, func(t *testing.T, s *site, d *doors) {
		d.set(doorA, nil)
		d.set(doorB, nil)
		stopB := s.announcing(hostB, 2*time.Second, announcement(liveB, "x"))
		defer stopB()
		stop := s.announcing(hostA, 2*time.Second, announcement(liveA, "x"))
		pass(9 * time.Second)
		check(t, "probes of those who announce", d.probes(), []string{doorA, doorB})
		check(t, "changes", s.feed.changes(t), []string{"+" + liveB, "+" + liveA})

		stop()
		d.set(doorA, syscall.ECONNREFUSED)
		pass(3900 * time.Millisecond) // 4.9 s after its last announcement
		check(t, "listed", s.listed("x"), []string{liveB, liveA})
		pass(200 * time.Millisecond)
		check(t, "listed", s.listed("x"), []string{liveB})
		check(t, "changes", s.feed.changes(t), []string{})
		pass(5 * time.Second)
		feed := s.feed.take()
		if len(feed) != 1 {
			t.Fatalf("changes: %q", feed)
		}
		m := decode(t, feed[0])
		check(t, "removal", m.Subject()+" "+m.Type()+" "+string(m.RawData()), `/address/address info {"status": false, "URI": "`+liveA+`", "service": ["x"]}`)
		check(t, "log", s.logged(zapcore.InfoLevel)[1:], []string{"publisher added", "publisher added", "publisher is dead", "publisher removed"})

		stats := s.server.Stats()
		check(t, "dead", stats.Dead, uint64(1))
		check(t, "probes", stats.Probes, nameserver.ProbeStats{Made: 3, Answered: 2, Refused: 1})

		// It comes back at the same port, and is probed as a new one.
		d.set(doorA, nil)
		stop = s.announcing(hostA, 2*time.Second, announcement(liveA, "x"))
		defer stop()
		pass(10 * time.Second)
		check(t, "changes", s.feed.changes(t), []string{"+" + liveA})
		check(t, "probes", d.probes(), []string{doorA, doorA})
	})
}

// TestBackInTime: one that is judged too early is listed with its next announcement, and never reported gone.
func TestBackInTime(t *testing.T) {
	t.Parallel()
	inProbedSite(t, nil, func(t *testing.T, s *site, d *doors) {
		d.set(doorA, nil)
		stop := s.announcing(hostA, 2*time.Second, announcement(liveA, "x"))
		pass(5 * time.Second)
		stop()
		d.set(doorA, syscall.ECONNREFUSED)
		pass(5 * time.Second)
		check(t, "listed", s.listed("x"), []string{})
		stop = s.announcing(hostA, 2*time.Second, announcement(liveA, "x"))
		defer stop()
		check(t, "listed", s.listed("x"), []string{liveA})
		pass(5 * time.Minute)
		check(t, "changes", s.feed.changes(t), []string{"+" + liveA, "+" + liveA}) // adding twice is harmless
	})
}

// TestNeverRemoved: who announces stays, however its address behaves; so does who is silent where a connection is taken, until it is too old.
func TestNeverRemoved(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		interval time.Duration // 0: once
		door     error
		stays    time.Duration
	}{
		{"open", 2 * time.Second, nil, time.Hour},
		{"open, rarely", time.Minute, nil, time.Hour},
		{"open and silent", 0, nil, 10 * time.Minute},
		{"refusing", 2 * time.Second, syscall.ECONNREFUSED, time.Hour},
		{"refusing, rarely", time.Minute, syscall.ECONNREFUSED, time.Hour},
		{"never answering", 2 * time.Second, errSilent, time.Hour},
		{"never answering, rarely", time.Minute, syscall.EHOSTUNREACH, time.Hour},
		{"never answering and silent", 0, errSilent, 10 * time.Minute},
		{"no way there", 0, syscall.ENETUNREACH, 10 * time.Minute},
		{"no descriptors", 0, syscall.EMFILE, 10 * time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			inProbedSite(t, nil, func(t *testing.T, s *site, d *doors) {
				d.set(doorA, tt.door)
				d.set(doorB, nil)
				defer s.announcing(hostB, 2*time.Second, announcement(liveB, "y"))()
				if tt.interval == 0 {
					s.multicast(hostA, announcement(liveA, "x"))
				} else {
					defer s.announcing(hostA, tt.interval, announcement(liveA, "x"))()
				}
				pass(tt.stays - time.Second)
				check(t, "changes", s.feed.changes(t), []string{"+" + liveB, "+" + liveA})
				check(t, "listed", s.listed("x"), []string{liveA})
				if made := s.server.Stats().Probes.Made; tt.interval == 0 && (made < 3 || made > 20) {
					t.Errorf("%d probes", made)
				}
			})
		})
	}
}

// TestCrashLoop: one that ends before it can be reached goes too, if later.
func TestCrashLoop(t *testing.T) {
	t.Parallel()
	inProbedSite(t, nil, func(t *testing.T, s *site, _ *doors) {
		s.multicast(hostA, announcement(liveA, "x"))
		pass(2*time.Minute - time.Second)
		check(t, "listed", s.listed("x"), []string{liveA})
		pass(2 * time.Second)
		check(t, "listed", s.listed("x"), []string{})
	})
}

// TestTimeouts: they count after an earlier success, and when others are heard meanwhile.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		others []netip.Addr // that go on announcing
		within time.Duration
	}{
		{"others are heard", []netip.Addr{hostB}, 15 * time.Second},
		{"there are no others", nil, 20 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			inProbedSite(t, nil, func(t *testing.T, s *site, d *doors) {
				for _, other := range tt.others {
					defer s.announcing(other, 2*time.Second, announcement("tcp://"+netip.AddrPortFrom(other, 50000).String(), "y"))()
				}
				d.set(doorA, nil)
				stop := s.announcing(hostA, 2*time.Second, announcement(liveA, "x"))
				pass(10 * time.Second)
				stop()
				d.set(doorA, errSilent)
				pass(7 * time.Second)
				check(t, "after one time-out", s.listed("x"), []string{liveA})
				pass(tt.within - 7*time.Second)
				check(t, "listed", s.listed("x"), []string{})
			})
		})
	}
}

// TestHanging: who does not answer on a host that is there is not gone: its system would refuse. So does one not answer that was stopped, or hangs, when as many
// connections wait for it as it allows.
func TestHanging(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		uri, at  string
		host     netip.Addr
		neighbor string // that goes on announcing itself from the same host
	}{
		{"another publisher of its host is heard", liveA, doorA, hostA, "tcp://10.0.0.2:50009"},
		{"on the nameserver's host", "tcp://10.0.0.1:50001", "10.0.0.1:50001", serverHost, ""},
		{"at its loopback address", "tcp://127.0.0.1:50001", "127.0.0.1:50001", serverHost, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			inProbedSite(t, nil, func(t *testing.T, s *site, d *doors) {
				d.set(doorB, nil)
				defer s.announcing(hostB, 2*time.Second, announcement(liveB, "y"))()
				if tt.neighbor != "" {
					d.set("10.0.0.2:50009", nil)
					defer s.announcing(tt.host, 2*time.Second, announcement(tt.neighbor, "y"))()
				}
				d.set(tt.at, nil)
				stop := s.announcing(tt.host, 2*time.Second, announcement(tt.uri, "x"))
				pass(10 * time.Second)
				stop()
				d.set(tt.at, errSilent)
				pass(5 * time.Minute)
				check(t, "listed", s.listed("x"), []string{tt.uri})
				check(t, "dead", s.server.Stats().Dead, uint64(0))
				d.set(tt.at, syscall.ECONNREFUSED) // now it has ended
				pass(2 * time.Minute)
				check(t, "listed", s.listed("x"), []string{})
			})
		})
	}
}

// TestOwnNetworkLost: when nobody is heard any more, nobody is declared dead, nor when they all come back.
func TestOwnNetworkLost(t *testing.T) {
	t.Parallel()
	inProbedSite(t, nil, func(t *testing.T, s *site, d *doors) {
		both := []string{doorA, doorB}
		setBoth := func(state error) {
			for _, door := range both {
				d.set(door, state)
			}
		}
		setBoth(nil)
		local := s.announcing(serverHost, 2*time.Second, announcement("tcp://10.0.0.1:50003", "local"))
		defer local()
		stopA := s.announcing(hostA, 2*time.Second, announcement(liveA, "x"))
		stopB := s.announcing(hostB, 2*time.Second, announcement(liveB, "x"))
		pass(10 * time.Second)
		for range 20 {
			stopA()
			stopB()
			setBoth(errSilent)
			pass(time.Minute)
			stopA = s.announcing(hostA, 2*time.Second, announcement(liveA, "x"))
			pass(300 * time.Millisecond) // B is heard of a little later, and reached later still
			stopB = s.announcing(hostB, 2*time.Second, announcement(liveB, "x"))
			pass(1700 * time.Millisecond)
			setBoth(nil)
			pass(17 * time.Second)
		}
		stopA()
		stopB()
		check(t, "dead", s.server.Stats().Dead, uint64(0))
		check(t, "changes", s.feed.changes(t), []string{"+tcp://10.0.0.1:50003", "+" + liveA, "+" + liveB})
	})
}

// TestRestartedPublisher: a new one of the same name and host takes the place of an old one that is gone, sooner than silence alone would; those that live
// side by side stay.
func TestRestartedPublisher(t *testing.T) {
	t.Parallel()
	inProbedSite(t, func(c *nameserver.Config) { c.ProbeAfter = 30 * time.Second }, func(t *testing.T, s *site, d *doors) {
		uri := func(port int) string { return fmt.Sprintf("tcp://10.0.0.2:%d", port) }
		var stops []func()
		var all []string
		for port := 50001; port <= 50004; port++ {
			d.set(fmt.Sprintf("10.0.0.2:%d", port), nil)
			stops = append(stops, s.announcing(hostA, 10*time.Second, announcement(uri(port), "x", fmt.Sprint("alias", port))))
			all = append(all, uri(port))
		}
		pass(5 * time.Minute)
		check(t, "listed", s.listed("x"), all)

		stops[1]()
		d.set("10.0.0.2:50002", syscall.ECONNREFUSED)
		d.set("10.0.0.2:50005", nil)
		stops[1] = s.announcing(hostA, 10*time.Second, announcement(uri(50005), "x"))
		pass(17 * time.Second)
		check(t, "listed", s.listed("x"), []string{uri(50001), uri(50002), uri(50003), uri(50004), uri(50005)})
		pass(2 * time.Second)
		check(t, "listed", s.listed("x"), []string{uri(50001), uri(50003), uri(50004), uri(50005)})
		pass(5 * time.Minute)
		check(t, "listed", s.listed("x"), []string{uri(50001), uri(50003), uri(50004), uri(50005)})
		for _, stop := range stops {
			stop()
		}
	})
}

// TestWhoIsProbed: only who announced itself from there, unless all are to be; and no name, and no port of a system's service.
func TestWhoIsProbed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		uri            string
		from           netip.Addr
		announcer, all bool
	}{
		{liveA, hostA, true, true},
		{liveA, hostB, false, true},
		{"tcp://10.0.0.1:50001", serverHost, true, true},
		{"tcp://10.0.0.1:50001", hostA, false, true},
		{"tcp://127.0.0.1:50001", serverHost, true, true},
		{"tcp://localhost:50001", serverHost, true, true},
		{"tcp://127.0.0.1:50001", hostA, false, true},
		{"tcp://[::ffff:10.0.0.2]:50001", hostA, true, true},
		{"tcp://[::1]:50001", serverHost, true, true},
		{"tcp://10.0.0.2:1023", hostA, false, false},
		{"tcp://10.0.0.2:1024", hostA, true, true},
		{"tcp://a.example:50001", hostA, false, false},
		{"tcp://0.0.0.0:50001", serverHost, false, false},
		{"tcp://224.0.0.1:50001", serverHost, false, false},
		{"tcp://255.255.255.255:50001", serverHost, false, false},
		{"ipc:///tmp/x", serverHost, false, false},
	} {
		t.Run(tt.uri+" from "+tt.from.String(), func(t *testing.T) {
			t.Parallel()
			for mode, want := range map[string]bool{
				nameserver.ProbeAnnouncers: tt.announcer, nameserver.ProbeAll: tt.all, nameserver.ProbeOff: false,
			} {
				inProbedSite(t, func(c *nameserver.Config) { c.Probe = mode }, func(t *testing.T, s *site, d *doors) {
					s.multicast(tt.from, announcement(tt.uri, "x"))
					pass(5 * time.Minute)
					if got := len(d.probes()) > 0; got != want {
						t.Errorf("%s: probed %v, want %v", mode, got, want)
					}
				})
			}
		})
	}
}

// TestProbeBudget: whatever is announced, a host sees no more probes than it may, nor do all together; and those that are silent come before those that are
// new.
func TestProbeBudget(t *testing.T) {
	t.Parallel()
	inProbedSite(t, func(c *nameserver.Config) { c.ProbeRate, c.ProbeRatePerHost = 15, 10 }, func(t *testing.T, s *site, d *doors) {
		for i := range 1000 {
			s.multicast(hostA, announcement(fmt.Sprint("tcp://10.0.0.2:", 20000+i), "x"))
			s.multicast(hostB, announcement(fmt.Sprint("tcp://10.0.0.3:", 20000+i), "x"))
		}
		// Each second has its rate, and what was saved up to the burst of twice as many comes on top, once.
		perHost := func(seconds int) map[string]int {
			pass(time.Duration(seconds) * time.Second)
			n := map[string]int{}
			for _, at := range d.probes() {
				n[netip.MustParseAddrPort(at).Addr().String()]++
			}
			if total := n["10.0.0.2"] + n["10.0.0.3"]; total < 15*seconds*9/10 || total > 15*(seconds+2) || max(n["10.0.0.2"], n["10.0.0.3"]) > 10*(seconds+2) {
				t.Errorf("within %d s: %v", seconds, n)
			}
			return n
		}
		perHost(10)
		perHost(30)
		if n := perHost(60); n["10.0.0.2"] < 200 || n["10.0.0.3"] < 200 {
			t.Errorf("one host has the other's share: %v", n)
		}
		if s.server.Stats().Probes.Deferred == 0 {
			t.Error("nothing had to wait")
		}
	})
}

// TestProbeReload: probing is switched off and on while it runs.
func TestProbeReload(t *testing.T) {
	t.Parallel()
	inProbedSite(t, nil, func(t *testing.T, s *site, d *doors) {
		d.set(doorA, nil)
		s.multicast(hostA, announcement(liveA, "x"))
		pass(10 * time.Second)
		check(t, "probes", d.probes(), []string{doorA, doorA})
		reload := func(mode string) {
			t.Helper()
			cfg := quiet(func(c *nameserver.Config) { c.Probe = mode })
			if restart, err := s.server.Reload(cfg); err != nil || len(restart) > 0 {
				t.Fatalf("restart %v, %v", restart, err)
			}
		}
		reload(nameserver.ProbeOff)
		pass(time.Minute)
		check(t, "probes", d.probes(), []string{})
		reload(nameserver.ProbeAnnouncers)
		s.multicast(hostA, announcement(liveA, "x"))
		pass(3 * time.Minute) // it has announced itself twice, in 70 s
		check(t, "probes", len(d.probes()) > 0, true)
	})
}
