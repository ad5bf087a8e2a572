package httpd_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/httpd"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		cfg  httpd.Config
		want string
	}{
		{"default", httpd.DefaultConfig(), ""},
		{"all", httpd.Config{
			Listen: "127.0.0.1:9180", Hosts: []string{"relay.example"}, TokenFile: "/etc/token", CertificateFile: "/etc/c.pem", KeyFile: "/etc/k.pem",
		}, ""},
		{"every address", httpd.Config{Listen: ":9180"}, ""},
		{"IPv6", httpd.Config{Listen: "[::1]:9180"}, ""},
		{"this host", httpd.Config{Listen: "localhost:0"}, ""},
		{"port alone", httpd.Config{Listen: "9180"}, `http_listen: "9180" is not ADDRESS:PORT`},
		{"name", httpd.Config{Listen: "relay.example:9180"}, `http_listen: "relay.example" is no IP address`},
		{"port", httpd.Config{Listen: "127.0.0.1:http"}, `http_listen: "http" is no port, want 0 to 65535`},
		{"host with a port", httpd.Config{Hosts: []string{"a.example", "b.example:80"}}, `http_hosts: "b.example:80" is no name of a host`},
		{"empty host", httpd.Config{Hosts: []string{""}}, `http_hosts: "" is no name of a host`},
		{"paths", httpd.Config{TokenFile: "token", CertificateFile: "c.pem", KeyFile: "k.pem"}, "http_token_file: \"token\" does not begin at the root\n" +
			"http_certificate_file: \"c.pem\" does not begin at the root\nhttp_key_file: \"k.pem\" does not begin at the root"},
		{"key alone", httpd.Config{KeyFile: "/etc/k.pem"}, "http_key_file: is the key of no certificate: http_certificate_file is empty"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if err := tt.cfg.Validate(); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestValidateControl(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, socket, want string }{
		{"default", "", ""},
		{"none", httpd.NoControl, ""},
		{"path", "/run/x.sock", ""},
		{"relative", "x.sock", `control_socket: "x.sock" does not begin at the root`},
		{"long", "/" + strings.Repeat("x", 107), "control_socket: a path of 108 bytes, sockets take 107"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if err := (httpd.ControlConfig{Socket: tt.socket}).Validate(); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
