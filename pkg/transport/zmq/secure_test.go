package zmq

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// TestPlainAndTwoServerKeys: one subscriber, a plain publisher and two secure ones with keys of their own, in any order.
func TestPlainAndTwoServerKeys(t *testing.T) {
	t.Parallel()
	ps := newPeers(t)
	ps.gatekeeper("200")
	client, one, two := newKeys(t), newKeys(t), newKeys(t)
	pubs := make([]*zmq4.Socket, 4)
	to := make([]transport.Address, 4)
	bound := func(i int, keys curve.KeyPair) {
		pubs[i], to[i].Endpoint = ps.boundSecure(zmq4.XPUB, keys)
		to[i] = secureAddress(to[i].Endpoint, keys.Public)
	}
	bound(0, one)
	pubs[1], to[1].Endpoint = ps.bound(zmq4.XPUB)
	bound(2, two)
	pubs[3], to[3].Endpoint = ps.bound(zmq4.XPUB)
	cfg := transport.SubscriberConfig{Attribute: true, SocketOptions: transport.SocketOptions{ClientKey: client}}
	s, events := subscriberTo(t, newTransport(t, Options{}), cfg)
	for _, a := range to {
		must(t, s.Connect(a))
	}
	for range to {
		expectEvents(t, events, transport.Connected)
	}
	for i, p := range pubs {
		if _, err := p.RecvBytes(0); err != nil {
			t.Fatalf("publisher %d: no subscription: %v", i, err)
		}
		_, err := p.Send(to[i].Endpoint.String(), 0)
		must(t, err)
	}
	got := receiveAll(t, s, len(to))
	want := make([]string, len(to))
	for i, a := range to {
		want[i] = a.Endpoint.String()
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestKeysInTurn: whichever of the keys the server has, and when it takes the other one.
func TestKeysInTurn(t *testing.T) {
	t.Parallel()
	ps := newPeers(t)
	ps.gatekeeper("200")
	old, next, client := newKeys(t), newKeys(t), newKeys(t)
	pub, at := ps.boundSecure(zmq4.XPUB, old)
	cfg := transport.SubscriberConfig{SocketOptions: transport.SocketOptions{ClientKey: client}}
	s, events := subscriberTo(t, newTransport(t, Options{}), cfg)
	must(t, s.Connect(secureAddress(at, next.Public, old.Public)))
	expectEvents(t, events, transport.Connected)
	for i, keys := range []curve.KeyPair{next, old, old, next} {
		must(t, pub.Close())
		expectEvents(t, events, transport.Lost)
		begin := time.Now()
		pub, _ = ps.boundSecureAt(zmq4.XPUB, keys, at.String())
		expectEvents(t, events, transport.Connected)
		if took := time.Since(begin); took > 3*time.Second {
			t.Errorf("round %d: the other key is tried after %v", i, took)
		}
		if _, err := pub.RecvBytes(0); err != nil {
			t.Fatal(err)
		}
		_, err := pub.Send("hello", 0)
		must(t, err)
		receiveAll(t, s, 1)
	}
}

// TestPlainBecomesSecure: a publisher that moves to CURVE, and back, is followed by Disconnect and Connect. Without Disconnect it is an error.
func TestPlainBecomesSecure(t *testing.T) {
	t.Parallel()
	ps := newPeers(t)
	ps.gatekeeper("200")
	server, client := newKeys(t), newKeys(t)
	pub, at := ps.bound(zmq4.XPUB)
	plain, secure := transport.Address{Endpoint: at}, secureAddress(at, server.Public)
	cfg := transport.SubscriberConfig{SocketOptions: transport.SocketOptions{ClientKey: client}}
	s, events := subscriberTo(t, newTransport(t, Options{}), cfg)
	must(t, s.Connect(plain))
	for range 2 {
		expectEvents(t, events, transport.Connected)
		if err := s.Connect(secure); !errors.Is(err, errOtherSecurity) {
			t.Errorf("Connect to one that is connected in plain: got %v, want %v", err, errOtherSecurity)
		}
		must(t, pub.Close())
		expectEvents(t, events, transport.Lost)
		pub, _ = ps.boundSecureAt(zmq4.XPUB, server, at.String())
		must(t, s.Disconnect(plain))
		must(t, s.Connect(secure))
		if e := expectEvents(t, events, transport.Connected); e.Peer != secure {
			t.Errorf("connected is %v, want %v", e.Peer, secure)
		}
		must(t, pub.Close())
		expectEvents(t, events, transport.Lost)
		pub = ps.socket(zmq4.XPUB)
		ps.bind(pub, at.String())
		must(t, s.Disconnect(secure))
		must(t, s.Connect(plain))
	}
	expectEvents(t, events, transport.Connected)
}

// TestOtherSecurityShares: two names of one place can't be connected in two ways.
func TestOtherSecurityShares(t *testing.T) {
	t.Parallel()
	server, client := newKeys(t), newKeys(t)
	cfg := transport.SubscriberConfig{SocketOptions: transport.SocketOptions{ClientKey: client}}
	s, _ := subscriberTo(t, newTransport(t, Options{}), cfg)
	one, two := endpoint(t, "tcp://127.0.0.1:9"), endpoint(t, "tcp://[::ffff:127.0.0.1]:9")
	must(t, s.Connect(transport.Address{Endpoint: one}))
	if err := s.Connect(secureAddress(two, server.Public)); !errors.Is(err, errOtherSecurity) {
		t.Errorf("got %v, want %v", err, errOtherSecurity)
	}
	must(t, s.Connect(transport.Address{Endpoint: two}))
}

func TestSecurePuller(t *testing.T) {
	t.Parallel()
	ps := newPeers(t)
	ps.gatekeeper("200")
	server, client := newKeys(t), newKeys(t)
	push, at := ps.boundSecure(zmq4.PUSH, server)
	p, err := newTransport(t, Options{}).Puller(transport.PullerConfig{Address: secureAddress(at, newKeys(t).Public, server.Public),
		SocketOptions: transport.SocketOptions{ClientKey: client}})
	must(t, err)
	_, err = push.Send("hello", 0)
	must(t, err)
	if got := receiveAll(t, p, 1); got[0] != "hello" {
		t.Errorf("got %q, want hello", got)
	}
}

// TestSecureRequest: with one key, and where the second one is right; and with a server that is plain.
func TestSecureRequest(t *testing.T) {
	t.Parallel()
	ps := newPeers(t)
	ps.gatekeeper("200")
	server, client := newKeys(t), newKeys(t)
	rep, at := ps.boundSecure(zmq4.ROUTER, server)
	ps.echo(rep)
	tr := newTransport(t, Options{})
	opts := transport.SocketOptions{ClientKey: client}
	for _, to := range []transport.Address{secureAddress(at, server.Public), secureAddress(at, newKeys(t).Public, newKeys(t).Public, server.Public)} {
		for range 3 {
			if got, err := tr.Request(soon(t), to, []byte("hello"), opts); err != nil || string(got) != "hello" {
				t.Errorf("got %q, %v: want hello", got, err)
			}
		}
		if got, want := tr.keys.get(to), to.ServerKeys.Len()-1; got != want {
			t.Errorf("the next request begins with key %d, want %d: the right one", got, want)
		}
	}
}

// TestKeyMemory: bounded, and only for what is not the first key.
func TestKeyMemory(t *testing.T) {
	t.Parallel()
	var m keyMemory
	at := func(i int) transport.Address {
		return transport.Address{Endpoint: endpoint(t, fmt.Sprintf("tcp://127.0.0.1:%d", i+1))}
	}
	m.put(at(0), 0)
	if len(m.right) != 0 {
		t.Error("the first key is remembered")
	}
	for i := range 10 * keyMemoryLimit {
		m.put(at(i), 1)
		if got := m.get(at(i)); got != 1 {
			t.Fatalf("got %d, want 1", got)
		}
	}
	if len(m.right) > keyMemoryLimit {
		t.Errorf("%d peers are remembered, want %d at most", len(m.right), keyMemoryLimit)
	}
	last := at(10*keyMemoryLimit - 1)
	m.put(last, 0)
	if got := m.get(last); got != 0 {
		t.Errorf("got %d, want 0: it has its first key again", got)
	}
}

// TestRequestFailures: why there was no answer, and the answer when the cause goes away in time.
func TestRequestFailures(t *testing.T) {
	t.Parallel()
	server, client := newKeys(t), newKeys(t)
	for _, tt := range []struct {
		name, status string
		to           func(transport.Endpoint) transport.Address
		interval     time.Duration
		want         transport.Failure
	}{
		{"wrong server key", "200", func(e transport.Endpoint) transport.Address { return secureAddress(e, client.Public) }, short, transport.FailedServerKey},
		{"300", "300", func(e transport.Endpoint) transport.Address { return secureAddress(e, server.Public) }, short, transport.FailedSilent},
		{"300, and less patience", "300", func(e transport.Endpoint) transport.Address { return secureAddress(e, server.Public) }, 10 * time.Second, transport.FailedSilent},
		{"300, two keys", "300", func(e transport.Endpoint) transport.Address { return secureAddress(e, server.Public, client.Public) }, short, transport.FailedSilent},
		{"400", "400", func(e transport.Endpoint) transport.Address { return secureAddress(e, server.Public) }, short, transport.FailedRefused},
		{"we are plain", "200", func(e transport.Endpoint) transport.Address { return transport.Address{Endpoint: e} }, short, transport.FailedMechanism},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ps := newPeers(t)
			g := ps.gatekeeper(tt.status)
			rep, at := ps.boundSecure(zmq4.ROUTER, server)
			ps.echo(rep)
			tr := newTransport(t, Options{})
			opts := transport.SocketOptions{ClientKey: client, HandshakeInterval: tt.interval}
			ctx, cancel := context.WithTimeout(t.Context(), 4*short)
			defer cancel()
			_, err := tr.Request(ctx, tt.to(at), []byte("hello"), opts)
			why, ok := errors.AsType[*transport.HandshakeError](err)
			if !ok || !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("got %v, want a HandshakeError and %v", err, context.DeadlineExceeded)
			}
			if why.Reason != tt.want || why.Peer != tt.to(at).Normal() || !strings.Contains(err.Error(), why.Cause) {
				t.Errorf("got %s of %v: %v; want %s", why.Reason, why.Peer, err, tt.want)
			}
			if tt.status == "200" {
				return
			}
			time.AfterFunc(short/2, func() { g.answer("200") })
			opts.HandshakeInterval = short
			if got, err := tr.Request(soon(t), tt.to(at), []byte("hello"), opts); err != nil || string(got) != "hello" {
				t.Errorf("once admitted: got %q, %v: want hello", got, err)
			}
		})
	}
}

