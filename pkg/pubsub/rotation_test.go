package pubsub_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/transporttest"
)

// Claims in announcements are compared with configured keys, and change nothing else.
func TestClaimedKeys(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	server, next := k.pair("server").Public.String(), k.pair("next").Public.String()
	const first, second = "tcp://10.0.0.1:9000", "tcp://10.0.0.1:9001"
	type announced struct {
		uri  string
		more []string
	}
	claim := func(uri string, more ...string) announced {
		return announced{uri, append([]string{"backend", "secure_zmq"}, more...)}
	}
	pair := []announced{
		claim(first, "server_key", server),
		claim(second, "same_as_key", server, "same_as", first, "server_key", next),
	}
	tests := []struct {
		name    string
		servers []string
		in      []announced
		want    string
		lines   int
	}{
		{"the present key", []string{"*=server"}, pair, first, 0},
		{"both keys", []string{"*=server", "*=next"}, pair, first, 0},
		{"the next key", []string{"*=next"}, pair, second, 1},
		{"neither", []string{"*=other"}, pair, "", 2},
		{"the present key by its place", []string{first + "=server", second + "=next"}, pair, first, 0},
		{"no claims", []string{"*=other"}, []announced{claim(first)}, first, 0},
		{"claims that are none", []string{"*=other"}, []announced{claim(first, "server_key", "x", "same_as_key", "y", "same_as", "z")}, first, 0},
		{"the same as itself", []string{"*=server"}, []announced{claim(first, "same_as_key", server, "same_as", first)}, first, 0},
		{"the first has no place in the datagram", []string{"*=server", "*=next"}, []announced{claim(second, "same_as_key", server)}, "", 0},
		{"a plain publisher that claims", []string{"*=other"}, []announced{{first, []string{"backend", "unsecure_zmq", "server_key", next}}}, first, 0},
		{
			"another key than before", []string{"*=server"},
			[]announced{claim(first, "server_key", server), claim(first, "server_key", next)}, "", 1,
		},
		{
			"and the right one again", []string{"*=server"},
			[]announced{claim(first, "server_key", next), claim(first, "server_key", server)}, first, 1,
		},
		{
			"to and fro", []string{"*=server"},
			[]announced{claim(first, "server_key", next), claim(first, "server_key", server), claim(first, "server_key", next)}, "", 2,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var servers []string
			for _, s := range tt.servers {
				who, name, _ := strings.Cut(s, "=")
				servers = append(servers, who+"="+k.public(name))
			}
			client := k.client("alice", servers...)
			bubble(t, func(w world) {
				ns := w.startNameserver()
				node, logs := w.secureNode(hostB, pubsub.Settings{}, client)
				sub := w.subscriberOn(node, services("viirs"))
				for _, a := range tt.in {
					ns.replace(a.uri, "viirs", a.more...)
					sleep(time.Second)
				}
				sleep(time.Hour)
				if got := uris(sub); got != tt.want {
					w.Errorf("connected to %q, want %q", got, tt.want)
				}
				if got := logs.FilterMessage("publisher passed over").Len(); got != tt.lines {
					w.Errorf("%d lines, want %d: %v", got, tt.lines, logs.All())
				}
			})
		})
	}
}

// Where the network has moved, nobody can pass for a plain publisher.
func TestRequireSecure(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	client := k.client("alice", "*="+k.public("server"))
	server, alice := k.pair("server"), k.pair("alice")
	bubble(t, func(w world) {
		door := transport.ServerSecurity{Key: server, Gate: transporttest.NewGate().Admit("alice", alice.Public)}
		ns := w.startNameserverAt(5558, 16543, transport.Secure, door)
		node, logs := w.secureNode(hostB, pubsub.Settings{Backend: transport.Secure, RequireSecure: true}, client)
		sub := w.subscriberOn(node, services("viirs"))
		ns.add("tcp://10.0.0.1:9000", "viirs", "backend", "secure_zmq")
		ns.add("tcp://10.0.0.9:9000", "viirs", "backend", "unsecure_zmq")
		ns.add("tcp://10.0.0.1:9002", "viirs")
		sleep(time.Minute)
		ns.replace("tcp://10.0.0.1:9000", "viirs", "backend", "unsecure_zmq")
		sleep(time.Minute)
		if diff := cmp.Diff("tcp://10.0.0.1:9002", uris(sub)); diff != "" {
			w.Errorf("connected to (-want +got):\n%s", diff)
		}
		if got := logs.FilterMessage("publisher passed over").Len(); got != 2 {
			w.Errorf("%d lines, want 2: %v", got, logs.All())
		}
	})
}

