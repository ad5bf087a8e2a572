package nameserver_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/nameserver"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/inmem"
)

// The hosts of a site.
var (
	serverHost = netip.MustParseAddr("10.0.0.1")
	hostA      = netip.MustParseAddr("10.0.0.2")
	hostB      = netip.MustParseAddr("10.0.0.3")
)

// site is a nameserver on a network in memory, and peers on two more hosts.
type site struct {
	t       *testing.T
	network *inmem.Network
	server  *nameserver.Nameserver
	peers   map[netip.Addr]peer
	logs    *observer.ObservedLogs
	feed    *recorder
	stop    func() error // the nameserver, and returns what Run returned
}

// peer is another host.
type peer struct {
	transport *inmem.Transport
	group     *inmem.Group
}

// quiet is a configuration whose own feed is not listed, so that tests see their own publishers alone. Those are nowhere bound, as a rule, and not probed.
func quiet(change func(*nameserver.Config)) nameserver.Config {
	cfg := nameserver.DefaultConfig()
	cfg.FeedAddress = serverHost.String()
	cfg.FeedAnnounceInterval = 0
	cfg.Probe = nameserver.ProbeOff
	if change != nil {
		change(&cfg)
	}
	return cfg
}

// inSite runs a test in a bubble with a running nameserver.
func inSite(t *testing.T, cfg nameserver.Config, test func(t *testing.T, s *site)) {
	t.Helper()
	inSecureSite(t, cfg, nil, test)
}

// inSecureSite is inSite for a nameserver with keys, which were opened outside of the bubble: the folder of clients is watched.
func inSecureSite(t *testing.T, cfg nameserver.Config, sec *security.Security, test func(t *testing.T, s *site)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, cfg, sec, nameserver.Hooks{}, nil)
		defer s.close()
		test(t, s)
	})
}

// newSite starts one. The nameserver's transport is wrap's, where it is not nil.
func newSite(t *testing.T, cfg nameserver.Config, sec *security.Security, hooks nameserver.Hooks,
	wrap func(transport.Transport) transport.Transport,
) *site {
	core, logs := observer.New(zapcore.DebugLevel)
	s := &site{t: t, network: inmem.NewNetwork(), logs: logs, peers: map[netip.Addr]peer{}}
	for _, addr := range []netip.Addr{serverHost, hostA, hostB} {
		s.peers[addr] = peer{s.network.Transport(addr), s.network.Group(addr)}
	}
	var network transport.Transport = s.peers[serverHost].transport
	if wrap != nil {
		network = wrap(network)
	}
	var err error
	s.server, err = nameserver.New(cfg, nameserver.Options{
		Transport:      network,
		Security:       sec,
		Receiver:       s.peers[serverHost].group,
		Sender:         s.peers[serverHost].group,
		LocalAddresses: func() ([]netip.Addr, error) { return []netip.Addr{serverHost, netip.IPv6Loopback()}, nil },
		Logger:         zap.New(core),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.server.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	s.feed = s.follow(hostA, address(t, feedURI), transport.SocketOptions{})
	go func() { ended <- s.server.Run(ctx, hooks) }()
	s.stop = sync.OnceValue(func() error {
		cancel()
		return errors.Join(<-ended, s.server.Close())
	})
	synctest.Wait()
	return s
}

func (s *site) close() {
	if err := s.stop(); err != nil {
		s.t.Errorf("Run: %v", err)
	}
	s.feed.close()
	if err := s.network.Close(); err != nil {
		s.t.Error(err)
	}
}

// recorder keeps what a subscriber of the feed receives.
type recorder struct {
	close func()

	mu     sync.Mutex
	frames []string
}

// follow subscribes to the change feed from a host.
func (s *site) follow(from netip.Addr, to transport.Address, options transport.SocketOptions) *recorder {
	s.t.Helper()
	sub, err := s.peers[from].transport.Subscriber(transport.SubscriberConfig{SocketOptions: options})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := sub.Subscribe("pytroll:/"); err != nil {
		s.t.Fatal(err)
	}
	if err := sub.Connect(to); err != nil {
		s.t.Fatal(err)
	}
	r := &recorder{}
	var reading sync.WaitGroup
	reading.Go(func() {
		for {
			frames, err := sub.Receive(context.Background())
			if err != nil {
				return // closed
			}
			r.mu.Lock()
			for _, f := range frames {
				r.frames = append(r.frames, string(f.Body))
			}
			r.mu.Unlock()
		}
	})
	r.close = func() {
		if err := sub.Close(); err != nil {
			s.t.Error(err)
		}
		reading.Wait()
	}
	return r
}

// take returns what came since the last take, heartbeats left out.
func (r *recorder) take() []string {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	changes := []string{}
	for _, f := range r.frames {
		if !strings.HasPrefix(f, "pytroll://heartbeat/") {
			changes = append(changes, f)
		}
	}
	r.frames = nil
	return changes
}

// changes is take in short: "+uri" and "-uri".
func (r *recorder) changes(t *testing.T) []string {
	t.Helper()
	short := []string{}
	for _, f := range r.take() {
		var data struct {
			URI    string
			Status bool `json:"status"`
		}
		if err := decode(t, f).Unmarshal(&data); err != nil {
			t.Fatal(err)
		}
		sign := map[bool]string{true: "+", false: "-"}[data.Status]
		short = append(short, sign+data.URI)
	}
	return short
}

func address(t *testing.T, uri string) transport.Address {
	t.Helper()
	ep, err := transport.ConnectEndpoint(uri)
	if err != nil {
		t.Fatal(err)
	}
	return transport.Address{Endpoint: ep}
}

func decode(t *testing.T, frame string) *message.Message {
	t.Helper()
	m, err := message.Decode([]byte(frame))
	if err != nil {
		t.Fatalf("decode %q: %v", frame, err)
	}
	return m
}

// The header of the messages that the tests write by hand.
const (
	head     = "u@h 2024-05-17T09:41:12.345678 v1.01 application/json "
	headV12  = "u@h 2024-05-17T09:41:12.345678+00:00 v1.2 application/json "
	lookups  = "tcp://10.0.0.1:5557"
	feedURI  = "tcp://10.0.0.1:16543"
	register = "tcp://10.0.0.1:21200"
)

// announcement is the frame of a publisher.
func announcement(uri string, services ...string) string {
	list, err := json.Marshal(services)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`pytroll://address/%s info %s{"URI": "%s", "service": %s}`, "name", head, uri, list)
}

func withdrawal(uri string, services ...string) string {
	return strings.Replace(announcement(uri, services...), " info ", " withdraw ", 1)
}

// multicast sends datagrams from a host to the group.
func (s *site) multicast(from netip.Addr, frames ...string) {
	s.t.Helper()
	for _, f := range frames {
		if err := s.peers[from].group.Send(s.t.Context(), []byte(f)); err != nil {
			s.t.Fatal(err)
		}
	}
	synctest.Wait()
}

// request asks from a host and returns the answer.
func (s *site) request(from netip.Addr, to, frame string) string {
	s.t.Helper()
	answer, err := s.ask(from, address(s.t, to), frame, transport.SocketOptions{})
	if err != nil {
		s.t.Fatalf("request %.200q: %v", frame, err)
	}
	return answer
}

// ask is request for whom there may be no answer.
func (s *site) ask(from netip.Addr, to transport.Address, frame string, options transport.SocketOptions) (string, error) {
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Second)
	defer cancel()
	answer, err := s.peers[from].transport.Request(ctx, to, []byte(frame), options)
	return string(answer), err
}

