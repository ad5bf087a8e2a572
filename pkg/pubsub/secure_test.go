package pubsub_test

import (
	"errors"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/transporttest"
)

var secureSettings = pubsub.Settings{Backend: transport.Secure}

// bubble runs a test in a synctest bubble, with keys that were opened outside it.
func bubble(t *testing.T, test func(world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(newWorld(t)) })
}

// One publisher has the key of its host, another one of its own, a third is plain, and one subscriber hears all of them.
func TestPlainAndSecureTogether(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	server := k.server()
	client := k.client("alice", "*="+k.public("server"), "tcp://10.0.0.1:9001="+k.public("other"))
	bubble(t, func(w world) {
		node, _ := w.secureNode(hostA, secureSettings, server)
		silent := pubsub.PublisherOptions{Name: "x", Announce: pubsub.AnnounceNone}
		shared, own, plain := silent, silent, silent
		shared.Port, own.Port, plain.Port = 9000, 9001, 9002
		own.ServerSecretKeyFile = k.secret("other")
		plain.Backend = transport.Plain
		pubs := []*pubsub.Publisher{w.publisherOn(node, shared), w.publisherOn(node, own), w.publisherOn(node, plain)}

		subNode, _ := w.secureNode(hostB, pubsub.Settings{}, client)
		sub := w.subscriberOn(subNode, pubsub.SubscriberOptions{
			Addresses: append(secureAt("tcp://10.0.0.1:9000", "tcp://10.0.0.1:9001"), pubsub.URIs("tcp://10.0.0.1:9002")...),
		})
		sleep(time.Second)
		w.publish(pubs[0], "/shared")
		w.publish(pubs[1], "/own")
		w.publish(pubs[2], "/plain")
		if diff := cmp.Diff([]string{"/shared", "/own", "/plain"}, w.arrived(sub)); diff != "" {
			w.Errorf("received (-want +got):\n%s", diff)
		}
		for i, identity := range []string{"alice", "alice", ""} {
			want := []transport.Client{{Identity: identity, Topics: 1}}
			if diff := cmp.Diff(want, pubs[i].Clients(), cmpopts.IgnoreFields(transport.Client{}, "Addr")); diff != "" {
				w.Errorf("clients of publisher %d (-want +got):\n%s", i, diff)
			}
			for _, c := range pubs[i].Clients() {
				if c.Addr.Addr() != hostB {
					w.Errorf("client at %s, want it at %s", c.Addr, hostB)
				}
			}
		}
		if got := pubs[0].Stats().Access.ByClient; got["alice"] != 1 || len(got) != 1 {
			w.Errorf("admitted %v, want alice once", got)
		}
	})
}

// inproc is never secured, and needs no keys.
func TestInprocNeedsNoKeys(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		node, _ := w.node(hostA, secureSettings)
		pub := w.publisherOn(node, pubsub.PublisherOptions{Name: "x", Address: "inproc://x", Announce: pubsub.AnnounceNone})
		sub := w.subscriberOn(node, pubsub.SubscriberOptions{Addresses: pubsub.URIs("inproc://x")})
		w.publish(pub, "/a")
		if diff := cmp.Diff([]string{"/a"}, w.arrived(sub)); diff != "" {
			t.Errorf("received (-want +got):\n%s", diff)
		}
	})
}

// What is missing is told when a publisher starts, with the names of the settings.
func TestSecurePublisherNeedsKeys(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	shared := k.secret("mallory")
	if err := os.Chmod(shared, 0o644); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		sec  *security.Security
		opts pubsub.PublisherOptions
		want []string
		none bool // of keys
	}{
		{name: "no keys at all", want: []string{"server_secret_key_file", "clients_public_keys_directory"}, none: true},
		{name: "a client's keys", sec: k.client("alice"), want: []string{"server_secret_key_file and clients_public_keys_directory"}, none: true},
		{
			name: "no folder of clients", sec: k.open(security.Config{ServerSecretKeyFile: k.secret("server")}),
			want: []string{"set clients_public_keys_directory"}, none: true,
		},
		{
			name: "a key of its own and no folder", sec: k.open(security.Config{}),
			opts: pubsub.PublisherOptions{ServerSecretKeyFile: k.secret("other")}, want: []string{"set clients_public_keys_directory"}, none: true,
		},
		{
			name: "a key of its own that is not there", sec: k.server(),
			opts: pubsub.PublisherOptions{ServerSecretKeyFile: "/nowhere/x.key_secret"}, want: []string{"server_secret_key_file: ", "/nowhere/x.key_secret"},
		},
		{
			name: "a next key that others can read", sec: k.server(),
			opts: pubsub.PublisherOptions{NextServerSecretKeyFile: shared}, want: []string{"next_server_secret_key_file: ", shared},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(w world) {
				node, _ := w.secureNode(hostA, secureSettings, tt.sec)
				o := tt.opts
				o.Name, o.Port = "x", 9000
				pub, err := node.Publisher(o)
				if err == nil {
					w.close(pub)
					w.Fatal("started")
				}
				for _, want := range tt.want {
					if !strings.Contains(err.Error(), want) {
						w.Errorf("got %q, want it to tell of %q", err, want)
					}
				}
				if got := errors.Is(err, transport.ErrNoKeys); got != tt.none {
					w.Errorf("no keys: %v, want %v: %v", got, tt.none, err)
				}
				w.publisher(9000) // nothing of it is left
			})
		})
	}
}

