package relay_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/pytroll/posttroll-go/internal/testbed"
	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/relay"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/inmem"
)

// ring is a folder of keys.
type ring struct {
	*testing.T
	dir string
}

// newRing makes a pair for each name, and an empty folder of clients.
func newRing(t *testing.T, names ...string) ring {
	t.Helper()
	r := ring{t, t.TempDir()}
	for _, name := range names {
		r.write(r.dir, name)
	}
	return r
}

func (r ring) write(dir, name string) {
	r.Helper()
	cert, err := curve.Generate()
	if err != nil {
		r.Fatal(err)
	}
	if err := cert.WritePair(dir, name, curve.WriteOptions{}); err != nil {
		r.Fatal(err)
	}
}

func (r ring) secret(name string) string { return curve.SecretPath(r.dir, name) }
func (r ring) public(name string) string { return curve.PublicPath(r.dir, name) }

// node makes a secure one, whose publishers let in those whose keys lie in the folder.
func (r ring) node(network *inmem.Network, on int, server, client, publisher string) *pubsub.Node {
	r.Helper()
	sec, err := security.Open(security.Config{
		ServerSecretKeyFile: r.secret(server), ClientsPublicKeysDirectory: r.dir,
		ClientSecretKeyFile: r.secret(client), ServerPublicKeyFile: r.public(publisher),
	}, security.Options{})
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() {
		if err := sec.Close(); err != nil {
			r.Errorf("close keys: %v", err)
		}
	})
	node, err := pubsub.New(pubsub.Options{
		Transport: network.Transport(host(on)), Settings: pubsub.Settings{Backend: transport.Secure}, Security: sec,
	})
	if err != nil {
		r.Fatal(err)
	}
	return node
}

// Each route has keys of its own: one comes from a secure publisher and goes out plain, one the other way, with other keys.
func TestOwnKeys(t *testing.T) {
	t.Parallel()
	keys := newRing(t, "publisher", "relay_in", "relay_out", "subscriber")
	network := newNetwork(t)
	w := world{t, network}
	secret := keys.node(network, 1, "publisher", "subscriber", "relay_out")
	pub, err := secret.Publisher(pubsub.PublisherOptions{Name: "x", Port: 9000, Announce: pubsub.AnnounceNone})
	w.must(err)
	defer w.closed(pub)
	plain := w.publisher(1, 9001)

	in, out := route("in", 9100, uri(1, 9000)), route("out", 9101, uri(1, 9001))
	in.Source.Backend = transport.Secure
	in.Source.ClientSecretKeyFile, in.Source.ServerPublicKeyFile = keys.secret("relay_in"), keys.public("publisher")
	out.Sink.Backend = transport.Secure
	out.Sink.ServerSecretKeyFile, out.Sink.ClientsPublicKeysDirectory = keys.secret("relay_out"), keys.dir
	r, err := relay.New(configOf(in, out), relay.Options{Transport: network.Transport(host(2))})
	w.must(err)
	w.must(r.Listen(t.Context()))
	defer w.closed(r)
	stop := runUntilStopped(w, r)
	defer stop()

	fromIn := w.subscriber(3, uri(2, 9100))
	fromOut, err := secret.Subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(uri(2, 9101))})
	w.must(err)
	defer w.closed(fromOut)
	w.must(pub.SendText(t.Context(), text("/a", "1")))
	w.must(plain.SendText(t.Context(), text("/b", "2")))
	for sub, want := range map[*pubsub.Subscriber]string{fromIn: text("/a", "1"), fromOut: text("/b", "2")} {
		m, err := sub.Receive(t.Context())
		w.must(err)
		if m.String() != want {
			t.Errorf("got %s, want %s", m, want)
		}
	}
	if clients := pub.Clients(); len(clients) != 1 || clients[0].Identity != "relay_in" {
		t.Errorf("clients of the publisher: %v, want relay_in", clients)
	}
}

