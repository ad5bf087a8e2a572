package pubsub_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pytroll/posttroll-go/pkg/config"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

func defaults(t *testing.T) pubsub.Settings {
	t.Helper()
	s, err := pubsub.ParseSettings(nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What package config gives is taken, and its defaults are ours.
func TestSettingsOfPackageConfig(t *testing.T) {
	t.Parallel()
	loaded := config.DefaultSettings()
	got, err := pubsub.ParseSettings(loaded.Map())
	if err != nil {
		t.Fatal(err)
	}
	address := cmpopts.EquateComparable(netip.Addr{})
	want := defaults(t)
	want.Backend = transport.Plain
	want.MulticastGroup = "225.0.0.212"
	if diff := cmp.Diff(want, got, address); diff != "" {
		t.Errorf("defaults (-ours +config):\n%s", diff)
	}

	loaded = loaded.With(func(s *config.Settings) {
		s.Backend, s.MessageVersion = config.Secure, "v1.01"
		s.AnnounceBackend, s.SecureAddressPublishPort, s.SecureBroadcastPort = config.Plain, 4, 5
		s.AuthorizedClientAddresses = []string{"10.0.0.1"}
		s.NameserverPort, s.AddressPublishPort, s.BroadcastPort = 1, 2, 3
		s.MulticastGroup, s.MulticastTTL, s.MulticastInterface = "", 1, netip.MustParseAddr("127.0.0.1")
		s.PubMinPort, s.PubMaxPort = 40000, 40010
		s.TCPKeepalive, s.TCPKeepaliveCount, s.TCPKeepaliveIdle, s.TCPKeepaliveInterval = config.On, 10, 60, -1
	})
	got, err = pubsub.ParseSettings(loaded.Map())
	if err != nil {
		t.Fatal(err)
	}
	want.Backend, want.MessageVersion = transport.Secure, message.V101
	want.AnnounceBackend, want.SecureAddressPublishPort, want.SecureBroadcastPort = transport.Plain, 4, 5
	want.AuthorizedClients = []string{"10.0.0.1"}
	want.NameserverPort, want.AddressPublishPort, want.BroadcastPort = 1, 2, 3
	want.MulticastGroup, want.MulticastTTL, want.MulticastInterface = "255.255.255.255", 1, netip.MustParseAddr("127.0.0.1")
	want.MinPort, want.MaxPort = 40000, 40010
	want.KeepAlive = transport.KeepAlive{Mode: transport.KeepAliveOn, Count: 10, Idle: time.Minute}
	if diff := cmp.Diff(want, got, address); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	for _, key := range config.Keys(loaded) {
		if _, err := pubsub.ParseSettings(settings{key: nil}); err != nil {
			t.Errorf("a setting of package config: %v", err)
		}
	}
}

func TestParseKeepAlive(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		in   any
		want transport.KeepAliveMode
	}{
		{"nothing", nil, transport.KeepAliveSystem},
		{"minus one", -1, transport.KeepAliveSystem},
		{"a word", "system", transport.KeepAliveSystem},
		{"zero", 0, transport.KeepAliveOff},
		{"one", 1, transport.KeepAliveOn},
		{"one as text", "1", transport.KeepAliveOn},
		{"true", true, transport.KeepAliveOn},
		{"false as text", "false", transport.KeepAliveOff},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := pubsub.ParseSettings(settings{"tcp_keepalive": tt.in})
			if err != nil {
				t.Fatal(err)
			}
			if got.KeepAlive.Mode != tt.want {
				t.Errorf("got %d, want %d", got.KeepAlive.Mode, tt.want)
			}
		})
	}
}

func TestParseSettingsRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		in   settings
		want string
	}{
		{"a misspelt key", settings{"keepalive_intvl": 1}, `did you mean "tcp_keepalive_intvl"?`},
		{"a backend that is none", settings{"backend": "tls"}, `backend: unknown backend "tls"`},
		{"require_secure in a plain program", settings{"require_secure": true}, `require_secure: needs backend "secure_zmq"`},
		{"an announce_backend that is none", settings{"announce_backend": "tls"}, `announce_backend: unknown backend "tls"`},
		{"a version that nobody writes", settings{"message_version": "v1.10"}, "message_version:"},
		{"port 0", settings{"nameserver_port": 0}, "nameserver_port: 0: want 1 to 65535"},
		{"a group that is none", settings{"mc_group": "10.0.0.1"}, "mc_group, multicast_interface: "},
		{"no ports between", settings{"pub_min_port": 5000, "pub_max_port": 5000}, "pub_min_port, pub_max_port: no port"},
		{"a name as interface", settings{"multicast_interface": "eth0"}, "multicast_interface: want an IPv4 address"},
		{"keep-alive of two", settings{"tcp_keepalive": 2}, "tcp_keepalive: want 1, 0 or -1"},
		{"probes without end", settings{"tcp_keepalive_cnt": 1000}, "tcp_keepalive_cnt: 1000: want -1 to 127"},
		{"no time to live", settings{"mc_ttl": 256}, "mc_ttl: 256: want 1 to 255"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := pubsub.ParseSettings(tt.in)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want it to tell of %s", err, tt.want)
			}
		})
	}
}
