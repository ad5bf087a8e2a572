package httpd_test

import (
	"errors"
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
		{"port", httpd.Config{Listen: "127.0.0.1:http"}, `http_listen: "http" is no port`},
		{"host with a port", httpd.Config{Hosts: []string{"a.example", "b.example:80"}}, `http_hosts: "b.example:80" is no name of a host`},
		{"empty host", httpd.Config{Hosts: []string{""}}, `http_hosts: "" is no name of a host`},
		{"paths", httpd.Config{TokenFile: "token", CertificateFile: "c.pem", KeyFile: "k.pem"}, "http_token_file: \"token\" does not begin with /\n" +
			"http_certificate_file: \"c.pem\" does not begin with /\nhttp_key_file: \"k.pem\" does not begin with /"},
		{"key alone", httpd.Config{KeyFile: "/etc/k.pem"}, "http_key_file: is the key of no certificate"},
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
		{"relative", "x.sock", `control_socket: "x.sock" does not begin with /`},
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

// A hint says on its own what to do, for it stands on a line of its own; the errors don't repeat it.
func TestHints(t *testing.T) {
	t.Parallel()
	bad := httpd.Config{Listen: "9180", Hosts: []string{"a.example:80"}, TokenFile: "t", CertificateFile: "c", KeyFile: "k"}
	long := httpd.ControlConfig{Socket: strings.Repeat("x", 108)}
	want := map[string][]string{
		"http_listen":           {"give an IP address and a port from 0 to 65535, as 127.0.0.1:9180"},
		"http_hosts":            {"give names without a port, as relay.example"},
		"http_token_file":       {"give the whole path, from / on"},
		"http_certificate_file": {"give the whole path, from / on"},
		"http_key_file":         {"give the whole path, from / on", "set http_certificate_file too"},
		"control_socket":        {`give the whole path, from / on, or "none"`, "choose a shorter one, as /run/posttroll/relay.sock"},
	}
	got := map[string][]string{}
	for _, err := range []error{bad.Validate(), httpd.Config{KeyFile: "/k"}.Validate(), long.Validate()} {
		for _, err := range err.(interface{ Unwrap() []error }).Unwrap() {
			e, ok := errors.AsType[*httpd.SettingError](err)
			if !ok {
				t.Fatalf("got %v", err)
			}
			got[e.Key] = append(got[e.Key], e.HintText())
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
