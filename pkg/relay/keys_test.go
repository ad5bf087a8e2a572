package relay_test

import (
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"

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