// TestNoKeys: what is missing is named.
func TestNoKeys(t *testing.T) {
	t.Parallel()
	tr := newTransport(t, Options{})
	client, server := newKeys(t), newKeys(t)
	at := endpoint(t, "tcp://127.0.0.1:9")
	for _, tt := range []struct {
		name string
		to   transport.Address
		key  curve.KeyPair
		want string
	}{
		{"server", secureAddress(at), client, "server_public_key_file"},
		{"client", secureAddress(at, server.Public), curve.KeyPair{}, "client_secret_key_file"},
	} {
		opts := transport.SocketOptions{ClientKey: tt.key}
		s, err := tr.Subscriber(transport.SubscriberConfig{SocketOptions: opts})
		must(t, err)
		_, pullErr := tr.Puller(transport.PullerConfig{Address: tt.to, SocketOptions: opts})
		_, reqErr := tr.Request(t.Context(), tt.to, nil, opts)
		for kind, err := range map[string]error{"subscriber": s.Connect(tt.to), "puller": pullErr, "request": reqErr} {
			if !errors.Is(err, transport.ErrNoKeys) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s without keys of the %s: got %v, want %v and %s", kind, tt.name, err, transport.ErrNoKeys, tt.want)
			}
		}
	}
}

// TestWipedKey: a key that was wiped too early makes no plain connection.
func TestWipedKey(t *testing.T) {
	t.Parallel()
	ps := newPeers(t)
	pub, at := ps.bound(zmq4.XPUB)
	client := newKeys(t)
	s, events := subscriberTo(t, newTransport(t, Options{}), transport.SubscriberConfig{SocketOptions: transport.SocketOptions{ClientKey: client}})
	client.Secret.Wipe()
	if err := s.Connect(secureAddress(at, newKeys(t).Public)); !errors.Is(err, transport.ErrNoKeys) {
		t.Errorf("got %v, want %v", err, transport.ErrNoKeys)
	}
	must(t, s.Connect(transport.Address{Endpoint: at}))
	expectEvents(t, events, transport.Connected)
	if _, err := pub.RecvBytes(0); err != nil {
		t.Fatal(err)
	}
}
