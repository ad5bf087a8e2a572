package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pytroll/posttroll-go/pkg/curve"
)

// The services of a world: one publisher each.
const (
	serviceCtl    = "flow"        // ptctl publish
	serviceGo     = "flow-go"     // package pubsub
	serviceSecure = "flow-secure" // ptctl publish -b secure
)

// home is the address of those who behave, and stranger that of all that attacks.
const (
	home     = "127.0.0.1"
	stranger = "127.0.0.66"
)

// environ are the settings that all programs of the world have in common.
func (w *world) environ(more ...string) []string {
	return append(append(w.ports.environ(),
		"POSTTROLL_MULTICAST_INTERFACE="+home,
		"POSTTROLL_SERVER_SECRET_KEY_FILE="+curve.SecretPath(w.keys.dir, "server"),
		"POSTTROLL_SERVER_PUBLIC_KEY_FILE="+curve.PublicPath(w.keys.dir, "server"),
		"POSTTROLL_CLIENT_SECRET_KEY_FILE="+curve.SecretPath(w.keys.dir, "good"),
		"POSTTROLL_CLIENTS_PUBLIC_KEYS_DIRECTORY="+w.keys.clients()), more...)
}

// environ are the ports of a nameserver.
func (p ports) environ() []string {
	return []string{
		fmt.Sprint("POSTTROLL_NAMESERVER_PORT=", p.lookup),
		fmt.Sprint("POSTTROLL_SECURE_ZMQ_NAMESERVER_PORT=", p.secureLookup),
		fmt.Sprint("POSTTROLL_ADDRESS_PUBLISH_PORT=", p.feed),
		fmt.Sprint("POSTTROLL_SECURE_ADDRESS_PUBLISH_PORT=", p.secureFeed),
		fmt.Sprint("POSTTROLL_BROADCAST_PORT=", p.register),
		fmt.Sprint("POSTTROLL_SECURE_BROADCAST_PORT=", p.secureRegister),
	}
}

// relaySettings are those of the relay: %d are its ports. What it keeps for subscribers to come is bounded, so that it is no reason for more memory than before.
const relaySettings = `
http_listen = "127.0.0.1:%d"
control_socket = "%s"

[[route]]
name = "plain"
source = { services = ["flow", "flow-go"], nameservers = ["127.0.0.1"] }
sink = { address = "tcp://127.0.0.1:%d", announce = "none" }

[[route]]
name = "rules"
source = { same_as = "plain" }
duplicates = { by = "uid" }
sink = { address = "tcp://127.0.0.1:%d", announce = "none", last_message = true, last_message_bytes = 4194304, replay_port = %d, replay_messages = 100, replay_bytes = 1048576 }
  [[route.step]]
  set = { "checked.by" = "relay" }
  [[route.step]]
  remove = ["secret"]
  [[route.step]]
  rewrite = { uri = [{ prefix = "/from/", to = "/to/" }], sender = [{ host = "nobody", to = "somebody" }] }
  [[route.step]]
  drop = { field = [{ path = "dataset.uri", glob = ["*.tmp"] }] }
  [[route.step]]
  rename = { pattern = "/never/([^/]+)/(.*)", to = "/always/$2/$1" }
  [[route.step]]
  version = "v1.01"

[[route]]
name = "secure"
source = { services = ["flow-secure"], nameservers = ["127.0.0.1"], backend = "secure_zmq" }
sink = { address = "tcp://127.0.0.1:%d", announce = "none", backend = "secure_zmq" }
`

// token is what a client of the nameserver's HTTPS has to know.
const token = "a-token-of-the-hostile-world"

// nameserverSettings are those of the nameserver; %d is its port, the others files.
const nameserverSettings = `
http_listen = "127.0.0.1:%d"
http_token_file = %q
http_certificate_file = %q
http_key_file = %q
state_file = %q
bind_addresses = ["127.0.0.1"]
feed_heartbeat = "1s"
withdraw_grace = "0s"
max_age = "10s"
`

func (w *world) writeNameserverSettings() (string, error) {
	path, tokenFile := filepath.Join(w.dir, "nameserver.toml"), filepath.Join(w.dir, "token")
	text := fmt.Sprintf(nameserverSettings, w.ports.https, tokenFile, w.certificate.file, w.certificate.keyFile, filepath.Join(w.dir, "state.jsonl"))
	return path, errors.Join(os.WriteFile(tokenFile, []byte(token), 0o600), os.WriteFile(path, []byte(text), 0o644))
}

// control is the relay's control socket.
func (w *world) control() string { return filepath.Join(w.dir, "relay.sock") }

func (w *world) writeRelaySettings() (string, error) {
	path := filepath.Join(w.dir, "relay.toml")
	text := fmt.Sprintf(relaySettings, w.ports.http, w.control(), w.ports.sink, w.ports.rules, w.ports.replay, w.ports.secureSink)
	return path, os.WriteFile(path, []byte(text), 0o644)
}