func (s *site) register(from netip.Addr, frames ...string) {
	s.t.Helper()
	for _, f := range frames {
		if got := s.request(from, register, f); got != "ok" {
			s.t.Errorf("register %.200q: got %q", f, got)
		}
	}
	synctest.Wait()
}

// listed returns the URIs that a lookup finds, in order.
func (s *site) listed(service string) []string {
	s.t.Helper()
	return uris(s.t, s.request(hostB, lookups, lookup(s.t, service)))
}

// lookup is the request for a service.
func lookup(t *testing.T, service string) string {
	t.Helper()
	q, err := json.Marshal(service)
	if err != nil {
		t.Fatal(err)
	}
	return "pytroll://oper/ns request " + head + `{"service": ` + string(q) + `}`
}

// uris are those in a reply, in order.
func uris(t *testing.T, frame string) []string {
	t.Helper()
	reply := decode(t, frame)
	uris := []string{}
	if reply.RawData() == nil {
		return uris
	}
	var entries []struct{ URI string }
	if err := reply.Unmarshal(&entries); err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		uris = append(uris, e.URI)
	}
	return uris
}

// logged returns the messages of a level, in order.
func (s *site) logged(level zapcore.Level) []string {
	texts := []string{}
	for _, e := range s.logs.FilterLevelExact(level).All() {
		texts = append(texts, e.Message)
	}
	return texts
}

func check(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// hang takes registrations on a host until it is told to, and then answers no more. It returns what ends it.
func (s *site) hang(host netip.Addr) func() {
	ep, err := transport.ParseEndpoint("tcp://*:21200")
	if err != nil {
		s.t.Fatal(err)
	}
	r, err := s.peers[host].transport.Replier(transport.ReplierConfig{Endpoint: ep})
	if err != nil {
		s.t.Fatal(err)
	}
	var answering sync.WaitGroup
	answering.Go(func() {
		for range 5 {
			requests, err := r.Receive(context.Background())
			if err != nil {
				return
			}
			for _, req := range requests {
				if err := r.Reply(req, []byte("ok")); err != nil {
					s.t.Error(err)
				}
			}
		}
	})
	return func() {
		answering.Wait()
		if err := r.Close(); err != nil {
			s.t.Error(err)
		}
	}
}