// Lookups alone go on until there is a publisher that can be used.
func TestLookupOnlyWaitsForAUsablePublisher(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	client := k.client("alice", "*="+k.public("next"))
	server, next := k.pair("server").Public.String(), k.pair("next").Public.String()
	bubble(t, func(w world) {
		ns := w.startNameserver()
		ns.add("tcp://10.0.0.1:9000", "viirs", "backend", "secure_zmq", "server_key", server)
		node, _ := w.secureNode(hostB, pubsub.Settings{}, client)
		o := services("viirs")
		o.LookupOnly = true
		sub := w.subscriberOn(node, o)
		sleep(time.Hour)
		ns.add("tcp://10.0.0.1:9001", "viirs", "backend", "secure_zmq", "same_as_key", server, "same_as", "tcp://10.0.0.1:9000", "server_key", next)
		sleep(time.Minute)
		if got := uris(sub); got != "tcp://10.0.0.1:9001" {
			w.Errorf("connected to %q", got)
		}
	})
}

// While the server key changes a publisher serves both, and each subscriber gets each message once.
func TestServerKeyRotation(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	server := k.server(func(c *security.Config) { c.NextServerSecretKeyFile = k.secret("next") })
	old := k.client("alice", "*="+k.public("server"))
	both := k.client("alice", "*="+k.public("server"), "*="+k.public("next"))
	moved := k.client("alice", "*="+k.public("next"))
	bubble(t, func(w world) {
		ear := w.listenForAnnouncements(w.Context())
		node, logs := w.secureNode(hostA, secureSettings, server)
		pub := w.publisherOn(node, pubsub.PublisherOptions{Name: "viirs", Port: 9000, NextPort: 9001, Advertise: "10.0.0.1"})
		if got := ear.drain(); len(got) != 2 {
			w.Fatalf("announced %q", got)
		}
		if pub.URI() != uriA || pub.NextURI() != "tcp://10.0.0.1:9001" {
			w.Errorf("announced are %s and %s", pub.URI(), pub.NextURI())
		}
		if lines(logs) != "publisher started|publisher also serves the next server key" {
			w.Errorf("logged %q", lines(logs))
		}

		ns := w.startNameserver()
		present, next := k.pair("server").Public.String(), k.pair("next").Public.String()
		ns.add(pub.URI(), "viirs", "backend", "secure_zmq", "server_key", present)
		ns.add(pub.NextURI(), "viirs", "backend", "secure_zmq", "same_as_key", present, "same_as", pub.URI(), "server_key", next)
		var subs []*pubsub.Subscriber
		for _, sec := range []*security.Security{old, both, moved} {
			node, _ := w.secureNode(hostB, pubsub.Settings{}, sec)
			subs = append(subs, w.subscriberOn(node, services("viirs")))
		}
		before := time.Now()
		w.must(pub.WaitSubscribed(w.Context(), "/a", 3))
		sleep(time.Second)
		if waited := time.Since(before); waited > 10*time.Second {
			w.Errorf("waited %v for subscribers of both", waited)
		}
		w.publish(pub, "/a", "/b")
		for i, sub := range subs {
			if diff := cmp.Diff([]string{"/a", "/b"}, w.arrived(sub)); diff != "" {
				w.Errorf("subscriber %d received (-want +got):\n%s", i, diff)
			}
		}
		if diff := cmp.Diff([]transport.Subscription{{Topic: "pytroll:/", Count: 3}}, pub.Subscriptions()); diff != "" {
			w.Errorf("subscriptions (-want +got):\n%s", diff)
		}
		if got := pub.Clients(); len(got) != 3 {
			w.Errorf("clients %v", got)
		}
		if got := pub.Stats().Access; got.Admitted != 3 || got.ByClient["alice"] != 3 {
			w.Errorf("admitted %+v", got)
		}
		if got := pub.Stats().Loss; got != (transport.LossStats{}) {
			w.Errorf("lost %+v, want nothing", got)
		}
		w.must(pub.Close())
		gone := map[string]bool{}
		for _, line := range ear.drain() {
			for _, uri := range []string{"tcp://10.0.0.1:9000", "tcp://10.0.0.1:9001"} {
				if strings.Contains(line, "withdraw") && strings.Contains(line, `"URI": "`+uri+`"`) {
					gone[uri] = true
				}
			}
		}
		if len(gone) != 2 {
			w.Errorf("withdrawn: %v", gone)
		}
	})
}

