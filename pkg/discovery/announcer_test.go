package discovery

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/multicast"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

var viirs = Announcement{Name: "viirs", URI: "tcp://10.0.0.9:9010", Services: []string{"viirs", "sdr"}, SupportedVersion: message.V12, Backend: transport.Plain}

// heard is a group that keeps what is sent, and when.
type heard struct {
	mu     sync.Mutex
	frames [][]byte
	at     []time.Time
	err    error
}

func (h *heard) Send(_ context.Context, frame []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err != nil {
		return h.err
	}
	h.frames, h.at = append(h.frames, frame), append(h.at, time.Now())
	return nil
}

func (h *heard) fail(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.err = err
}

// all returns what was sent, and when.
func (h *heard) all() ([][]byte, []time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.frames), slices.Clone(h.at)
}

// take returns type and URI of what was sent since the last call.
func (h *heard) take(t *testing.T) []string {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []string
	for _, f := range h.frames {
		m := decode(t, string(f))
		a, err := ParseAnnouncement(m)
		must(t, err)
		all = append(all, m.Type()+" "+a.URI)
	}
	h.frames = nil
	return all
}

// announce runs an announcer until the function that it returns is called, which returns how long stopping took.
func announce(t *testing.T, cfg AnnouncerConfig) (a *Announcer, stop func() time.Duration) {
	t.Helper()
	a, err := NewAnnouncer(cfg)
	must(t, err)
	return a, run(t, a)
}

func run(t *testing.T, a *Announcer) (stop func() time.Duration) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	return func() time.Duration {
		begin := time.Now()
		cancel()
		must(t, <-done)
		return time.Since(begin)
	}
}

func TestAnnouncesAtOnceThenEachInterval(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		begin := time.Now()
		h := &heard{}
		_, stop := announce(t, AnnouncerConfig{Announcement: viirs, Group: h})
		time.Sleep(20*time.Second + time.Millisecond)
		last := begin
		_, times := h.all()
		for i, at := range times {
			gap := at.Sub(last)
			if i == 0 && gap != 0 || i > 0 && (gap > DefaultInterval || gap < DefaultInterval*9/10) {
				t.Errorf("announcement %d came after %s", i, gap)
			}
			last = at
		}
		sent := h.take(t)
		if n := len(sent); n < 11 || n > 12 {
			t.Errorf("%d announcements in 20 s", n)
		}
		if took := stop(); took != 0 {
			t.Errorf("stopping took %s", took)
		}
		if d := cmp.Diff([]string{"withdraw tcp://10.0.0.9:9010"}, h.take(t)); d != "" {
			t.Errorf("on stop (-want +got):\n%s", d)
		}
	})
}

func TestAnnouncedBytesAreTheReference(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &heard{}
		_, stop := announce(t, AnnouncerConfig{Announcement: viirs, Group: h})
		synctest.Wait()
		defer stop()
		frames, _ := h.all()
		f := strings.SplitN(string(frames[0]), " ", 5)
		want := `v1.01 application/json {"URI": "tcp://10.0.0.9:9010", "service": ["viirs", "sdr"], "supported_message_version": "v1.2", "backend": "unsecure_zmq"}`
		if f[0] != "pytroll://address/viirs" || f[1] != "info" || f[4] != want {
			t.Errorf("got %s", frames[0])
		}
	})
}

func TestNeverAnnounces(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &heard{}
		_, stop := announce(t, AnnouncerConfig{Announcement: viirs, Group: h, Interval: -1})
		time.Sleep(time.Hour)
		stop()
		if got := h.take(t); got != nil {
			t.Errorf("got %q", got)
		}
	})
}

func TestRegistersWithNameservers(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		a, b := startNameserver(t, n, hostA), startNameserver(t, n, hostB)
		_, stop := announce(t, AnnouncerConfig{Announcement: viirs, Interval: 10 * time.Second,
			Nameservers: peers(t, DefaultBroadcastPort, hostA, hostB), Transport: n.Transport(client)})
		synctest.Wait()
		for _, ns := range []*nameserver{a, b} {
			if d := cmp.Diff([]string{"info tcp://10.0.0.9:9010"}, ns.registrations()); d != "" {
				t.Errorf("at start (-want +got):\n%s", d)
			}
		}
		stop()
		for _, ns := range []*nameserver{a, b} {
			if d := cmp.Diff([]string{"withdraw tcp://10.0.0.9:9010"}, ns.registrations()); d != "" {
				t.Errorf("on stop (-want +got):\n%s", d)
			}
		}
	})
}

