package pubsub_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// fuzzKeys are those of all kinds of settings, and one that none knows. The samples in testdata mean those in the second half.
var fuzzKeys = slices.Concat(slices.Repeat([]string{
	"server_secret_key_file", "next_server_secret_key_file", "next_port", "server_public_keys", "authorized_client_addresses", "handshake_interval",
	"allow_shared_key_files", "announce_backend", "require_secure", "duplicates", "duplicates_fields", "silence_factor",
}, 3), []string{
	"name", "port", "nameservers", "address", "min_port", "max_port", "aliases", "broadcast_interval", "announce", "advertise", "backend", "lax",
	"addresses", "nameserver", "topics", "services", "addr_listener", "timeout", "translate", "message_filter", "max_queued", "receive_timeout",
	"message_version", "nameserver_port", "mc_group", "mc_ttl", "multicast_interface", "pub_min_port", "pub_max_port", "tcp_keepalive", "tcp_keepalive_idle",
	"nmae",
})

// fuzzSettings makes settings of lines, each a letter for the key, one for the kind of value, and the value as text: so that the fuzzer
// spends its time on values, not on syntax.
func fuzzSettings(script string) map[string]any {
	values := make(map[string]any)
	for line := range strings.Lines(script) {
		if line = strings.TrimSuffix(line, "\n"); len(line) >= 2 {
			values[fuzzKeys[int(line[0])%len(fuzzKeys)]] = fuzzValue(line[1], line[2:])
		}
	}
	return values
}

func fuzzValue(kind byte, text string) any {
	switch kind % 8 {
	case 0:
		return text
	case 1:
		n, _ := strconv.ParseFloat(text, 64) // 0 when it is none
		return n
	case 2:
		n, _ := strconv.ParseInt(text, 0, 64)
		return n
	case 3:
		return len(text)%2 == 0
	case 4:
		return strings.Split(text, "|")
	case 5:
		list := []any{len(text), nil, false}[:len(text)%4%3]
		for elem := range strings.SplitSeq(text, "|") {
			list = append(list, elem)
		}
		return list
	case 6:
		uri, backend, _ := strings.Cut(text, "|")
		return map[string]any{"URI": uri, "backend": backend}
	default:
		return nil
	}
}

// fuzzLine writes what fuzzSettings reads.
func fuzzLine(key string, kind byte, text string) string {
	i := slices.Index(fuzzKeys, key)
	if i < 32 {
		i += len(fuzzKeys) // so that it can be read
	}
	return string([]byte{byte(i), kind + 64}) + text + "\n"
}

// FuzzSettings reads settings in all ways. None may panic, and what is taken can be used.
func FuzzSettings(f *testing.F) {
	for _, seed := range []string{
		fuzzLine("name", 0, "viirs") + fuzzLine("port", 2, "9000") + fuzzLine("nameservers", 3, "x"),
		fuzzLine("name", 0, "viirs") + fuzzLine("port", 0, "9000") + fuzzLine("nameservers", 0, "a, b c") + fuzzLine("aliases", 0, "level 1b,x"),
		fuzzLine("name", 0, "viirs") + fuzzLine("nameservers", 5, "xx") + fuzzLine("broadcast_interval", 1, "-0.5") + fuzzLine("announce", 0, "both"),
		fuzzLine("addresses", 0, "tcp://a:1 tcp://b:2") + fuzzLine("nameserver", 0, "False") + fuzzLine("topics", 4, "/a|b/|"),
		fuzzLine("addresses", 6, "tcp://a:1|secure_zmq") + fuzzLine("services", 7, "") + fuzzLine("timeout", 1, "1e9") + fuzzLine("translate", 0, "yes"),
		fuzzLine("backend", 0, "unsecure_zmq") + fuzzLine("tcp_keepalive", 2, "-1") + fuzzLine("mc_group", 0, "") + fuzzLine("multicast_interface", 0, "127.0.0.1"),
		fuzzLine("pub_min_port", 1, "40000") + fuzzLine("pub_max_port", 0, "40001") + fuzzLine("mc_ttl", 2, "0") + fuzzLine("message_version", 0, "v1.01"),
		fuzzLine("server_public_keys", 0, "viirs=/k/a b.key, *=/k/c.key") + fuzzLine("handshake_interval", 1, "0.5") + fuzzLine("next_port", 2, "9001"),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, script string) {
		values := fuzzSettings(script)
		if o, err := pubsub.ParsePublisherOptions(values); err == nil {
			checkPublisherOptions(t, o)
		}
		if o, err := pubsub.ParseSubscriberOptions(values); err == nil {
			checkSubscriberOptions(t, o)
		}
		if s, err := pubsub.ParseSettings(values); err == nil {
			if err := s.Validate(); err != nil {
				t.Errorf("settings were taken and are not valid: %v", err)
			}
		}
		if c, err := pubsub.ParseSecurity(values); err == nil {
			checkSecurity(t, c)
		}
	})
}

func checkSecurity(t *testing.T, c security.Config) {
	t.Helper()
	if d := c.HandshakeInterval; d != 0 && (d < 100*time.Millisecond || d > time.Hour) {
		t.Errorf("handshake interval %s", d)
	}
	for _, elem := range slices.Concat(c.ServerPublicKeys, c.AuthorizedClientAddresses) {
		if strings.TrimSpace(elem) != elem || elem == "" {
			t.Errorf("element %q", elem)
		}
	}
}

func checkPublisherOptions(t *testing.T, o pubsub.PublisherOptions) {
	t.Helper()
	switch {
	case o.Port < 0 || o.Port > 65535:
		t.Errorf("port %d", o.Port)
	case o.Announce == pubsub.AnnounceNone && o.Port == 0 && o.Address == "" && len(o.Nameservers) > 0:
		t.Error("nameservers, and nobody is told")
	case slices.ContainsFunc(o.Nameservers, func(host string) bool { return host == "" || strings.EqualFold(host, "false") }):
		t.Errorf("nameservers %q", o.Nameservers)
	}
}

func checkSubscriberOptions(t *testing.T, o pubsub.SubscriberOptions) {
	t.Helper()
	for _, addr := range o.Addresses {
		if _, err := transport.ConnectEndpoint(addr.URI); err != nil {
			t.Error(err)
		}
	}
	if o.Timeout < 0 || o.LookupTimeout < 0 {
		t.Errorf("timeouts %v and %v", o.Timeout, o.LookupTimeout)
	}
	if len(o.Services) == 0 && len(o.Addresses) == 0 && o.Nameservers == nil && o.LookupOnly {
		t.Error("nothing is looked up, and only that")
	}
}
