package security_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// caller is a client; of ipc when addr is empty.
func caller(addr string, key curve.PublicKey) transport.Caller {
	c := transport.Caller{Key: key}
	if addr != "" {
		c.Addr = netip.MustParseAddr(addr)
	}
	return c
}

func TestAuthorizedAddresses(t *testing.T) {
	t.Parallel()
	const ipc = ""
	tests := map[string]struct {
		entries []string
		in, out []string
	}{
		"an address":            {[]string{"10.0.0.1"}, []string{"10.0.0.1", "::ffff:10.0.0.1"}, []string{"10.0.0.2", "::1", "127.0.0.1", ipc}},
		"blanks around it":      {[]string{" 10.0.0.1 "}, []string{"10.0.0.1"}, []string{"10.0.0.2"}},
		"IPv4 in IPv6":          {[]string{"::ffff:10.0.0.1"}, []string{"10.0.0.1", "::ffff:10.0.0.1"}, []string{"10.0.0.2"}},
		"IPv6":                  {[]string{"2001:DB8::1"}, []string{"2001:db8::1"}, []string{"2001:db8::2", "10.0.0.1", ipc}},
		"link-local":            {[]string{"fe80::1"}, []string{"fe80::1", "fe80::1%eth0"}, []string{"fe80::2%eth0"}},
		"a network":             {[]string{"10.1.0.0/16"}, []string{"10.1.0.0", "10.1.255.255", "::ffff:10.1.2.3"}, []string{"10.2.0.0", "10.0.255.255"}},
		"a network, bits left":  {[]string{"10.1.2.3/16"}, []string{"10.1.9.9"}, []string{"10.2.0.0"}},
		"a network of IPv6":     {[]string{"2001:db8::/32"}, []string{"2001:db8:ffff::1"}, []string{"2001:db9::1"}},
		"mapped network":        {[]string{"::ffff:10.1.0.0/112"}, []string{"10.1.2.3"}, []string{"10.2.0.0", "::1"}},
		"one of a network":      {[]string{"10.0.0.1/32"}, []string{"10.0.0.1"}, []string{"10.0.0.2"}},
		"all of IPv4":           {[]string{"0.0.0.0/0"}, []string{"10.0.0.1", "127.0.0.1", "::ffff:10.0.0.1", ipc}, []string{"::1", "2001:db8::1"}},
		"all of IPv6":           {[]string{"::/0"}, []string{"::1", "2001:db8::1", ipc}, []string{"10.0.0.1", "::ffff:10.0.0.1"}},
		"several":               {[]string{"10.0.0.1", "10.1.0.0/16"}, []string{"10.0.0.1", "10.1.0.1"}, []string{"10.0.0.2"}},
		"loopback is this host": {[]string{"127.0.0.1"}, []string{"127.0.0.1", ipc}, []string{"127.0.0.2", "::1"}},
		"part of the loopback":  {[]string{"127.0.1.0/24"}, []string{"127.0.1.1", ipc}, []string{"127.0.0.1"}},
		"IPv6 loopback":         {[]string{"::1"}, []string{"::1", ipc}, []string{"127.0.0.1"}},
		"localhost":             {[]string{"LocalHost."}, []string{"::1", "127.0.0.1", ipc}, []string{"10.0.0.1"}},
		"below localhost":       {[]string{"sat.localhost"}, []string{"::1", "127.0.0.1", ipc}, []string{"10.0.0.1"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gate := open(t, security.Config{AuthorizedClientAddresses: test.entries}).Server(transport.Plain).Gate
			check := func(addrs []string, want transport.Verdict) {
				for _, addr := range addrs {
					if got := gate.Judge(caller(addr, curve.PublicKey{})); got != want {
						t.Errorf("%q: got %+v, want %+v", addr, got, want)
					}
				}
			}
			check(test.in, admitted)
			check(test.out, refusedAddress)
		})
	}
}

func TestBadAddresses(t *testing.T) {
	t.Parallel()
	for entry, want := range map[string]string{
		"":                      "no address, network or host name",
		"*":                     "no address, network or host name",
		"10.0.0":                "no address, network or host name",
		"10.0.0.256":            "no address, network or host name",
		"10.0.0.1:9000":         "no address, network or host name",
		"[::1]":                 "no address, network or host name",
		"[::1]:9000":            "no address, network or host name",
		"tcp://h:1":             "no network",
		"two words":             "no address, network or host name",
		"10.0.0.1\n":            "",
		"a\nb":                  "no address, network or host name",
		"fe80::1%eth0":          "without a zone",
		"10.1.0.0/255.255.0.0":  "no network",
		"10.1.0.0/33":           "no network",
		"10.1.0.0/":             "no network",
		"host/8":                "no network",
		"::ffff:10.0.0.0/95":    "less than 96 bits",
		strings.Repeat("a", 64): "no address, network or host name",
	} {
		t.Run(entry, func(t *testing.T) {
			t.Parallel()
			s, err := security.Open(security.Config{AuthorizedClientAddresses: []string{"10.9.9.9", entry}}, security.Options{})
			if want == "" {
				must(t, err, s.Close())
				return
			}
			if err == nil {
				must(t, s.Close())
				t.Fatal("no error")
			}
			if !strings.HasPrefix(err.Error(), "authorized_client_addresses: ") || !strings.Contains(err.Error(), want) {
				t.Errorf("got %q, want the setting and %q", err, want)
			}
		})
	}
}
