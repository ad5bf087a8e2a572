package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestInstances(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		config string
		want   instance
		socket string // of its unit
	}{
		{"", instance{"ptrelay", "posttroll-relay.service", file}, "/run/posttroll-relay/ptrelay.sock"},
		{"/etc/posttroll/../posttroll/relay.toml", instance{"ptrelay", "posttroll-relay.service", file}, "/run/posttroll-relay/ptrelay.sock"},
		{"/etc/posttroll/relay.d/wan.toml", instance{"ptrelay-wan", "posttroll-relay@wan.service", "/etc/posttroll/relay.d/wan.toml"},
			"/run/posttroll-relay-wan/ptrelay-wan.sock"},
		{"/etc/posttroll/relay.d/wan.txt", instance{"ptrelay-wan.txt-93bc8eec", "", "/etc/posttroll/relay.d/wan.txt"}, ""},
		{"/srv/relay.toml", instance{"ptrelay-relay-136f3719", "", "/srv/relay.toml"}, ""},
		{"/srv/" + strings.Repeat("x", 200) + ".toml", instance{"ptrelay-" + strings.Repeat("x", 32) + "-a84e9a34", "", "/srv/" + strings.Repeat("x", 200) + ".toml"}, ""},
	} {
		got := instanceOf(tt.config)
		if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(instance{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.config, diff)
		}
		if socket := got.unitSocket(); socket != tt.socket {
			t.Errorf("%s: socket %q, want %q", tt.config, socket, tt.socket)
		}
	}
}
