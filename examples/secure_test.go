package examples

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pytroll/posttroll-go/internal/testbed"
	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/zmq"
)

// The secure example names who listens.
func TestSecure(t *testing.T) {
	t.Parallel()
	keys := t.TempDir()
	clients := filepath.Join(keys, "clients")
	for _, name := range []string{"server", "alice"} {
		pair, err := curve.Generate()
		must(t, err)
		must(t, pair.WritePair(keys, name, curve.WriteOptions{}))
		if name == "alice" {
			must(t, os.Mkdir(clients, 0o755))
			must(t, pair.WritePublic(clients, name, curve.WriteOptions{}))
		}
	}
	s := newSite(t)
	s.environ = append(s.environ, "POSTTROLL_SERVER_SECRET_KEY_FILE="+curve.SecretPath(keys, "server"),
		"POSTTROLL_CLIENTS_PUBLIC_KEYS_DIRECTORY="+clients)
	program := s.start(t, "secure")
	line, _ := program.WaitLine(0, "publishing on tcp://")
	listen(t, strings.TrimPrefix(line, "publishing on "), security.Config{
		ClientSecretKeyFile: curve.SecretPath(keys, "alice"), ServerPublicKeyFile: curve.PublicPath(keys, "server"),
	})
	program.WaitLine(0, " went to alice at ")
	program.WaitLine(0, `"message":"client admitted"`, `"client":"alice"`)
}

// listen subscribes to a secure publisher until the test ends, and waits for a message.
func listen(t *testing.T, uri string, cfg security.Config) {
	t.Helper()
	sec, err := security.Open(cfg, security.Options{})
	must(t, err)
	network, err := zmq.New(zmq.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, errors.Join(network.Close(), sec.Close())) })
	settings := pubsub.Settings{Backend: transport.Secure}
	node, err := pubsub.New(pubsub.Options{Transport: network, Settings: settings, Security: sec})
	must(t, err)
	sub, err := node.Subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(uri), Topics: []string{"/counter"}, Timeout: testbed.Patience})
	must(t, err)
	msg, err := sub.Receive(t.Context())
	must(t, err)
	if msg.Subject() != "/counter" {
		t.Errorf("got subject %q", msg.Subject())
	}
}