// A secure subscriber without keys would never find anything.
func TestSecureLookupNeedsKeys(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	for want, sec := range map[string]*security.Security{
		"client_secret_key_file and server_public_key_file": nil,
		"set server_public_key_file":                        k.client("alice"),
		"set client_secret_key_file":                        k.open(security.Config{ServerPublicKeyFile: k.public("server")}),
	} {
		bubble(t, func(w world) {
			node, _ := w.secureNode(hostB, secureSettings, sec)
			_, lookupErr := node.Lookup(w.Context(), "viirs")
			sub, err := node.Subscriber(services("viirs"))
			if err == nil {
				w.close(sub)
			}
			for _, err := range []error{err, lookupErr} {
				if !errors.Is(err, transport.ErrNoKeys) || !strings.Contains(err.Error(), want) {
					w.Errorf("got %v, want it to tell of %q", err, want)
				}
			}
		})
	}
}

// Who may connect to plain publishers is decided by address.
func TestAuthorizedClients(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	restricted := pubsub.Settings{AuthorizedClients: []string{hostB.String(), "10.1.0.0/16"}}
	gate := k.open(security.Config{AuthorizedClientAddresses: []string{"10.1.0.0/16", hostB.String()}})
	other := k.open(security.Config{AuthorizedClientAddresses: []string{hostB.String()}})
	bubble(t, func(w world) {
		node, _ := w.secureNode(hostA, restricted, gate)
		pub := w.publisherOn(node, pubsub.PublisherOptions{Name: "x", Port: 9000, Announce: pubsub.AnnounceNone})
		received := func(host netip.Addr) []string {
			node, _ := w.node(host, pubsub.Settings{})
			sub := w.subscriberOn(node, pubsub.SubscriberOptions{Addresses: pubsub.URIs(uriA)})
			sleep(time.Second)
			w.publish(pub, "/a")
			return w.arrived(sub)
		}
		if diff := cmp.Diff([]string{"/a"}, received(hostB)); diff != "" {
			w.Errorf("an authorized client received (-want +got):\n%s", diff)
		}
		if got := received(hostN); len(got) != 0 {
			w.Errorf("a stranger received %q", got)
		}
		if got := pub.Stats().Access.Refused[transport.RefusedAddress]; got == 0 {
			w.Error("no refusal counted")
		}

		node, _ = w.secureNode(hostA, restricted, other)
		pub, err := node.Publisher(pubsub.PublisherOptions{Name: "x", Port: 9001, Announce: pubsub.AnnounceNone})
		if err == nil {
			w.close(pub)
			w.Error("started with another gate than the settings ask for")
		}
	})
}