// All keys are looked for at once, and each that is missing is told with its setting.
func TestCheckKeys(t *testing.T) {
	t.Parallel()
	keys := newRing(t, "server", "client")
	missing := filepath.Join(t.TempDir(), "missing.key_secret")
	good, bad, lacking := route("good", 9100, "tcp://10.0.0.1:9000"), route("bad", 9101, "tcp://10.0.0.1:9000"), route("lacking", 9102, "tcp://10.0.0.1:9000")
	good.Source.Backend, good.Sink.Backend = transport.Secure, transport.Secure
	good.Source.ClientSecretKeyFile, good.Source.ServerPublicKeyFile = keys.secret("client"), keys.public("server")
	good.Sink.ServerSecretKeyFile, good.Sink.ClientsPublicKeysDirectory = keys.secret("server"), keys.dir
	bad.Source.ClientSecretKeyFile = missing
	bad.Source.ServerPublicKeyFile = missing
	bad.Sink.Backend, bad.Sink.ServerSecretKeyFile, bad.Sink.ClientsPublicKeysDirectory = transport.Secure, missing, keys.dir
	lacking.Source.Backend, lacking.Sink.Backend = transport.Secure, transport.Secure
	again := lacking
	again.Name, again.Sink = "again", relay.SinkConfig{SameAs: "lacking"}

	r, err := relay.New(configOf(good, bad, lacking, again), relay.Options{Transport: newNetwork(t).Transport(host(1))})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"route[2].source.client_secret_key_file: " + missing + ": open: no such file or directory",
		"route[2].source.server_public_key_file: " + missing + ": open: no such file or directory",
		"route[2].sink.server_secret_key_file: " + missing + ": open: no such file or directory",
		`route[3].source: tcp://10.0.0.1:9000: backend "secure_zmq": no CURVE keys configured: set client_secret_key_file and server_public_key_file (or server_public_keys)`,
		`route[3].sink: backend "secure_zmq": no CURVE keys configured: set server_secret_key_file and clients_public_keys_directory`,
	}
	if diff := cmp.Diff(strings.Join(want, "\n"), fmt.Sprint(r.CheckKeys())); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A reload reads the key files of routes again: where another key stands in one, what uses it is opened anew, and nothing else is.
func TestReloadOfKeys(t *testing.T) {
	t.Parallel()
	keys := newRing(t, "relay", "next", "subscriber")
	network := newNetwork(t)
	w := world{t, network}
	secure, plain := route("secure", 9100, uri(1, 9000)), route("plain", 9101, uri(1, 9000))
	secure.Sink.Backend = transport.Secure
	secure.Sink.ServerSecretKeyFile, secure.Sink.ClientsPublicKeysDirectory = keys.secret("relay"), keys.dir
	cfg := configOf(secure, plain)
	core, logs := observer.New(zap.InfoLevel)
	r, err := relay.New(cfg, relay.Options{Transport: network.Transport(host(2)), Logger: zap.New(core)})
	w.must(err)
	w.must(r.Listen(t.Context()))
	defer w.closed(r)
	stop := runUntilStopped(w, r)
	defer stop()
	pub := w.publisher(1, 9000)

	w.must(r.Reload(cfg))
	if n := logs.FilterMessage("route changed").Len(); n != 0 {
		t.Errorf("%d routes changed without cause", n)
	}
	secret, err := os.ReadFile(keys.secret("next"))
	w.must(err)
	w.must(os.WriteFile(keys.secret("relay"), secret, 0o600))
	w.must(r.Reload(cfg))
	if changed := logs.FilterMessage("route changed").All(); len(changed) != 1 || changed[0].ContextMap()["route"] != "secure" {
		t.Errorf("routes changed: %v, want the secure one", changed)
	}

	sub, err := keys.node(network, 3, "subscriber", "subscriber", "next").Subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(uri(2, 9100))})
	w.must(err)
	defer w.closed(sub)
	testbed.WaitFor(t, "the subscriber that knows the new key", func() bool { return r.Stats().Routes[0].Subscribers == 1 })
	w.must(pub.WaitSubscribed(t.Context(), "/a", 1))
	w.must(pub.SendText(t.Context(), text("/a", "1")))
	m, err := sub.Receive(t.Context())
	w.must(err)
	if m.String() != text("/a", "1") {
		t.Errorf("got %s", m)
	}

	w.must(os.Remove(keys.secret("relay")))
	if err := r.Reload(cfg); err == nil || !strings.Contains(err.Error(), "route[1].sink.server_secret_key_file: ") {
		t.Errorf("reload with a key file that is gone: %v", err)
	}
	w.must(pub.SendText(t.Context(), text("/a", "2")))
	m, err = sub.Receive(t.Context())
	w.must(err)
	if m.String() != text("/a", "2") {
		t.Errorf("got %s after a reload that failed", m)
	}
}

// Keys that are missing are told before anything is bound, with the name of the setting.
func TestMissingKeys(t *testing.T) {
	inBubble(t, func(w world) {
		missing := filepath.Join(w.TempDir(), "missing.key_secret")
		for name, change := range map[string]func(*relay.Route){
			"source without keys":       func(r *relay.Route) { r.Source.Backend = transport.Secure },
			"sink without keys":         func(r *relay.Route) { r.Sink.Backend = transport.Secure },
			"source whose file is gone": func(r *relay.Route) { r.Source.ClientSecretKeyFile = missing },
		} {
			a := route("a", 9100, uri(1, 9000))
			change(&a)
			r := w.idle(2, a)
			err := r.Listen(w.Context())
			bad, isSetting := errors.AsType[*security.SettingError](err)
			if !errors.Is(err, transport.ErrNoKeys) && (!isSetting || bad.Key != "client_secret_key_file") {
				w.Errorf("%s: got %v", name, err)
			}
			w.closed(r)
			w.closed(w.publisher(2, 9100))
		}
		synctest.Wait()
	})
}
