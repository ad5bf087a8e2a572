package pubsub_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// FuzzSettings reads settings as a JSON object in all three ways. None may panic, and what is taken can be used.
func FuzzSettings(f *testing.F) {
	for _, seed := range []string{
		`{"name": "viirs", "port": 9000, "nameservers": [false], "aliases": "a b", "broadcast_interval": 2, "min_port": 1, "max_port": 2}`,
		`{"name": "viirs", "port": "9000", "nameservers": "a,b", "address": null, "lax": "yes", "announce": "both", "advertise": "lo"}`,
		`{"addresses": ["tcp://a:1", {"URI": "tcp://b:2", "backend": "secure_zmq"}], "nameserver": false, "topics": "/a,b", "services": ["", "x"]}`,
		`{"addresses": "tcp://a:1 tcp://b:2", "nameserver": "false", "timeout": 1e9, "translate": 1, "addr_listener": 0, "max_queued": 1}`,
		`{"backend": "unsecure_zmq", "tcp_keepalive": 1, "tcp_keepalive_idle": "1", "mc_group": "", "multicast_interface": "127.0.0.1", "mc_ttl": 0}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var values map[string]any
		if json.Unmarshal(data, &values) != nil {
			return
		}
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
	})
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