// What is announced while the key changes is what subscribers read.
func TestRotationAnnounces(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	server := k.server()
	bubble(t, func(w world) {
		group := w.network.Group(hostN)
		node, _ := w.secureNode(hostA, secureSettings, server)
		w.publisherOn(node, pubsub.PublisherOptions{
			Name: "viirs", Port: 9000, NextPort: 9001, Advertise: "10.0.0.1",
			ServerSecretKeyFile: k.secret("other"), NextServerSecretKeyFile: k.secret("next"),
		})
		type claims struct {
			URI       string
			Key       curve.PublicKey
			SameAs    string
			SameAsKey curve.PublicKey
		}
		var got []claims
		for range 2 {
			datagram, _, err := group.Receive(w.Context())
			w.must(err)
			m, err := message.Decode(datagram)
			w.must(err)
			a, err := discovery.ParseAnnouncement(m)
			w.must(err)
			c := claims{URI: a.URI, Key: a.ServerKey()}
			c.SameAs, c.SameAsKey = a.SameAs()
			got = append(got, c)
		}
		other, next := k.pair("other").Public, k.pair("next").Public
		want := []claims{{URI: uriA, Key: other}, {URI: "tcp://10.0.0.1:9001", Key: next, SameAs: uriA, SameAsKey: other}}
		if diff := cmp.Diff(want, got, cmpopts.SortSlices(func(a, b claims) bool { return a.URI < b.URI })); diff != "" {
			w.Errorf("announced (-want +got):\n%s", diff)
		}
	})
}

// A second socket is bound only where there is a key for it.
func TestNextSocketOrNot(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	rotating := func(c *security.Config) { c.NextServerSecretKeyFile = k.secret("next") }
	tests := []struct {
		name string
		sec  *security.Security
		opts pubsub.PublisherOptions
		want string // endpoint; empty: none
	}{
		{"no next key", k.server(), pubsub.PublisherOptions{Port: 9000}, ""},
		{"a free port", k.server(rotating), pubsub.PublisherOptions{Port: 9000, MinPort: 50000, MaxPort: 50001}, "tcp://*:50000"},
		{"a port", k.server(rotating), pubsub.PublisherOptions{Address: "tcp://127.0.0.1:9000", NextPort: 9005}, "tcp://127.0.0.1:9005"},
		{"ipc", k.server(rotating), pubsub.PublisherOptions{Address: "ipc:///run/x"}, "ipc:///run/x.next"},
		{"inproc", k.server(rotating), pubsub.PublisherOptions{Address: "inproc://x"}, ""},
		{"plain", k.server(rotating), pubsub.PublisherOptions{Port: 9000, Backend: transport.Plain}, ""},
		{"a key of its own", k.server(rotating), pubsub.PublisherOptions{Port: 9000, ServerSecretKeyFile: k.secret("other")}, ""},
		{
			"a next key that is the present one", k.server(),
			pubsub.PublisherOptions{Port: 9000, ServerSecretKeyFile: k.secret("other"), NextServerSecretKeyFile: k.secret("other")}, "",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(w world) {
				node, _ := w.secureNode(hostA, secureSettings, tt.sec)
				o := tt.opts
				o.Name, o.Announce = "x", pubsub.AnnounceNone
				pub := w.publisherOn(node, o)
				next, ok := pub.NextEndpoint()
				if ok != (tt.want != "") || ok && next.String() != tt.want {
					w.Errorf("next endpoint %v %q, want %q", ok, next, tt.want)
				}
			})
		})
	}
}

// The port of the second socket is taken: nothing is left of the first.
func TestNextPortTaken(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	server := k.server(func(c *security.Config) { c.NextServerSecretKeyFile = k.secret("next") })
	bubble(t, func(w world) {
		w.publisher(9001)
		node, _ := w.secureNode(hostA, secureSettings, server)
		pub, err := node.Publisher(pubsub.PublisherOptions{Name: "x", Port: 9000, NextPort: 9001})
		if err == nil {
			w.close(pub)
			w.Fatal("started")
		}
		if !strings.Contains(err.Error(), "next server key") || !strings.Contains(err.Error(), "9001") {
			w.Errorf("got %v", err)
		}
		w.publisher(9000)
	})
}
