package config_test

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/config"
)

func TestMapHasPlainValues(t *testing.T) {
	t.Parallel()
	s := config.DefaultSettings()
	s.TCPKeepalive = config.Off
	s.MulticastInterface = netip.MustParseAddr("127.0.0.1")
	m := s.Map()
	for key, want := range map[string]any{
		"backend": "unsecure_zmq", "nameserver_port": 5557, "tcp_keepalive": false, "multicast_interface": "127.0.0.1",
	} {
		if diff := cmp.Diff(want, m[key]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", key, diff)
		}
	}
	if got, want := len(m), len(config.Keys(s)); got != want {
		t.Errorf("got %d settings, want all %d", got, want)
	}
}

func TestMapLeavesOutWhatIsTheSystems(t *testing.T) {
	t.Parallel()
	m := config.DefaultSettings().Map()
	for _, key := range []string{"tcp_keepalive", "multicast_interface"} {
		if v, ok := m[key]; ok {
			t.Errorf("%s: got %v, want it missing", key, v)
		}
	}
}
