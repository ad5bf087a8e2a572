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
		{"all", httpd.Config{Listen: "127.0.0.1:9180", ControlSocket: "/run/x.sock"}, ""},
		{"none", httpd.Config{ControlSocket: httpd.NoControl}, ""},
		{"every address", httpd.Config{Listen: ":9180"}, ""},
		{"IPv6", httpd.Config{Listen: "[::1]:9180"}, ""},
		{"this host", httpd.Config{Listen: "localhost:0"}, ""},
		{"port alone", httpd.Config{Listen: "9180"}, `http_listen: "9180" is not ADDRESS:PORT`},
		{"name", httpd.Config{Listen: "relay.example:9180"}, `http_listen: "relay.example" is no IP address`},
		{"port", httpd.Config{Listen: "127.0.0.1:http"}, `http_listen: "http" is no port, want 0 to 65535`},
		{"both", httpd.Config{Listen: "127.0.0.1:70000", ControlSocket: "x.sock"},
			"http_listen: \"70000\" is no port, want 0 to 65535\ncontrol_socket: \"x.sock\" does not begin at the root"},
		{"long", httpd.Config{ControlSocket: "/" + strings.Repeat("x", 107)}, "control_socket: a path of 108 bytes, sockets take 107"},
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
