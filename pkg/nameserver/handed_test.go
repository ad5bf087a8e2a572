package nameserver

import (
	"errors"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/transport/inmem"
)

// What the unit of the sockets has to have can be copied from the hint.
func TestListenersThatAreWantedAreListed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		addresses []string
		want      string
	}{
		{"every address", []string{"*"}, "ListenStream= ListenStream=5557 ListenStream=16543 ListenStream=21200"},
		{"addresses", []string{"192.0.2.1", "2001:db8::1"}, "ListenStream= ListenStream=192.0.2.1:5557 ListenStream=[2001:db8::1]:5557 " +
			"ListenStream=192.0.2.1:16543 ListenStream=[2001:db8::1]:16543 ListenStream=192.0.2.1:21200 ListenStream=[2001:db8::1]:21200"},
		{"an interface", []string{"nowhere0"},
			"ListenStream= ListenStream=<address of nowhere0>:5557 ListenStream=<address of nowhere0>:16543 ListenStream=<address of nowhere0>:21200"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := DefaultConfig()
			cfg.Multicast = false
			cfg.BindAddresses = tt.addresses
			listeners := []Listener{{Addr: netip.MustParseAddrPort("[::]:1")}}
			_, err := New(cfg, Options{Transport: inmem.NewNetwork().Transport(netip.MustParseAddr("10.0.0.1")), Listeners: listeners})
			wrong, ok := errors.AsType[*ListenerError](err)
			if !ok {
				t.Fatalf("got %v", err)
			}
			_, rest, _ := strings.Cut(wrong.HintText(), "[Socket] ")
			got, _, _ := strings.Cut(rest, " (a line each")
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// Each endpoint gets the listener of its address, and what does not fit is told with the setting that it is about.
func TestListenersAreAssigned(t *testing.T) {
	t.Parallel()
	usual := "[::]:5557 [::]:16543 [::]:21200"
	for _, tt := range []struct {
		name      string
		edit      func(*Config)
		noIPv6    bool
		listeners string
		want      []string // problems
	}{
		{name: "none", edit: func(*Config) {}},
		{name: "every address", edit: func(*Config) {}, listeners: usual},
		{name: "in any order", edit: func(*Config) {}, listeners: "[::]:21200 [::]:5557 [::]:16543"},
		{name: "IPv4 alone", edit: func(*Config) {}, listeners: "0.0.0.0:5557 0.0.0.0:16543 0.0.0.0:21200"},
		{
			name: "addresses", edit: func(c *Config) { c.BindAddresses = []string{"10.0.0.1", "fd00::1"} },
			listeners: "10.0.0.1:5557 10.0.0.1:16543 10.0.0.1:21200 [fd00::1]:5557 [fd00::1]:16543 [fd00::1]:21200",
		},
		{
			name: "an interface", edit: func(c *Config) { c.BindAddresses = []string{"lo"} },
			listeners: "127.0.0.1:5557 127.0.0.1:16543 127.0.0.1:21200",
		},
		{
			name: "this host", edit: func(c *Config) { c.RestrictToLocalhost = true },
			listeners: "127.0.0.1:5557 127.0.0.1:16543 127.0.0.1:21200 [::1]:5557 [::1]:16543 [::1]:21200",
		},
		{
			name: "this host without IPv6", edit: func(c *Config) { c.RestrictToLocalhost = true }, noIPv6: true,
			listeners: "127.0.0.1:5557 127.0.0.1:16543 127.0.0.1:21200",
		},
		{
			name: "open to all where this host alone was meant", edit: func(c *Config) { c.RestrictToLocalhost = true }, noIPv6: true, listeners: usual,
			want: []string{
				"nameserver_port: the service manager hands over sockets, but none for tcp://127.0.0.1:5557",
				"address_publish_port: the service manager hands over sockets, but none for tcp://127.0.0.1:16543",
				"broadcast_port: the service manager hands over sockets, but none for tcp://127.0.0.1:21200",
				"the service manager hands over a socket at [::]:5557, but nameserver_port is to be bound at 127.0.0.1 alone",
				"the service manager hands over a socket at [::]:16543, but address_publish_port is to be bound at 127.0.0.1 alone",
				"the service manager hands over a socket at [::]:21200, but broadcast_port is to be bound at 127.0.0.1 alone",
			},
		},
		{
			name: "another port", edit: func(c *Config) { c.BroadcastPort = 21300 }, listeners: usual,
			want: []string{
				"broadcast_port: the service manager hands over sockets, but none for tcp://*:21300",
				"the service manager hands over a socket at [::]:21200, and nothing is to be served at that port",
			},
		},
		{
			name: "any port", edit: func(c *Config) { c.BroadcastPort = 0 }, listeners: "[::]:5557 [::]:16543",
			want: []string{"broadcast_port: the service manager hands over sockets, but none for tcp://*:0"},
		},
		{
			name: "twice", edit: func(*Config) {}, listeners: usual + " 0.0.0.0:5557",
			want: []string{"the service manager hands over a socket at 0.0.0.0:5557, the second one for nameserver_port"},
		},
		{
			name: "keys that are not there", edit: func(*Config) {}, listeners: usual + " [::]:5558",
			want: []string{"the service manager hands over a socket at [::]:5558, and nothing is to be served at that port"},
		},
		{
			name: "no such interface", edit: func(c *Config) { c.BindAddresses = []string{"nowhere0"} }, listeners: "[::]:5557",
			want: []string{
				"nameserver_port: the service manager hands over sockets, but none for tcp://nowhere0:5557",
				"address_publish_port: the service manager hands over sockets, but none for tcp://nowhere0:16543",
				"broadcast_port: the service manager hands over sockets, but none for tcp://nowhere0:21200",
				"the service manager hands over a socket at [::]:5557, but nameserver_port is to be bound at nowhere0 alone",
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := DefaultConfig()
			cfg.Multicast = false
			tt.edit(&cfg)
			var listeners []Listener
			files := make(map[string]*os.File)
			for text := range strings.FieldsSeq(tt.listeners) {
				file := new(os.File)
				files[text] = file
				listeners = append(listeners, Listener{netip.MustParseAddrPort(text), file})
			}
			local := []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.IPv6Loopback()}
			if tt.noIPv6 {
				local = local[:1]
			}
			n, err := New(cfg, Options{
				Transport: inmem.NewNetwork().Transport(netip.MustParseAddr("10.0.0.1")), Listeners: listeners,
				LocalAddresses: func() ([]netip.Addr, error) { return local, nil },
			})
			var got []string
			if err != nil {
				got = strings.Split(err.Error(), "\n")
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Fatalf("problems (-want +got)\n%s", diff)
			}
			if err != nil {
				return
			}
			if len(n.handed) != len(listeners) {
				t.Errorf("%d of %d listeners are used", len(n.handed), len(listeners))
			}
			for ep, file := range n.handed {
				port := ep[strings.LastIndexByte(ep, ':'):]
				for text, handed := range files {
					if handed == file && !strings.HasSuffix(text, port) {
						t.Errorf("%s gets %s", ep, text)
					}
				}
			}
		})
	}
}