// A subscriber whose key is not admitted is told so once, and that it is in, too.
func TestHandshakesAreLogged(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	client := k.client("alice", "*="+k.public("server"))
	server, alice := k.pair("server"), k.pair("alice")
	bubble(t, func(w world) {
		gate := transporttest.NewGate()
		pub := w.bindSecure("tcp://*:9000", server, gate)
		node, logs := w.secureNode(hostB, pubsub.Settings{}, client)
		var events []transport.EventKind
		sub := w.subscriberOn(node, pubsub.SubscriberOptions{
			Addresses: secureAt(uriA), Events: func(e transport.Event) { events = append(events, e.Kind) },
		})
		sleep(time.Minute)
		w.publisher(9001) // what binds makes those who wait try again
		sleep(time.Minute)
		failures := logs.FilterMessage("handshake with publisher failed").All()
		if len(failures) != 1 {
			w.Fatalf("logged %q, want one failure", lines(logs))
		}
		got := failures[0].ContextMap()
		if got["uri"] != uriA || got["reason"] != "silent" || !strings.Contains(got["hint"].(string), "clients_public_keys_directory") {
			w.Errorf("logged %v", got)
		}
		if n := sub.Stats().HandshakesFailed; n == 0 {
			w.Error("no failed handshake counted")
		}
		gate.Admit("alice", alice.Public)
		sleep(time.Minute)
		if got := lines(logs); got != "handshake with publisher failed|publisher connected after failed handshakes" {
			w.Errorf("logged %q", got)
		}
		if len(events) < 2 || events[len(events)-1] != transport.Connected {
			w.Errorf("the program was told %v", events)
		}
		w.must(pub.Send(w.Context(), []byte("pytroll://a info me@x 2024-05-17T09:41:12 v1.01")))
		if diff := cmp.Diff([]string{"/a"}, w.arrived(sub)); diff != "" {
			w.Errorf("received (-want +got):\n%s", diff)
		}
		gate.Revoke(alice.Public)
		sleep(time.Minute)
		if n := logs.FilterMessage("handshake with publisher failed").Len(); n != 2 {
			w.Errorf("logged %q, want that the key is not admitted any more", lines(logs))
		}
	})
}

// A publisher that comes back with another backend, under the same URI, is connected to anew.
func TestPublisherChangesItsBackend(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	client := k.client("alice", "*="+k.public("server"))
	server, alice := k.pair("server"), k.pair("alice")
	bubble(t, func(w world) {
		ns := w.startNameserver()
		node, _ := w.secureNode(hostB, pubsub.Settings{}, client)
		plain := w.publisher(9000)
		ns.add(uriA, "viirs", "backend", "unsecure_zmq")
		sub := w.subscriberOn(node, services("viirs"))
		sleep(time.Second)
		w.publish(plain, "/plain")
		w.must(plain.Close())
		pub := w.bindSecure("tcp://*:9000", server, transporttest.NewGate().Admit("alice", alice.Public))
		ns.remove(uriA, "viirs")
		ns.add(uriA, "viirs", "backend", "secure_zmq")
		sleep(time.Second)
		want := []pubsub.Address{{URI: uriA, Backend: transport.Secure}}
		if diff := cmp.Diff(want, sub.Addresses()); diff != "" {
			w.Errorf("connected (-want +got):\n%s", diff)
		}
		w.must(pub.Send(w.Context(), []byte("pytroll://secure info me@x 2024-05-17T09:41:12 v1.01")))
		if diff := cmp.Diff([]string{"/plain", "/secure"}, w.arrived(sub)); diff != "" {
			w.Errorf("received (-want +got):\n%s", diff)
		}
	})
}

// The program's word on a backend counts more than that of an announcement, which anybody can make.
func TestGivenBackendCounts(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	client := k.client("alice", "*="+k.public("server"))
	bubble(t, func(w world) {
		ns := w.startNameserver()
		node, _ := w.secureNode(hostB, pubsub.Settings{}, client)
		o := services("viirs")
		o.Addresses = secureAt(uriA)
		sub := w.subscriberOn(node, o)
		backend := func() transport.Backend {
			sleep(time.Second)
			return sub.Addresses()[0].Backend
		}
		ns.add(uriA, "viirs", "backend", "unsecure_zmq")
		if got := backend(); got != transport.Secure {
			w.Errorf("a nameserver made it %q", got)
		}
		w.must(sub.Add(pubsub.Address{URI: uriA, Backend: transport.Plain}))
		if got := backend(); got != transport.Plain {
			w.Errorf("the program made it %q", got)
		}
		if changed, err := sub.Update(secureAt(uriA)); !changed || err != nil || backend() != transport.Secure {
			w.Errorf("update: %v, %v", changed, err)
		}
		if _, err := sub.Update(nil); err != nil {
			w.Error(err)
		}
		if got := backend(); got != transport.Plain {
			w.Errorf("when the program takes its word back it is %q, want it as it was found", got)
		}
	})
}