// A nameserver that is down, or takes announcements and never answers, delays no other one.
func TestDeadNameserverDelaysNobody(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		alive := startNameserver(t, n, hostB)
		mute := startNameserver(t, n, hostA)
		mute.register = ""
		h := &heard{}
		log, logs := logged()
		nobody := netip.MustParseAddr("10.0.0.77")
		_, stop := announce(t, AnnouncerConfig{Announcement: viirs, Group: h, Logger: log,
			Nameservers: peers(t, DefaultBroadcastPort, nobody, hostA, hostB), Transport: n.Transport(client)})
		time.Sleep(10*time.Second + time.Millisecond)
		for name, got := range map[string]int{"group": len(h.take(t)), "alive": len(alive.registrations())} {
			if got < 6 || got > 7 {
				t.Errorf("%s: %d announcements in 10 s", name, got)
			}
		}
		want := []string{"announcements do not get through tcp://10.0.0.77:21200", "announcements do not get through tcp://10.0.0.1:21200"}
		got := texts(logs)
		slices.Sort(want)
		slices.Sort(got)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("log (-want +got):\n%s", d)
		}
		if took := stop(); took != 0 {
			t.Errorf("stopping took %s though the dead were never reached", took)
		}
		if d := cmp.Diff([]string{"withdraw tcp://10.0.0.9:9010"}, alive.registrations()); d != "" {
			t.Errorf("on stop (-want +got):\n%s", d)
		}
	})
}

func TestLossAndReturnAreLoggedOnceEach(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		ns := startNameserver(t, n, hostA)
		h := &heard{}
		log, logs := logged()
		_, stop := announce(t, AnnouncerConfig{Announcement: viirs, Group: h, Nameservers: peers(t, DefaultBroadcastPort, hostA),
			Transport: n.Transport(client), Logger: log})
		for range 2 {
			time.Sleep(time.Minute)
			h.fail(fmt.Errorf("send: %w", syscall.ENETUNREACH))
			n.Cut(client)
			time.Sleep(time.Minute)
			h.fail(nil)
			n.Heal(client)
		}
		time.Sleep(time.Minute)
		got := texts(logs)
		slices.Sort(got)
		want := []string{
			"announcements do not get through multicast", "announcements do not get through multicast",
			"announcements do not get through tcp://10.0.0.1:21200", "announcements do not get through tcp://10.0.0.1:21200",
			"announcements get through again multicast", "announcements get through again multicast",
			"announcements get through again tcp://10.0.0.1:21200", "announcements get through again tcp://10.0.0.1:21200",
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("log (-want +got):\n%s", d)
		}
		for _, e := range logs.FilterMessage("announcements get through again").All() {
			if e.ContextMap()["count"].(uint64) < 25 || e.ContextMap()["age"].(time.Duration) < 50*time.Second {
				t.Errorf("%v", e.ContextMap())
			}
		}
		stop()
		if got := ns.registrations(); got[len(got)-1] != "withdraw tcp://10.0.0.9:9010" {
			t.Errorf("last was %q", got[len(got)-1])
		}
	})
}

func TestWrongAnswerIsAFailure(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		ns := startNameserver(t, n, hostA)
		ns.register = "no\nthanks"
		log, logs := logged()
		_, stop := announce(t, AnnouncerConfig{Announcement: viirs, Nameservers: peers(t, DefaultBroadcastPort, hostA), Transport: n.Transport(client), Logger: log})
		time.Sleep(time.Minute)
		stop()
		all := logs.All()
		if len(all) != 1 || all[0].ContextMap()["error"] != `answered "no\nthanks" instead of "ok"` {
			t.Errorf("got %v", all)
		}
	})
}

func TestNewAnnouncerRefuses(t *testing.T) {
	t.Parallel()
	with := func(change func(*AnnouncerConfig)) AnnouncerConfig {
		cfg := AnnouncerConfig{Announcement: viirs.clone(), Group: &heard{}}
		change(&cfg)
		return cfg
	}
	tests := []struct {
		name string
		cfg  AnnouncerConfig
		want string
	}{
		{"name with a blank", with(func(c *AnnouncerConfig) { c.Announcement.Name = "a b" }), `publisher name "a b": contains ' '`},
		{"no URI", with(func(c *AnnouncerConfig) { c.Announcement.URI = "" }), `address of publisher "viirs": endpoint "": empty`},
		{"wildcard", with(func(c *AnnouncerConfig) { c.Announcement.URI = "tcp://*:9010" }), `can be bound, not connected to`},
		{"all interfaces", with(func(c *AnnouncerConfig) { c.Announcement.URI = "tcp://0.0.0.0:9010" }), `announce the address at which others reach it`},
		{"backend", with(func(c *AnnouncerConfig) { c.Announcement.Backend = "kafka" }), `unknown backend "kafka"`},
		{"alias", with(func(c *AnnouncerConfig) { c.Announcement.Services = []string{"a\xff"} }), "is not UTF-8"},
		{"nowhere", with(func(c *AnnouncerConfig) { c.Group = nil }), "no group and no nameservers to announce to"},
		{"interval without unit", with(func(c *AnnouncerConfig) { c.Interval = 2 }), `interval of "viirs": 2ns is less than 10ms`},
		{"no transport", with(func(c *AnnouncerConfig) { c.Nameservers = peers(t, 1, hostA) }), "no transport"},
		{"name to follow", with(func(c *AnnouncerConfig) { c.Announcement.URI, c.FollowAddress = "tcp://host:1", true }), "has no IP address"},
		{"version", with(func(c *AnnouncerConfig) { c.Encoder.Version = "v9" }), "version"},
		{"too long", with(func(c *AnnouncerConfig) { c.Announcement.Services = manyAliases(40) }),
			"shorten its name (5 bytes) or its aliases (40 with 960 bytes together), or name the nameservers"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := NewAnnouncer(tt.cfg)
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want an error with %s", err, tt.want)
			}
		})
	}
}

