package config_test

import (
	"fmt"
	"os"

	"github.com/pytroll/posttroll-go/pkg/config"
)

// A daemon reads the shared settings and its own; --check prints what counts and where it comes from.
func ExampleLoad() {
	own := struct {
		MaxAge string `toml:"max_age"`
	}{MaxAge: "10m"}
	settings := config.DefaultSettings()
	sources := config.Sources{
		Environ: []string{"POSTTROLL_NAMESERVER_PORT=5000", "POSTTROLL_KEEPALIVE_IDLE=5"},
		Flags:   []config.Flag{{Name: "--max-age", Key: "max_age", Value: "1h"}},
	}
	report, err := config.Load(sources, &settings, &own)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	for _, w := range report.Warnings {
		fmt.Println(w)
	}
	for _, v := range report.Values() {
		if v.Origin != (config.Origin{}) {
			fmt.Println(v.Key, "=", v.Text, "from", v.Origin)
		}
	}
	// Output:
	// POSTTROLL_KEEPALIVE_IDLE: unknown setting, ignored; did you mean POSTTROLL_TCP_KEEPALIVE_IDLE?
	// nameserver_port = 5000 from POSTTROLL_NAMESERVER_PORT
	// max_age = "1h" from --max-age
}

// Other settings for some sockets are a changed copy.
func ExampleSettings_With() {
	settings := config.DefaultSettings()
	secure := settings.With(func(s *config.Settings) {
		s.Backend = config.Secure
		s.ServerSecretKeyFile = "/etc/posttroll/server.key_secret"
	})
	fmt.Println(settings.Backend, secure.Backend)
	// Output: unsecure_zmq secure_zmq
}
