package pubsub_test

import (
	"net/netip"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/transporttest"
)

// keys are files of key pairs, and the folder of the clients that servers admit: alice alone.
type keys struct {
	t       *testing.T
	dir     string
	clients string
}

// newKeys makes pairs for the servers "server", "next" and "other", and for the clients "alice" and "mallory".
func newKeys(t *testing.T) keys {
	t.Helper()
	k := keys{t, t.TempDir(), t.TempDir()}
	for _, name := range []string{"server", "next", "other", "alice", "mallory"} {
		cert, err := curve.Generate()
		if err != nil {
			t.Fatal(err)
		}
		if err := cert.WritePair(k.dir, name, curve.WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		if name == "alice" {
			if err := cert.WritePublic(k.clients, name, curve.WriteOptions{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	return k
}

func (k keys) secret(name string) string { return curve.SecretPath(k.dir, name) }
func (k keys) public(name string) string { return curve.PublicPath(k.dir, name) }

func (k keys) pair(name string) curve.KeyPair {
	k.t.Helper()
	pair, err := curve.ReadPair(k.secret(name), curve.ReadOptions{})
	if err != nil {
		k.t.Fatal(err)
	}
	return pair
}

// open opens security until the test ends: of a test outside a bubble, when it watches a folder or resolves names.
func (k keys) open(cfg security.Config) *security.Security {
	k.t.Helper()
	sec, err := security.Open(cfg, security.Options{})
	if err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() {
		if err := sec.Close(); err != nil {
			k.t.Errorf("close security: %v", err)
		}
	})
	return sec
}

// server opens the security of a publisher, with further settings.
func (k keys) server(more ...func(*security.Config)) *security.Security {
	cfg := security.Config{ServerSecretKeyFile: k.secret("server"), ClientsPublicKeysDirectory: k.clients}
	for _, change := range more {
		change(&cfg)
	}
	return k.open(cfg)
}

// client opens the security of a subscriber that knows the keys of servers in files ("WHO=FILE").
func (k keys) client(name string, servers ...string) *security.Security {
	return k.open(security.Config{ClientSecretKeyFile: k.secret(name), ServerPublicKeys: servers})
}

// secureNode is node with keys.
func (w world) secureNode(host netip.Addr, settings pubsub.Settings, sec *security.Security) (*pubsub.Node, *observer.ObservedLogs) {
	w.Helper()
	core, logs := observer.New(zap.InfoLevel)
	node, err := pubsub.New(pubsub.Options{
		Transport: w.network.Transport(host),
		Settings:  settings,
		Security:  sec,
		Group:     w.network.Group(host),
		Logger:    zap.New(core),
	})
	w.must(err)
	return node, logs
}

// subscriberOn makes a subscriber that is closed with the test.
func (w world) subscriberOn(node *pubsub.Node, o pubsub.SubscriberOptions) *pubsub.Subscriber {
	w.Helper()
	sub, err := node.Subscriber(o)
	w.must(err)
	w.Cleanup(func() { w.close(sub) })
	return sub
}

// bindSecure binds a bare publisher with a key on hostA.
func (w world) bindSecure(endpoint string, key curve.KeyPair, gate *transporttest.Gate) transport.Publisher {
	w.Helper()
	pub, err := w.network.Transport(hostA).Publisher(transport.PublisherConfig{
		Endpoint: w.endpoint(endpoint), Backend: transport.Secure, Security: transport.ServerSecurity{Key: key, Gate: gate},
	})
	w.must(err)
	w.Cleanup(func() { w.close(pub) })
	return pub
}

func secureAt(uris ...string) []pubsub.Address {
	addrs := pubsub.URIs(uris...)
	for i := range addrs {
		addrs[i].Backend = transport.Secure
	}
	return addrs
}