// A service that gets another name may have another key.
func TestPublisherChangesItsKey(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	client := k.client("alice", "viirs="+k.public("server"), "modis="+k.public("other"))
	other, alice := k.pair("other"), k.pair("alice")
	bubble(t, func(w world) {
		ns := w.startNameserver()
		node, logs := w.secureNode(hostB, pubsub.Settings{}, client)
		pub := w.bindSecure("tcp://*:9000", other, transporttest.NewGate().Admit("alice", alice.Public))
		sub := w.subscriberOn(node, services(pubsub.AllServices))
		ns.add(uriA, "viirs", "backend", "secure_zmq")
		sleep(time.Second)
		ns.add(uriA, "modis", "backend", "secure_zmq")
		sleep(time.Second)
		w.must(pub.Send(w.Context(), []byte("pytroll://a info me@x 2024-05-17T09:41:12 v1.01")))
		if diff := cmp.Diff([]string{"/a"}, w.arrived(sub)); diff != "" {
			w.Errorf("received (-want +got):\n%s", diff)
		}
		got := strings.Split(lines(logs), "|")
		slices.Sort(got) // a handshake may fail before the publisher is told as added
		want := []string{"handshake with publisher failed", "publisher added", "publisher connected anew: it has another backend or other keys"}
		if diff := cmp.Diff(want, got); diff != "" {
			w.Errorf("logged (-want +got):\n%s", diff)
		}
	})
}

// Secure subscribers follow a nameserver that is secure alone, and one that serves both kinds, where the feed is on another port. That they can't
// follow it on one of the ports is no news.
func TestFeedOfSecureSubscriber(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	client := k.client("alice", "*="+k.public("server"))
	server, alice := k.pair("server"), k.pair("alice")
	for name, port := range map[string]int{"secure nameserver": 16543, "mixed nameserver": 16544} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(w world) {
				door := transport.ServerSecurity{Key: server, Gate: transporttest.NewGate().Admit("alice", alice.Public)}
				ns := w.startNameserverAt(5558, port, transport.Secure, door)
				if port != 16543 {
					w.startNameserver()
				}
				node, logs := w.secureNode(hostB, secureSettings, client)
				ns.add(uriA, "viirs")
				sub := w.subscriberOn(node, services("viirs"))
				sleep(time.Minute)
				ns.add("tcp://10.0.0.1:9001", "viirs", "backend", "unsecure_zmq")
				sleep(time.Second)
				if diff := cmp.Diff([]pubsub.Address{
					{URI: uriA, Backend: transport.Secure}, {URI: "tcp://10.0.0.1:9001", Backend: transport.Plain},
				}, sub.Addresses()); diff != "" {
					w.Errorf("connected (-want +got):\n%s", diff)
				}
				if warned := logs.FilterLevelExact(zap.WarnLevel).All(); len(warned) != 0 {
					w.Errorf("warned %v", warned)
				}
			})
		})
	}
}

// Given nameservers are told in the way that they take.
func TestAnnounceBackend(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	sec := k.server(func(c *security.Config) {
		c.ClientSecretKeyFile, c.ServerPublicKeyFile = k.secret("alice"), k.public("other")
	})
	other, alice := k.pair("other"), k.pair("alice")
	tests := []struct {
		name     string
		settings pubsub.Settings
		want     string
	}{
		{"plain", pubsub.Settings{}, "plain"},
		{"secure", secureSettings, "secure"},
		{"secure, and a nameserver of Python", pubsub.Settings{Backend: transport.Secure, AnnounceBackend: transport.Plain}, "plain"},
		{"plain, told in secret", pubsub.Settings{AnnounceBackend: transport.Secure}, "secure"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(w world) {
				heard := make(chan string, 100)
				w.registrations("tcp://*:21200", transport.Plain, transport.ServerSecurity{}, "plain", heard)
				gate := transporttest.NewGate().Admit("alice", alice.Public)
				w.registrations("tcp://*:21201", transport.Secure, transport.ServerSecurity{Key: other, Gate: gate}, "secure", heard)
				node, _ := w.secureNode(hostA, tt.settings, sec)
				w.publisherOn(node, pubsub.PublisherOptions{Name: "x", Nameservers: []string{hostN.String()}})
				sleep(time.Second)
				if len(heard) != 1 || <-heard != tt.want {
					w.Errorf("not told %s", tt.want)
				}
			})
		})
	}
}

// registrations takes announcements, and says on heard by which way they came.
func (w world) registrations(endpoint string, backend transport.Backend, security transport.ServerSecurity, way string, heard chan<- string) {
	w.Helper()
	replier, err := w.network.Transport(hostN).Replier(transport.ReplierConfig{Endpoint: w.endpoint(endpoint), Backend: backend, Security: security})
	w.must(err)
	go func() {
		for {
			requests, err := replier.Receive(w.Context())
			if err != nil {
				return
			}
			for _, r := range requests {
				heard <- way
				w.must(replier.Reply(r, []byte("ok")))
			}
		}
	}()
	w.Cleanup(func() { w.close(replier) })
}
