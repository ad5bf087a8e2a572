package security_test

import (
	"strings"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// The closest name counts alone.
func TestServerKeys(t *testing.T) {
	t.Parallel()
	keys := t.TempDir()
	names := map[curve.PublicKey]string{}
	for _, name := range []string{"a", "b", "c", "d"} {
		names[makeKey(t, keys, name)] = name
	}
	tests := map[string]struct {
		file     string   // of server_public_key_file, "a" for a.key
		entries  []string // of server_public_keys, "WHO=a" for a.key
		endpoint string
		services []string
		want     string
	}{
		"nothing":                   {"", nil, "tcp://10.0.0.1:9000", nil, ""},
		"the one for all":           {"a", nil, "tcp://10.0.0.1:9000", nil, "a"},
		"others, in turn":           {"a", []string{"*=b", "*=c", "*=a"}, "tcp://10.0.0.1:9000", nil, "abc"},
		"URI":                       {"a", []string{"10.0.0.1:9000=b", "tcp://10.0.0.1:9000=c"}, "tcp://10.0.0.1:9000", nil, "c"},
		"another URI":               {"a", []string{"tcp://10.0.0.1:9000=c"}, "tcp://10.0.0.1:9001", nil, "a"},
		"URI, in turn":              {"a", []string{"tcp://10.0.0.1:9000=c", "tcp://10.0.0.1:9000=b"}, "tcp://10.0.0.1:9000", nil, "cb"},
		"host and port":             {"a", []string{"10.0.0.1=b", "10.0.0.1:9000=c"}, "tcp://10.0.0.1:9000", nil, "c"},
		"host":                      {"a", []string{"10.0.0.1=b", "viirs=c"}, "tcp://10.0.0.1:9000", []string{"viirs"}, "b"},
		"host, however it is typed": {"a", []string{"Sat1.Example.=b"}, "tcp://sat1.EXAMPLE:9000", nil, "b"},
		"IPv6":                      {"a", []string{"2001:DB8:0::1=b"}, "tcp://[2001:db8::1]:9000", nil, "b"},
		"IPv6 in brackets":          {"a", []string{"[2001:db8::1]=b"}, "tcp://[2001:db8::1]:9000", nil, "b"},
		"IPv6 and port":             {"a", []string{"[2001:db8:0::1]:9000=b"}, "tcp://[2001:db8::1]:9000", nil, "b"},
		"URI of IPv6":               {"a", []string{"tcp://[2001:db8:0::1]:9000=b"}, "tcp://[2001:db8::1]:9000", nil, "b"},
		"IPv4 in IPv6":              {"a", []string{"10.0.0.1=b"}, "tcp://[::ffff:10.0.0.1]:9000", nil, "b"},
		"names are not resolved":    {"a", []string{"localhost=b"}, "tcp://127.0.0.1:9000", nil, "a"},
		"ipc":                       {"a", []string{"ipc:///run/x=b"}, "ipc:///run/x", nil, "b"},
		"service":                   {"a", []string{"viirs=b"}, "tcp://10.0.0.1:9000", []string{"viirs"}, "b"},
		"service, exactly":          {"a", []string{"viirs=b"}, "tcp://10.0.0.1:9000", []string{"VIIRS"}, "a"},
		"service like a host":       {"a", []string{"1b/hrit:x=b"}, "tcp://10.0.0.1:9000", []string{"1b/hrit:x"}, "b"},
		"one service is named":      {"a", []string{"viirs=b"}, "tcp://10.0.0.1:9000", []string{"polar", "viirs"}, "b"},
		"services agree":            {"a", []string{"viirs=b", "polar=c", "polar=b", "viirs=d"}, "tcp://10.0.0.1:9000", []string{"polar", "viirs"}, "b"},
		"services of two servers":   {"a", []string{"viirs=b", "polar=c"}, "tcp://10.0.0.1:9000", []string{"polar", "viirs"}, ""},
		"blanks":                    {"", []string{" viirs =b"}, "tcp://10.0.0.1:9000", []string{"viirs"}, "b"},
		"star is no service":        {"", []string{"viirs=b"}, "tcp://10.0.0.1:9000", []string{"*"}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := security.Config{}
			if test.file != "" {
				cfg.ServerPublicKeyFile = curve.PublicPath(keys, test.file)
			}
			for _, entry := range test.entries {
				who, key, _ := strings.Cut(entry, "=")
				cfg.ServerPublicKeys = append(cfg.ServerPublicKeys, who+"="+curve.PublicPath(keys, key))
			}
			s := open(t, cfg)
			endpoint, err := transport.ParseEndpoint(test.endpoint)
			must(t, err)
			var got strings.Builder
			for key := range s.ServerKeys(endpoint, test.services...).All() {
				got.WriteString(names[key])
			}
			if got.String() != test.want {
				t.Errorf("got %q, want %q", got.String(), test.want)
			}
		})
	}
}

