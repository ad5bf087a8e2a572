package relay_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/dedup"
	"github.com/pytroll/posttroll-go/pkg/relay"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	good := func() relay.Route { return route("a", 9100, "tcp://10.0.0.1:9000") }
	other := func() relay.Route { return route("b", 9101, "tcp://10.0.0.2:9000") }
	for _, tt := range []struct {
		name   string
		change func(*relay.Config)
		want   []string // keys of the problems
	}{
		{"nothing", func(*relay.Config) {}, nil},
		{"no routes", func(c *relay.Config) { c.Routes = nil }, nil},
		{"bounds", func(c *relay.Config) { c.LoopWindow, c.LoopEntries, c.StopLimit = 0, 1, time.Hour }, []string{"loop_window", "loop_entries", "stop_limit"}},
		{"no name", func(c *relay.Config) { c.Routes[0].Name = "" }, []string{"route[1].name"}},
		{"name with a blank", func(c *relay.Config) { c.Routes[0].Name = "a b" }, []string{"route[1].name"}},
		{"name twice", func(c *relay.Config) { c.Routes[1].Name = "a" }, []string{"route[2].name"}},
		{"loops", func(c *relay.Config) { c.Routes[0].Loops = "maybe" }, []string{"route[1].loops"}},
		{"group of what passes", func(c *relay.Config) { c.Routes[0].Loops, c.Routes[0].LoopGroup = "pass", "x" }, []string{"route[1].loop_group"}},
		{"duplicates", func(c *relay.Config) { c.Routes[0].Duplicates = &dedup.Config{By: "x", MaxEntries: -1} },
			[]string{"route[1].duplicates.by", "route[1].duplicates.max_entries"}},
		{"no source", func(c *relay.Config) { c.Routes[0].Source = relay.SourceConfig{} }, []string{"route[1].source"}},
		{"bad addresses", func(c *relay.Config) { c.Routes[0].Source.Addresses = []string{"tcp://h:1", "h:9", "tcp://*:9000"} },
			[]string{"route[1].source.addresses[2]", "route[1].source.addresses[3]"}},
		{"nameservers without services", func(c *relay.Config) { c.Routes[0].Source.Nameservers = []string{"h"} }, []string{"route[1].source.nameservers"}},
		{"bad nameserver", func(c *relay.Config) {
			c.Routes[0].Source.Services, c.Routes[0].Source.Nameservers = []string{""}, []string{"h", "h:x"}
		}, []string{"route[1].source.nameservers[2]"}},
		{"backends", func(c *relay.Config) { c.Routes[0].Source.Backend, c.Routes[0].Sink.Backend = "plain", "curve" },
			[]string{"route[1].source.backend", "route[1].sink.backend"}},
		{"connections", func(c *relay.Config) { c.MaxConnections, c.MaxConnectionsPerSource = -1, 1_000_001 }, []string{"max_connections", "max_connections_per_source"}},
		{"more connections of one address than of all", func(c *relay.Config) { c.MaxConnections, c.MaxConnectionsPerSource = 100, 101 }, []string{"max_connections_per_source"}},
		{"queues", func(c *relay.Config) { c.Routes[0].Source.Queue, c.Routes[0].Sink.Queue = -1, -1 }, []string{"route[1].source.queue", "route[1].sink.queue"}},
		{"silence factors", func(c *relay.Config) {
			c.Routes[0].Source.SilenceFactor, c.Routes[1].Source.SilenceFactor = new(0.5), new(math.NaN())
		}, []string{"route[1].source.silence_factor", "route[2].source.silence_factor"}},
		{"silence factors that are good", func(c *relay.Config) {
			c.Routes[0].Source.SilenceFactor, c.Routes[1].Source.SilenceFactor = new(0.0), new(1000.0)
		}, nil},
		{"same as and a silence factor", func(c *relay.Config) {
			c.Routes[1].Source = relay.SourceConfig{SameAs: "a", SilenceFactor: new(3.0)}
		}, []string{"route[2].source.same_as"}},
		{"same as", func(c *relay.Config) {
			c.Routes[1].Source = relay.SourceConfig{SameAs: "a", Topics: []string{"/b"}}
			c.Routes[1].Sink = relay.SinkConfig{SameAs: "a"}
		}, nil},
		{"same as nobody", func(c *relay.Config) {
			c.Routes[1].Source, c.Routes[1].Sink = relay.SourceConfig{SameAs: "c"}, relay.SinkConfig{SameAs: "b"}
		}, []string{"route[2].source.same_as", "route[2].sink.same_as"}},
		{"same as and more", func(c *relay.Config) { c.Routes[1].Source.SameAs, c.Routes[1].Sink.SameAs = "a", "a" },
			[]string{"route[2].source.same_as", "route[2].sink.same_as"}},
		{"same as one that is", func(c *relay.Config) {
			c.Routes[1].Source = relay.SourceConfig{SameAs: "a"}
			c.Routes = append(c.Routes, route("c", 9102))
			c.Routes[2].Source = relay.SourceConfig{SameAs: "b"}
		}, []string{"route[3].source.same_as"}},
		{"names of publishers", func(c *relay.Config) {
			c.Routes[0].Sink.AnnounceServices, c.Routes[0].Sink.Announce = true, "auto"
			c.Routes[1].Sink.Port = 9116
		}, nil},
		{"names to nobody", func(c *relay.Config) { c.Routes[0].Sink.AnnounceServices = true }, []string{"route[1].sink.announce_services"}},
		{"names on no port", func(c *relay.Config) {
			c.Routes[0].Sink = relay.SinkConfig{AnnounceServices: true, Address: "ipc:///run/x"}
		}, []string{"route[1].sink.announce_services"}},
		{"ports for no names", func(c *relay.Config) { c.Routes[0].Sink.MaxPorts = 3 }, []string{"route[1].sink.max_ports"}},
		{"too many ports for names", func(c *relay.Config) {
			c.Routes[0].Sink.AnnounceServices, c.Routes[0].Sink.Announce, c.Routes[0].Sink.MaxPorts, c.Routes[0].Sink.Port = true, "", 65, 1000
		}, []string{"route[1].sink.max_ports"}},
		{"ports for names beyond the last", func(c *relay.Config) {
			c.Routes[0].Sink = relay.SinkConfig{AnnounceServices: true, Port: 65530, NextPort: 65521}
		}, []string{"route[1].sink.max_ports", "route[1].sink.next_port", "route[1].sink.next_port"}},
		{"ports for names that meet", func(c *relay.Config) {
			c.Routes[0].Sink = relay.SinkConfig{AnnounceServices: true, Port: 9200, NextPort: 9215}
		}, []string{"route[1].sink.next_port"}},
		{"ports for names among those of another sink", func(c *relay.Config) {
			c.Routes[0].Sink = relay.SinkConfig{AnnounceServices: true, Port: 9090, MaxPorts: 12}
		}, []string{"route[2].sink"}},
		{"name of a sink", func(c *relay.Config) { c.Routes[0].Sink.Name = "a b" }, []string{"route[1].sink.name"}},
		{"ports", func(c *relay.Config) {
			c.Routes[0].Sink.Port, c.Routes[0].Sink.NextPort = 65536, -1
			c.Routes[1].Sink = relay.SinkConfig{MinPort: 9000, MaxPort: 9000}
		}, []string{"route[1].sink.port", "route[1].sink.next_port", "route[2].sink.max_port"}},
		{"port and a range", func(c *relay.Config) { c.Routes[0].Sink.MinPort, c.Routes[0].Sink.MaxPort = 9000, 9010 },
			[]string{"route[1].sink.min_port", "route[1].sink.max_port"}},
		{"address and port", func(c *relay.Config) { c.Routes[0].Sink.Address = "tcp://*:1" }, []string{"route[1].sink.port"}},
		{"bad address", func(c *relay.Config) { c.Routes[0].Sink = relay.SinkConfig{Address: "9100"} }, []string{"route[1].sink.address"}},
		{"addresses of no host", func(c *relay.Config) {
			c.Routes[0].Sink = relay.SinkConfig{Address: "tcp://224.0.0.1:9100"}
			c.Routes[1].Sink = relay.SinkConfig{Address: "tcp://255.255.255.255:9101"}
		}, []string{"route[1].sink.address", "route[2].sink.address"}},
		{"announce", func(c *relay.Config) { c.Routes[0].Sink.Announce, c.Routes[0].Sink.BroadcastInterval = "all", -1 },
			[]string{"route[1].sink.broadcast_interval", "route[1].sink.announce"}},
		{"told and not told", func(c *relay.Config) { c.Routes[0].Sink.Nameservers = []string{"h"} }, []string{"route[1].sink.nameservers"}},
		{"not to be found", func(c *relay.Config) { c.Routes[0].Sink.Port = 0 }, []string{"route[1].sink.announce"}},
		{"heartbeat", func(c *relay.Config) {
			c.Routes[0].Sink.Heartbeat, c.Routes[1].Sink.Heartbeat = time.Millisecond, 1500*time.Millisecond
		}, []string{"route[1].sink.heartbeat", "route[1].sink.heartbeat", "route[2].sink.heartbeat"}},
		{"one port for two", func(c *relay.Config) { c.Routes[1].Sink.Port = 9100 }, []string{"route[2].sink"}},
		{"one port for two, by address", func(c *relay.Config) {
			c.Routes[1].Sink = relay.SinkConfig{Address: "tcp://10.0.0.1:9100"}
		}, []string{"route[2].sink"}},
		{"one port at two addresses", func(c *relay.Config) {
			c.Routes[0].Sink = relay.SinkConfig{Address: "tcp://10.0.0.1:9100"}
			c.Routes[1].Sink = relay.SinkConfig{Address: "tcp://10.0.0.2:9100"}
		}, nil},
		{"one sink for two, without saying so", func(c *relay.Config) {
			c.Routes[1].Sink.Port, c.Routes[1].Sink.Name, c.Routes[0].Sink.Name = 9100, "x", "x"
		}, nil},
		{"itself", func(c *relay.Config) { c.Routes[1].Source.Addresses = []string{"tcp://localhost:9101"} }, []string{"route[2].source.addresses[1]"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := configOf(good(), other())
			tt.change(&cfg)
			if diff := cmp.Diff(tt.want, keys(cfg.Validate())); diff != "" {
				t.Errorf("problems (-want +got):\n%s\n%v", diff, cfg.Validate())
			}
		})
	}
}

// keys returns the settings that err finds bad.
func keys(err error) (keys []string) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range joined.Unwrap() {
			bad, ok := errors.AsType[*relay.SettingError](err)
			if !ok {
				return append(keys, "no SettingError: "+err.Error())
			}
			if key := bad.ConfigKey(); !strings.HasPrefix(bad.Key, key) || strings.ContainsAny(key, "[.") {
				return append(keys, "no key of the file: "+key)
			}
			keys = append(keys, bad.Key)
		}
	}
	return keys
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	if _, err := relay.New(configOf(relay.Route{}), relay.Options{}); err == nil {
		t.Error("a route without anything is taken")
	}
	if _, err := relay.New(configOf(), relay.Options{}); err == nil {
		t.Error("a relay without transport is made")
	}
}
