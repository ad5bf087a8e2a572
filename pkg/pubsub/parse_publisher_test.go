package pubsub_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// settings are those of one publisher or subscriber, as a decoder makes them.
type settings = map[string]any

func TestParsePublisherOptions(t *testing.T) {
	t.Parallel()
	type options = pubsub.PublisherOptions
	tests := []struct {
		name string
		in   settings
		want options
	}{
		{"only a name", settings{"name": "viirs"}, options{Name: "viirs"}},
		{"everything of the reference", settings{
			"name": "viirs", "port": 9000, "nameservers": []any{"a", "b"}, "min_port": 40000, "max_port": 41000,
			"aliases": []any{"sdr", "level 1b"}, "broadcast_interval": 10,
		}, options{
			Name: "viirs", Port: 9000, Nameservers: []string{"a", "b"}, MinPort: 40000, MaxPort: 41000,
			Aliases: []string{"sdr", "level 1b"}, BroadcastInterval: 10 * time.Second,
		}},
		{"everything of ours", settings{"name": "viirs", "announce": "both", "nameservers": "a", "advertise": "eth0", "backend": "secure_zmq", "lax": true},
			options{Name: "viirs", Announce: pubsub.AnnounceBoth, Nameservers: []string{"a"}, Advertise: "eth0", Backend: transport.Secure, Lax: true}},
		{"nothing said", settings{"name": "viirs", "port": nil, "nameservers": nil, "min_port": nil, "max_port": nil, "aliases": nil, "broadcast_interval": nil},
			options{Name: "viirs"}},
		{"plain", settings{"name": "viirs", "port": 9000, "nameservers": false}, options{Name: "viirs", Port: 9000, Announce: pubsub.AnnounceNone}},
		{"plain, in a list", settings{"port": 9000, "nameservers": []any{false}}, options{Port: 9000, Announce: pubsub.AnnounceNone}},
		{"plain, as a text", settings{"port": 9000, "nameservers": "false"}, options{Port: 9000, Announce: pubsub.AnnounceNone}},
		{"plain, as Python's text", settings{"port": 9000, "nameservers": "False"}, options{Port: 9000, Announce: pubsub.AnnounceNone}},
		{"plain, as a text in a list", settings{"port": 9000, "nameservers": []string{"False"}}, options{Port: 9000, Announce: pubsub.AnnounceNone}},
		{"plain with an address", settings{"address": "ipc:///tmp/x.ipc", "nameservers": false}, options{Address: "ipc:///tmp/x.ipc", Announce: pubsub.AnnounceNone}},
		{"plain with an address and port 0", settings{"address": "tcp://*:9000", "port": 0, "nameservers": false}, options{Address: "tcp://*:9000", Announce: pubsub.AnnounceNone}},
		{"no nameservers in a list is multicast", settings{"name": "viirs", "nameservers": []any{}}, options{Name: "viirs"}},
		{"none as a text is multicast", settings{"name": "viirs", "nameservers": "None"}, options{Name: "viirs"}},
		{"no text is multicast", settings{"name": "viirs", "nameservers": ""}, options{Name: "viirs"}},
		{"hosts with blanks between", settings{"name": "viirs", "nameservers": "a b"}, options{Name: "viirs", Nameservers: []string{"a", "b"}}},
		{"hosts with commas between", settings{"name": "viirs", "nameservers": "a,b, c"}, options{Name: "viirs", Nameservers: []string{"a", "b", "c"}}},
		{"one alias with blanks", settings{"name": "viirs", "aliases": "level 1b"}, options{Name: "viirs", Aliases: []string{"level 1b"}}},
		{"aliases with commas between", settings{"name": "viirs", "aliases": "sdr, level 1b"}, options{Name: "viirs", Aliases: []string{"sdr", "level 1b"}}},
		{"numbers as text", settings{"name": "viirs", "port": "9000", "broadcast_interval": "0.5", "lax": "true"},
			options{Name: "viirs", Port: 9000, BroadcastInterval: 500 * time.Millisecond, Lax: true}},
		{"empty texts", settings{"name": "viirs", "port": "", "min_port": "", "broadcast_interval": " ", "lax": "", "address": ""}, options{Name: "viirs"}},
		{"numbers of TOML and JSON", settings{"name": "viirs", "port": int64(9000), "min_port": float64(4000)}, options{Name: "viirs", Port: 9000, MinPort: 4000}},
		{"a duration", settings{"name": "viirs", "broadcast_interval": "1m30s"}, options{Name: "viirs", BroadcastInterval: 90 * time.Second}},
		{"keys of its own", settings{"name": "viirs", "backend": "secure_zmq", "server_secret_key_file": "/k/a.key_secret", "next_server_secret_key_file": "/k/b.key_secret", "next_port": "9001"},
			options{Name: "viirs", Backend: transport.Secure, ServerSecretKeyFile: "/k/a.key_secret", NextServerSecretKeyFile: "/k/b.key_secret", NextPort: 9001}},
		{"no keys", settings{"name": "viirs", "server_secret_key_file": "None", "next_server_secret_key_file": "", "next_port": nil}, options{Name: "viirs"}},
		{"never announced", settings{"name": "viirs", "broadcast_interval": 0}, options{Name: "viirs", BroadcastInterval: -1}},
		{"never announced, below zero", settings{"name": "viirs", "broadcast_interval": -1.5}, options{Name: "viirs", BroadcastInterval: -1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := pubsub.ParsePublisherOptions(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("options (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParsePublisherOptionsRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		in   settings
		want []string
	}{
		{"a free port that nobody is told of", settings{"name": "x", "port": 0, "nameservers": false}, []string{"port: nameservers: false needs a port or an address"}},
		{"no port that nobody is told of", settings{"name": "x", "nameservers": "false"}, []string{"port: nameservers: false needs a port or an address"}},
		{"a misspelt key", settings{"name": "x", "broadcast_intervall": 3}, []string{`unknown key "broadcast_intervall": did you mean "broadcast_interval"?`}},
		{"a key of a subscriber", settings{"name": "x", "nameserver": "localhost"}, []string{`unknown key "nameserver": did you mean "nameservers"?`}},
		{"a key like no other", settings{"name": "x", "colour": "blue"}, []string{`unknown key "colour": want one of name, port,`}},
		{"all at once", settings{"nmae": "x", "port": "many", "min_port": 0, "nameservers": []any{"a", 5}}, []string{
			`unknown key "nmae": did you mean "name"?`, `port: want a whole number, got "many"`, "min_port: 0: want 1 to 65535", "nameservers: element 2: want a text, got 5",
		}},
		{"false among hosts", settings{"name": "x", "nameservers": []any{"a", "false"}}, []string{`nameservers: element 2: want a host, got "false"`}},
		{"true", settings{"name": "x", "nameservers": true}, []string{"nameservers: want a list of texts, got true"}},
		{"half a port", settings{"name": "x", "port": 9000.5}, []string{"port: want a whole number, got 9000.5"}},
		{"a port too high", settings{"name": "x", "port": 65536}, []string{"port: 65536: want 0 to 65535"}},
		{"true as a port", settings{"name": "x", "port": true}, []string{"port: want a whole number, got true"}},
		{"a number as name", settings{"name": 5}, []string{"name: want a text, got 5"}},
		{"two places to bind", settings{"name": "x", "port": 9000, "address": "tcp://*:9001"}, []string{"port: there is an address too (tcp://*:9001)"}},
		{"both and nobody", settings{"port": 9000, "nameservers": false, "announce": "both"}, []string{`announce: "both" contradicts nameservers: false`}},
		{"a next port too high", settings{"name": "x", "next_port": 70000}, []string{"next_port: 70000: want 0 to 65535"}},
		{"a key that is no file", settings{"name": "x", "server_secret_key_file": true}, []string{"server_secret_key_file: want a text, got true"}},
		{"an unknown backend", settings{"name": "x", "backend": "tls"}, []string{`backend: unknown backend "tls"`}},
		{"an endless interval", settings{"name": "x", "broadcast_interval": 1e300}, []string{"broadcast_interval: want a number of seconds, got 1e+300"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := pubsub.ParsePublisherOptions(tt.in)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got\n%v\nwant it to tell of\n%s", err, want)
				}
			}
		})
	}
}
