package multicast_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/multicast"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	ip := netip.MustParseAddr
	tests := []struct {
		name string
		cfg  multicast.Config
		want []string // the problems; none: valid
	}{
		{"default", multicast.DefaultConfig(), nil},
		{"zero: broadcast", multicast.Config{}, nil},
		{"0.0.0.0: broadcast", multicast.Config{Group: "0.0.0.0"}, nil},
		{"255.255.255.255: broadcast", multicast.Config{Group: "255.255.255.255"}, nil},
		{"first group", multicast.Config{Group: "224.0.0.0"}, nil},
		{"last group", multicast.Config{Group: "239.255.255.255"}, nil},
		{"below", multicast.Config{Group: "223.255.255.255"}, []string{"multicast group 223.255.255.255 is not in 224.0.0.0 to 239.255.255.255"}},
		{"above", multicast.Config{Group: "240.0.0.0"}, []string{"multicast group 240.0.0.0 is not in 224.0.0.0 to 239.255.255.255"}},
		{"name", multicast.Config{Group: "all.test"}, []string{`multicast group "all.test" is no IPv4 address`}},
		{"IPv6", multicast.Config{Group: "ff02::1"}, []string{`multicast group "ff02::1" is no IPv4 address`}},
		{"mapped", multicast.Config{Group: "::ffff:225.0.0.212"}, []string{`multicast group "::ffff:225.0.0.212" is no IPv4 address`}},
		{"interface", multicast.Config{Interface: ip("127.0.0.1")}, nil},
		{"interface 0.0.0.0", multicast.Config{Interface: ip("0.0.0.0")}, nil},
		{"interface mapped", multicast.Config{Interface: ip("::ffff:10.0.0.1")}, nil},
		{"interface IPv6", multicast.Config{Interface: ip("::1")}, []string{"multicast interface ::1 is no IPv4 address of an interface"}},
		{"interface a group", multicast.Config{Interface: ip("225.0.0.1")}, []string{"multicast interface 225.0.0.1 is no IPv4 address of an interface"}},
		{"limits", multicast.Config{Port: 65535, TTL: 255}, nil},
		{"all at once", multicast.Config{Group: "1.2.3.4", Port: 65536, TTL: -1}, []string{
			"multicast group 1.2.3.4 is not in 224.0.0.0 to 239.255.255.255", "multicast port 65536: want 1 to 65535", "multicast TTL -1: want 1 to 255",
		}},
		{"other ends", multicast.Config{Port: -1, TTL: 256}, []string{"multicast port -1: want 1 to 65535", "multicast TTL 256: want 1 to 255"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := tt.cfg.Validate()
			if got, want := text(err), strings.Join(tt.want, "\n"); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			if err == nil {
				return
			}
			if _, senderErr := multicast.NewSender(tt.cfg); text(senderErr) != text(err) {
				t.Errorf("NewSender: got %v, want %v", senderErr, err)
			}
			if _, listenErr := multicast.Listen(tt.cfg); text(listenErr) != text(err) {
				t.Errorf("Listen: got %v, want %v", listenErr, err)
			}
		})
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
