package discovery

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/inmem"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// The hosts of the tests.
var (
	hostA  = netip.MustParseAddr("10.0.0.1")
	hostB  = netip.MustParseAddr("10.0.0.2")
	client = netip.MustParseAddr("10.0.0.9")
)

// inBubble runs a test on a clock of its own.
func inBubble(t *testing.T, test func(*testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, test)
}

// network makes one that is closed with the test.
func network(t *testing.T) *inmem.Network {
	t.Helper()
	n := inmem.NewNetwork()
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Errorf("close network: %v", err)
		}
	})
	return n
}

// logged returns a logger and what it was told.
func logged() (*zap.Logger, *observer.ObservedLogs) {
	core, logs := observer.New(zap.InfoLevel)
	return zap.New(core), logs
}

// texts are the messages in logs, with the peer where there is one.
func texts(logs *observer.ObservedLogs) []string {
	var all []string
	for _, e := range logs.All() {
		s := e.Message
		if peer, ok := e.ContextMap()["peer"]; ok {
			s += fmt.Sprintf(" %v", peer)
		}
		all = append(all, s)
	}
	return all
}

// listed is an entry as a nameserver lists it.
func listed(uri string, services ...string) string {
	return fmt.Sprintf(`{"URI": %q, "service": ["%s"], "supported_message_version": "v1.2", "backend": "unsecure_zmq", `+
		`"status": true, "name": "address", "receive_time": "2024-05-17T09:41:12.345678+00:00"}`, uri, strings.Join(services, `", "`))
}

// nameserver is a nameserver of few words: it lists what it is told to list.
type nameserver struct {
	t       *testing.T
	tr      *inmem.Transport
	feed    transport.Publisher
	sockets []interface{ Close() error }
	running sync.WaitGroup

	mu         sync.Mutex
	list       []string                    // entries, JSON
	answer     func(service string) []byte // instead of the list, when set
	delay      time.Duration               // before each answer
	asked      []string                    // services
	registered []string                    // type and URI
	register   string                      // the answer to registrations
}

// startNameserver starts one on a host, with all three ports.
func startNameserver(t *testing.T, n *inmem.Network, host netip.Addr, list ...string) *nameserver {
	t.Helper()
	ns := &nameserver{t: t, tr: n.Transport(host), list: list, register: "ok"}
	ns.start()
	t.Cleanup(func() {
		ns.stop()
		must(t, ns.tr.Close())
	})
	return ns
}

func (ns *nameserver) start() {
	ns.t.Helper()
	ns.serve(DefaultNameserverPort, ns.lookup)
	ns.serve(DefaultBroadcastPort, ns.registration)
	var err error
	ns.feed, err = ns.tr.Publisher(transport.PublisherConfig{Endpoint: address(ns.t, fmt.Sprintf("tcp://*:%d", DefaultAddressPublishPort)).Endpoint})
	must(ns.t, err)
	ns.sockets = append(ns.sockets, ns.feed)
}

func (ns *nameserver) serve(port int, reply func(string) []byte) {
	ns.t.Helper()
	r, err := ns.tr.Replier(transport.ReplierConfig{Endpoint: address(ns.t, fmt.Sprintf("tcp://*:%d", port)).Endpoint})
	must(ns.t, err)
	ns.sockets = append(ns.sockets, r)
	ns.running.Go(func() {
		for {
			requests, err := r.Receive(context.Background())
			if errors.Is(err, transport.ErrClosed) {
				return
			}
			for _, q := range requests {
				time.Sleep(ns.wait())
				if answer := reply(string(q.Body)); answer != nil {
					if err := r.Reply(q, answer); err != nil && !errors.Is(err, transport.ErrClosed) {
						ns.t.Errorf("reply: %v", err)
					}
				}
			}
		}
	})
}

func (ns *nameserver) wait() time.Duration {
	ns.mu.Lock()
	defer ns.mu.Unlock()
	return ns.delay
}

// takes lets each answer take so long.
func (ns *nameserver) takes(d time.Duration) {
	ns.mu.Lock()
	defer ns.mu.Unlock()
	ns.delay = d
}

func (ns *nameserver) stop() {
	ns.t.Helper()
	for _, s := range ns.sockets {
		must(ns.t, s.Close())
	}
	ns.sockets = nil
	ns.running.Wait()
}

func (ns *nameserver) lookup(request string) []byte {
	m, err := message.Decode([]byte(request))
	if err != nil || m.Subject() != "/oper/ns" || m.Type() != "request" || m.Version() != message.V101 {
		ns.t.Errorf("request %q: %v", request, err)
		return nil
	}
	var data struct {
		Service string `json:"service"`
	}
	must(ns.t, m.Unmarshal(&data))
	ns.mu.Lock()
	defer ns.mu.Unlock()
	ns.asked = append(ns.asked, data.Service)
	if ns.answer != nil {
		return ns.answer(data.Service)
	}
	head := "pytroll://oper/ns info root@ns 2024-05-17T09:41:12.345678 v1.01"
	var found []string
	for _, e := range ns.list {
		if strings.Contains(e, `"`+data.Service+`"`) || data.Service == "" {
			found = append(found, e)
		}
	}
	if len(found) == 0 {
		return []byte(head)
	}
	return []byte(head + " application/json [" + strings.Join(found, ", ") + "]")
}

func (ns *nameserver) registration(request string) []byte {
	m, err := message.Decode([]byte(request))
	if err != nil {
		ns.t.Errorf("announcement %q: %v", request, err)
		return nil
	}
	a, err := ParseAnnouncement(m)
	if err != nil {
		ns.t.Errorf("announcement %q: %v", request, err)
	}
	ns.mu.Lock()
	defer ns.mu.Unlock()
	ns.registered = append(ns.registered, m.Type()+" "+a.URI)
	if ns.register == "" {
		return nil
	}
	return []byte(ns.register)
}

// set replaces what is listed.
func (ns *nameserver) set(list ...string) {
	ns.mu.Lock()
	defer ns.mu.Unlock()
	ns.list = list
}

// publish sends data on the change feed.
func (ns *nameserver) publish(data string) {
	ns.t.Helper()
	must(ns.t, ns.feed.Send(ns.t.Context(), []byte("pytroll://address/x info root@ns 2024-05-17T09:41:12.345678 v1.01 application/json "+data)))
}

func (ns *nameserver) publishGone(uri string) {
	ns.t.Helper()
	ns.publish(fmt.Sprintf(`{"status": false, "URI": %q, "service": ["x"]}`, uri))
}

// questions returns the services that were asked for since the last call.
func (ns *nameserver) questions() []string {
	ns.mu.Lock()
	defer ns.mu.Unlock()
	asked := ns.asked
	ns.asked = nil
	return asked
}

// registrations returns what was registered since the last call.
func (ns *nameserver) registrations() []string {
	ns.mu.Lock()
	defer ns.mu.Unlock()
	r := ns.registered
	ns.registered = nil
	return r
}

func uris(entries []Entry) []string {
	var all []string
	for _, e := range entries {
		all = append(all, e.URI)
	}
	return all
}

func peers(t *testing.T, port int, hosts ...netip.Addr) []transport.Address {
	t.Helper()
	var all []transport.Address
	for _, h := range hosts {
		all = append(all, address(t, fmt.Sprintf("tcp://%s:%d", h, port)))
	}
	return slices.Clip(all)
}
