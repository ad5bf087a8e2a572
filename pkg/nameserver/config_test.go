package nameserver_test

import (
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/nameserver"
)

func TestDefaultConfigIsValid(t *testing.T) {
	t.Parallel()
	if err := nameserver.DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*nameserver.Config)
		want   []string // keys
	}{
		{"zero value", func(c *nameserver.Config) { *c = nameserver.Config{} },
			[]string{"backend", "bind_addresses", "max_age", "max_entries", "max_entries_per_source", "max_request_bytes",
				"max_bytes_in_flight", "probe", "probe_after", "probe_rate", "probe_rate_per_host", "feed_heartbeat"}},
		{"port out of range", func(c *nameserver.Config) { c.NameserverPort = 65536 }, []string{"nameserver_port"}},
		{"one port for two", func(c *nameserver.Config) { c.BroadcastPort = c.NameserverPort }, []string{"broadcast_port"}},
		{"any free port for all", func(c *nameserver.Config) { c.BroadcastPort, c.NameserverPort = 0, 0 }, nil},
		{"version", func(c *nameserver.Config) { c.MessageVersion = "v1.3" }, []string{"message_version"}},
		{"bind address", func(c *nameserver.Config) { c.BindAddresses = []string{"*", "a b"} }, []string{"bind_addresses[2]"}},
		{"bind addresses of no host", func(c *nameserver.Config) {
			c.BindAddresses = []string{"224.0.0.1", "127.0.0.1", "255.255.255.255", "ff02::1"}
		},
			[]string{"bind_addresses[1]", "bind_addresses[3]", "bind_addresses[4]"}},
		{"IPv6 bind address", func(c *nameserver.Config) { c.BindAddresses = []string{"::", "fe80::1"} }, nil},
		{"age below interval", func(c *nameserver.Config) { c.MaxAge = 3 * time.Second }, []string{"max_age"}},
		{"interval above age", func(c *nameserver.Config) { c.FeedAnnounceInterval = 6 * time.Minute }, []string{"feed_announce_interval"}},
		{"age out of range", func(c *nameserver.Config) { c.MaxAge = -time.Minute }, []string{"max_age"}},
		{"no announcing", func(c *nameserver.Config) { c.MaxAge, c.FeedAnnounceInterval = time.Second, 0 }, nil},
		{"negative", func(c *nameserver.Config) { c.WithdrawGrace, c.FeedAnnounceInterval = -1, -1 },
			[]string{"withdraw_grace", "feed_announce_interval"}},
		{"probes", func(c *nameserver.Config) {
			c.Probe, c.ProbeAfter, c.ProbeGrace, c.ProbeRate, c.ProbeRatePerHost = "on", time.Millisecond, -1, 1001, 0
		}, []string{"probe", "probe_after", "probe_grace", "probe_rate", "probe_rate_per_host"}},
		{"connections", func(c *nameserver.Config) {
			c.MaxConnections, c.MaxConnectionsPerSource, c.MaxBytesInFlight = -1, 1_000_001, 1000
		},
			[]string{"max_connections", "max_connections_per_source", "max_bytes_in_flight"}},
		{"more of one address than of all", func(c *nameserver.Config) { c.MaxConnections, c.MaxConnectionsPerSource = 100, 101 }, []string{"max_connections_per_source"}},
		{"connections of one address alone", func(c *nameserver.Config) { c.MaxConnectionsPerSource = 100 }, nil},
		{"nameserver", func(c *nameserver.Config) { c.FeedNameservers = []string{"h", "h:1", "tcp://"} }, []string{"feed_nameservers[3]"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := nameserver.DefaultConfig()
			tt.change(&cfg)
			err := cfg.Validate()
			var keys []string
			if joined, ok := err.(interface{ Unwrap() []error }); ok {
				for _, e := range joined.Unwrap() {
					keys = append(keys, e.(*nameserver.SettingError).ConfigKey())
				}
			}
			check(t, "keys", keys, tt.want)
			if _, err := nameserver.New(cfg, nameserver.Options{}); err == nil {
				t.Error("New takes it without a transport")
			}
		})
	}
}