func TestAddress(t *testing.T) {
	t.Parallel()
	keys := t.TempDir()
	a, b := makeKey(t, keys, "a"), makeKey(t, keys, "b")
	s := open(t, security.Config{ServerPublicKeyFile: curve.PublicPath(keys, "a"), ServerPublicKeys: []string{"viirs=" + curve.PublicPath(keys, "b")}})
	endpoint := func(text string) transport.Endpoint {
		e, err := transport.ParseEndpoint(text)
		must(t, err)
		return e
	}
	tcp, inproc := endpoint("tcp://10.0.0.1:9000"), endpoint("inproc://x")
	own := curve.NewPublicKeys(curve.PublicKey{7})
	for name, test := range map[string]struct {
		in       transport.Address
		services []string
		want     curve.PublicKeys
	}{
		"secure":         {transport.Address{Endpoint: tcp, Backend: transport.Secure}, nil, curve.NewPublicKeys(a)},
		"of a service":   {transport.Address{Endpoint: tcp, Backend: transport.Secure}, []string{"viirs"}, curve.NewPublicKeys(b)},
		"with its own":   {transport.Address{Endpoint: tcp, Backend: transport.Secure, ServerKeys: own}, nil, own},
		"plain":          {transport.Address{Endpoint: tcp, Backend: transport.Plain}, nil, curve.PublicKeys{}},
		"no backend":     {transport.Address{Endpoint: tcp}, nil, curve.PublicKeys{}},
		"in the process": {transport.Address{Endpoint: inproc, Backend: transport.Secure}, nil, curve.PublicKeys{}},
		"no endpoint":    {transport.Address{Backend: transport.Secure}, nil, curve.PublicKeys{}},
	} {
		want := test.in
		want.ServerKeys = test.want
		if got := s.Address(test.in, test.services...); got != want {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}
}

func TestBadServerEntries(t *testing.T) {
	t.Parallel()
	keys := t.TempDir()
	makeKey(t, keys, "a")
	path := curve.PublicPath(keys, "a")
	for entry, want := range map[string]string{
		"":                         `no "="`,
		path:                       `no "="`,
		"=" + path:                 `nothing before "="`,
		"viirs=":                   `no file behind "="`,
		"tcp://*:9000=" + path:     "can be bound, not connected to",
		"tcp://10.0.0.1=" + path:   "no port",
		"tcp://10.0.0.1:0=" + path: "can be bound, not connected to",
		"udp://10.0.0.1:1=" + path: "unknown scheme",
		"inproc://x=" + path:       "inproc is never secured",
		"ns1:99999=" + path:        "port 99999: want 1 to 65535",
		"10.0.0.1:0=" + path:       "port 0: want 1 to 65535",
		"viirs=" + path + "-none":  "no such file",
		"viirs=" + keys:            "not a regular file",
	} {
		t.Run(entry, func(t *testing.T) {
			t.Parallel()
			s, err := security.Open(security.Config{ServerPublicKeys: []string{"ok=" + path, entry}}, security.Options{})
			if err == nil {
				must(t, s.Close())
				t.Fatal("no error")
			}
			if all := flatten(err); len(all) != 1 || !strings.HasPrefix(err.Error(), "server_public_keys: ") || !strings.Contains(err.Error(), want) {
				t.Errorf("got %q, want the setting and %q", err, want)
			}
		})
	}
}

// A secret key has no business where clients are: that is told.
func TestServerKeyFromSecretFile(t *testing.T) {
	t.Parallel()
	keys := t.TempDir()
	makeKey(t, keys, "a")
	core, logs := observer.New(zap.WarnLevel)
	s, err := security.Open(security.Config{
		ServerPublicKeyFile: curve.SecretPath(keys, "a"),
		ServerPublicKeys:    []string{"viirs=" + curve.SecretPath(keys, "a"), "modis=" + curve.PublicPath(keys, "a")},
	}, security.Options{Logger: zap.New(core)})
	must(t, err)
	must(t, s.Close())
	if got := logs.FilterMessageSnippet("holds its secret key").FilterField(zap.String("path", curve.SecretPath(keys, "a"))).Len(); got != 2 {
		t.Errorf("%d warnings, want 2: %v", got, logs.All())
	}
}
