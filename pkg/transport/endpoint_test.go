package transport_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

func TestConnectEndpoint(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text   string
		scheme string
		host   string
		port   int
		path   string
	}{
		{"tcp://127.0.0.1:9000", "tcp", "127.0.0.1", 9000, ""},
		{"tcp://0.0.0.0:9000", "tcp", "0.0.0.0", 9000, ""},
		{"tcp://[::1]:9000", "tcp", "::1", 9000, ""},
		{"tcp://[::]:1", "tcp", "::", 1, ""},
		{"tcp://[fe80::1%eth0]:9000", "tcp", "fe80::1%eth0", 9000, ""},
		{"tcp://[::ffff:10.0.0.1]:9000", "tcp", "::ffff:10.0.0.1", 9000, ""},
		{"tcp://localhost:65535", "tcp", "localhost", 65535, ""},
		{"tcp://lxserv1131.smhi.se:9010", "tcp", "lxserv1131.smhi.se", 9010, ""},
		{"tcp://host.example.:9010", "tcp", "host.example.", 9010, ""},
		{"tcp://3com.example:9010", "tcp", "3com.example", 9010, ""},
		{"tcp://posttroll_nameserver_1:5557", "tcp", "posttroll_nameserver_1", 5557, ""},
		{"tcp://eth0.100:9000", "tcp", "eth0.100", 9000, ""},
		{"ipc:///run/posttroll/feed", "ipc", "", 0, "/run/posttroll/feed"},
		{"ipc://relative", "ipc", "", 0, "relative"},
		{"ipc://@abstract", "ipc", "", 0, "@abstract"},
		{"ipc://" + strings.Repeat("x", 107), "ipc", "", 0, strings.Repeat("x", 107)},
		{"inproc://a", "inproc", "", 0, "a"},
		{"inproc://a/b:c*", "inproc", "", 0, "a/b:c*"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			e, err := transport.ConnectEndpoint(tt.text)
			if err != nil {
				t.Fatalf("ConnectEndpoint(%q): %v", tt.text, err)
			}
			got := fmt.Sprintf("%s %s %s %d %s", e, e.Scheme(), e.Host(), e.Port(), e.Path())
			want := fmt.Sprintf("%s %s %s %d %s", tt.text, tt.scheme, tt.host, tt.port, tt.path)
			if got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			if again, err := transport.ParseEndpoint(e.String()); err != nil || again != e {
				t.Errorf("ParseEndpoint(%q) = %v, %v, want the same endpoint", e, again, err)
			}
		})
	}
}

func TestParseEndpointToBind(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		host string
		port int
		why  string // ConnectEndpoint refuses it
	}{
		{"tcp://*:9000", "*", 9000, `host "*" can be bound, not connected to`},
		{"tcp://*:0", "*", 0, `host "*" can be bound, not connected to`},
		{"tcp://127.0.0.1:0", "127.0.0.1", 0, "port 0 can be bound, not connected to"},
		{"tcp://[::1]:0", "::1", 0, "port 0 can be bound, not connected to"},
		{"ipc://*", "", 0, `"*" can be bound, not connected to`},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			e, err := transport.ParseEndpoint(tt.text)
			if err != nil {
				t.Fatalf("ParseEndpoint(%q): %v", tt.text, err)
			}
			if e.Host() != tt.host || e.Port() != tt.port {
				t.Errorf("got %q %d, want %q %d", e.Host(), e.Port(), tt.host, tt.port)
			}
			want := fmt.Sprintf("endpoint %q: %s", tt.text, tt.why)
			if _, err := transport.ConnectEndpoint(tt.text); err == nil || err.Error() != want {
				t.Errorf("ConnectEndpoint(%q): got error %v, want %s", tt.text, err, want)
			}
		})
	}
}

