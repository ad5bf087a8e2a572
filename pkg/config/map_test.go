package config_test

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/config"
)

func TestMap(t *testing.T) {
	t.Parallel()
	s := config.DefaultSettings()
	s.TCPKeepalive = config.On
	s.TCPKeepaliveIdle = 60
	s.MulticastInterface = netip.MustParseAddr("127.0.0.1")
	s.AuthorizedClientAddresses = []string{"10.0.0.1"}
	got := s.Map()

	want := map[string]any{
		"backend": "unsecure_zmq", "tcp_keepalive": "true", "tcp_keepalive_idle": 60, "multicast_interface": "127.0.0.1",
		"authorized_client_addresses": []string{"10.0.0.1"}, "mc_group": "225.0.0.212", "server_secret_key_file": "",
	}
	for key, value := range want {
		if diff := cmp.Diff(value, got[key]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", key, diff)
		}
	}
	for _, key := range config.Keys(s) {
		if _, ok := got[key]; !ok {
			t.Errorf("%s is missing", key)
		}
	}
}