func manyAliases(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("/segment/level/1B/pps/%02d", i)
	}
	return all
}

// A designated nameserver takes announcements of any length.
func TestLongAnnouncementsNeedNoDatagram(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		ns := startNameserver(t, n, hostA)
		long := viirs.clone()
		long.Services = manyAliases(100)
		_, stop := announce(t, AnnouncerConfig{Announcement: long, Nameservers: peers(t, DefaultBroadcastPort, hostA), Transport: n.Transport(client)})
		synctest.Wait()
		stop()
		if got := ns.registrations(); len(got) != 2 {
			t.Errorf("got %q", got)
		}
	})
}

// Datagrams never exceed the limit, whatever is announced; extra keys give way from the last.
func TestDatagramsFit(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		for n := range 40 {
			h := &heard{}
			a := viirs.clone()
			a.Services = manyAliases(n)
			a.Extra = message.NewObject()
			for i := range 10 {
				a.Extra.Set(fmt.Sprintf("key%d", i), strings.Repeat("ö", 5*i))
			}
			announcer, err := NewAnnouncer(AnnouncerConfig{Announcement: a, Group: h})
			if err != nil {
				if n < 25 {
					t.Errorf("%d aliases: %v", n, err)
				}
				continue
			}
			stop := run(t, announcer)
			synctest.Wait()
			stop()
			frames, _ := h.all()
			for _, f := range frames {
				if len(f) > multicast.MaxSend {
					t.Errorf("%d aliases: datagram of %d bytes", n, len(f))
				}
			}
			got, err := ParseAnnouncement(decode(t, string(frames[0])))
			must(t, err)
			if d := cmp.Diff(a.Services, got.Services); d != "" {
				t.Errorf("services (-want +got):\n%s", d)
			}
			i := 0
			for k := range got.Extra.All() {
				if k != fmt.Sprintf("key%d", i) {
					t.Errorf("%d aliases: extra key %d is %s", n, i, k)
				}
				i++
			}
			if announcer.Announcement().Extra.Len() != 10 {
				t.Error("the announcement itself lost keys")
			}
		}
	})
}

func TestFollowsTheAddressOfTheHost(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := &heard{}
		log, logs := logged()
		first := viirs.clone()
		first.URI = "tcp://127.0.0.1:9010"
		a, err := NewAnnouncer(AnnouncerConfig{Announcement: first, Group: h, Interval: time.Hour, FollowAddress: true, Logger: log})
		must(t, err)
		var mu sync.Mutex
		local := []netip.Addr{netip.MustParseAddr("127.0.0.1")}
		host := func(addrs ...string) {
			mu.Lock()
			defer mu.Unlock()
			local = local[:1:1]
			for _, s := range addrs {
				local = append(local, netip.MustParseAddr(s))
			}
		}
		a.host = hostView{
			route: func() (netip.Addr, error) {
				mu.Lock()
				defer mu.Unlock()
				if len(local) == 1 {
					return netip.Addr{}, syscall.ENETUNREACH
				}
				return local[len(local)-1], nil
			},
			hostname: func() (string, error) { return "", errors.New("no name") },
			interfaces: func() ([]iface, error) {
				mu.Lock()
				defer mu.Unlock()
				return []iface{{name: "eth0", addrs: local}}, nil
			},
		}
		stop := run(t, a)
		steps := []struct {
			name  string
			addrs []string
			want  []string
		}{
			{"no network at start", nil, []string{"info tcp://127.0.0.1:9010"}},
			{"network comes", []string{"10.0.0.9"}, []string{"withdraw tcp://127.0.0.1:9010", "info tcp://10.0.0.9:9010"}},
			{"another route, the old address stays", []string{"10.0.0.9", "192.168.1.7"}, nil},
			{"network goes", nil, nil},
			{"it comes back", []string{"10.0.0.9"}, nil},
			{"another address", []string{"10.0.0.12"}, []string{"withdraw tcp://10.0.0.9:9010", "info tcp://10.0.0.12:9010"}},
		}
		for _, s := range steps {
			host(s.addrs...)
			time.Sleep(addressCheck + time.Second)
			if d := cmp.Diff(s.want, h.take(t)); d != "" {
				t.Errorf("%s (-want +got):\n%s", s.name, d)
			}
		}
		if got := a.Announcement().URI; got != "tcp://10.0.0.12:9010" {
			t.Errorf("announcement is of %s", got)
		}
		stop()
		if d := cmp.Diff([]string{"withdraw tcp://10.0.0.12:9010"}, h.take(t)); d != "" {
			t.Errorf("on stop (-want +got):\n%s", d)
		}
		if n := logs.FilterMessage("address of this host changed").FilterLevelExact(zap.InfoLevel).Len(); n != 2 {
			t.Errorf("%d log lines: %v", n, texts(logs))
		}
	})
}