func TestParseEndpointErrors(t *testing.T) {
	t.Parallel()
	label := strings.Repeat("a", 63)
	tests := []struct{ text, want string }{
		{"", "empty"},
		{"9000", `no "://"`},
		{"host", `no "://"`},
		{"host:9000", `no "://"`},
		{"127.0.0.1:9000", `no "://"`},
		{"tcp:/host:9000", `no "://"`},
		{"://host:9000", `unknown scheme ""`},
		{"TCP://host:9000", `unknown scheme "TCP"`},
		{"udp://host:9000", `unknown scheme "udp"`},
		{"pgm://eth0;239.192.1.1:5555", `unknown scheme "pgm"`},
		{"tcp://", "no host"},
		{"tcp://:9000", "no host"},
		{"tcp://host", "no port"},
		{"tcp://host:", "no port"},
		{"tcp://9000", `"9000" is no IPv4 address`},
		{"tcp://127.0.0.1", "no port"},
		{"tcp://[::1]", "no port"},
		{"tcp://host:*", `port "*" is not a number`},
		{"tcp://host:http", `port "http" is not a number`},
		{"tcp://host:9000/", `port "9000/" is not a number`},
		{"tcp://host:-1", `port "-1" is not a number`},
		{"tcp://host:+1", `port "+1" is not a number`},
		{"tcp://host:65536", "port 65536 is above 65535"},
		{"tcp://host:99999999999999999999", "port 99999999999999999999 is above 65535"},
		{"tcp://host:09000", "leading zero"},
		{"tcp://host:00", "leading zero"},
		{"tcp://::1:9000", "stands in brackets"},
		{"tcp://[::1:9000", `no "]"`},
		{"tcp://[::1]x:9000", `no "]"`},
		{"tcp://[::1]9000", `no "]"`},
		{"tcp://[127.0.0.1]:9000", "no IPv6 address"},
		{"tcp://[]:9000", "no IPv6 address"},
		{"tcp://[fe80::1%]:9000", "no IPv6 address"},
		{"tcp://[fe80::1%a/b]:9000", `holds '/'`},
		{"tcp://256.1.1.1:9000", "no IPv4 address"},
		{"tcp://10.1:9000", "no IPv4 address"},
		{"tcp://010.0.0.1:9000", "no IPv4 address"},
		{"tcp://1.2.3.4.:9000", "no IPv4 address"},
		{"tcp://a..b:9000", "empty label"},
		{"tcp://.a:9000", "empty label"},
		{"tcp://-a:9000", `begins with "-"`},
		{"tcp://_a:9000", `begins with "_"`},
		{"tcp://user@host:9000", `holds "@"`},
		{"tcp://norrköping:9000", `holds "ö"`},
		{"tcp://a*:9000", `holds "*"`},
		{"tcp://" + label + "a:1", "label of 64 octets"},
		{"tcp://" + strings.Repeat(label+".", 4) + "a:1", "host name of 257 octets"},
		{"tcp://eth0;192.168.1.1:5555", "source address"},
		{"tcp://192.168.1.17:5555;192.168.1.1:5555", "source address"},
		{" tcp://host:9000", "white space at offset 0"},
		{"tcp://host:9000 ", "white space at offset 15"},
		{"tcp://host:9000\n", "white space at offset 15"},
		{"tcp://ho st:9000", "white space at offset 8"},
		{"tcp://host:9000\x00", "control character U+0000 at offset 15"},
		{"ipc:///tmp/a\x00b", "control character U+0000 at offset 12"},
		{"ipc:///tmp/a b", "white space at offset 12"},
		{"ipc:///tmp/\xff", "not UTF-8"},
		{"ipc://", "no path"},
		{"ipc://@", `no name behind "@"`},
		{"ipc://" + strings.Repeat("x", 108), "path of 108 octets: at most 107"},
		{"inproc://", "no name"},
		{"inproc://" + strings.Repeat("x", 257), "name of 257 octets: at most 256"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			e, err := transport.ParseEndpoint(tt.text)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("ParseEndpoint(%q): got error %v, want one with %s", tt.text, err, tt.want)
			}
			if !e.IsZero() {
				t.Errorf("ParseEndpoint(%q) = %q beside its error, want the zero value", tt.text, e)
			}
		})
	}
}

func TestEndpointWithPort(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		from string
		port int
		want string
	}{
		{"tcp://*:0", 49152, "tcp://*:49152"},
		{"tcp://[::1]:9000", 1, "tcp://[::1]:1"},
		{"tcp://host:65535", 0, "tcp://host:0"},
		{"ipc://a", 9, "ipc://a"},
	} {
		e, err := transport.ParseEndpoint(tt.from)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.WithPort(tt.port).String(); got != tt.want {
			t.Errorf("%s.WithPort(%d) = %s, want %s", tt.from, tt.port, got, tt.want)
		}
	}
}

func TestOfNoHost(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"tcp://224.0.0.1:0": true, "tcp://239.255.255.255:1": true, "tcp://255.255.255.255:1": true, "tcp://[ff02::1]:1": true, "tcp://[ff02::1%lo]:1": true,
		"tcp://[::ffff:224.0.0.1]:1": true, "tcp://[::ffff:255.255.255.255]:1": true,
		"tcp://223.255.255.255:1": false, "tcp://240.0.0.1:1": false, "tcp://0.0.0.0:1": false, "tcp://*:0": false, "tcp://[fe80::1]:1": false, "tcp://h:1": false,
		"ipc:///224.0.0.1": false,
	} {
		e, err := transport.ParseEndpoint(s)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.OfNoHost(); got != want {
			t.Errorf("%s: got %v, want %v", s, got, want)
		}
	}
}

func TestCheckConnectOfZero(t *testing.T) {
	t.Parallel()
	var e transport.Endpoint
	if err := e.CheckConnect(); err == nil || err.Error() != "no endpoint" {
		t.Errorf("got %v, want: no endpoint", err)
	}
}

func TestParseBackend(t *testing.T) {
	t.Parallel()
	for _, b := range []transport.Backend{transport.Plain, transport.Secure} {
		if got, err := transport.ParseBackend(string(b)); err != nil || got != b {
			t.Errorf("ParseBackend(%q) = %q, %v", b, got, err)
		}
	}
	for _, s := range []string{"", "zmq", "Unsecure_zmq", "unsecure_zmq "} {
		if got, err := transport.ParseBackend(s); err == nil {
			t.Errorf("ParseBackend(%q) = %q, want an error", s, got)
		}
	}
}

func TestAddressText(t *testing.T) {
	t.Parallel()
	e, err := transport.ConnectEndpoint("tcp://h:1")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		backend transport.Backend
		want    string
	}{{"", "tcp://h:1"}, {transport.Plain, "tcp://h:1"}, {transport.Secure, "tcp://h:1 (secure)"}, {"x", `tcp://h:1 (backend "x")`}} {
		if got := (transport.Address{Endpoint: e, Backend: tt.backend}).String(); got != tt.want {
			t.Errorf("with backend %q: got %s, want %s", tt.backend, got, tt.want)
		}
	}
	if a, b := (transport.Address{Endpoint: e}), (transport.Address{Endpoint: e, Backend: transport.Plain}); a.Normal() != b.Normal() {
		t.Errorf("an empty backend is not the same as the plain one: %v, %v", a.Normal(), b.Normal())
	}
}

func FuzzEndpoint(f *testing.F) {
	for _, s := range []string{
		"tcp://127.0.0.1:9000", "tcp://[::1]:0", "tcp://*:1", "tcp://host", "host:9000", "ipc://@a", "ipc://*", "inproc://a",
		"tcp://[fe80::1%eth0]:9", "tcp://a;b:1", "tcp://[:]:1", "tcp://]:1", "tcp://a]:1[",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := transport.ParseEndpoint(s)
		if err != nil {
			if len(err.Error()) > 1500 {
				t.Errorf("error of %d octets", len(err.Error()))
			}
			return
		}
		if e.String() != s {
			t.Errorf("String() = %q, want %q", e, s)
		}
		if port := e.Port(); port < 0 || port > 65535 {
			t.Errorf("Port() = %d", port)
		}
		if (e.Scheme() == "tcp") != (e.Host() != "") || (e.Scheme() == "tcp") == (e.Path() != "") {
			t.Errorf("scheme %q, host %q, path %q", e.Scheme(), e.Host(), e.Path())
		}
		if _, err := transport.ParseEndpoint(e.WithPort(1).String()); err != nil {
			t.Errorf("with port 1: %v", err)
		}
		if (e.CheckConnect() == nil) != (func() bool { _, err := transport.ConnectEndpoint(s); return err == nil }()) {
			t.Error("CheckConnect and ConnectEndpoint disagree")
		}
	})
}
