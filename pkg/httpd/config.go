package httpd

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strconv"
)

// Config are the settings of a daemon that serves HTTP. Start from [DefaultConfig].
type Config struct {
	// Listen is where the daemon tells of itself over HTTP, as ADDRESS:PORT: counters for Prometheus at /metrics, the same as JSON below /v1, and
	// /healthz and /readyz for probes. Nothing can be changed there, but whoever may connect may read, names of hosts and services among it: beyond
	// "127.0.0.1:9180" let a firewall or a proxy say who. Port 0: a free one, which the log tells. Default "": nowhere. Environment:
	// POSTTROLL_HTTP_LISTEN.
	Listen string `toml:"http_listen"`

	// ControlSocket is the file of the socket by which commands reach the running daemon. Only its own user and root can connect. "none": there is none.
	// Default "": one in $RUNTIME_DIRECTORY, else where "-d start" has its pid file. Environment: POSTTROLL_CONTROL_SOCKET.
	ControlSocket string `toml:"control_socket"`
}

// NoControl is the value of [Config].ControlSocket that stands for none.
const NoControl = "none"

// DefaultConfig returns the settings of a daemon that serves nothing at an address.
func DefaultConfig() Config { return Config{} }

// SettingError is one thing that is wrong with a setting.
type SettingError struct {
	Key  string // of the setting
	Text string // what is wrong with its value
	Hint string // what to try; may be empty
}

// Error returns key and text.
func (e *SettingError) Error() string { return e.Key + ": " + e.Text }

// ConfigKey returns the key, for readers of settings to tell where the value came from.
func (e *SettingError) ConfigKey() string { return e.Key }

// HintText returns the hint, for programs that print it on a line of its own.
func (e *SettingError) HintText() string { return e.Hint }

// Validate returns all that is wrong with c, joined, each as a [*SettingError]; nil when nothing is.
func (c Config) Validate() error {
	var errs []error
	if err := checkListen(c.Listen); err != nil {
		errs = append(errs, &SettingError{Key: "http_listen", Text: err.Error(), Hint: "as 127.0.0.1:9180"})
	}
	if path := c.ControlSocket; path != "" && path != NoControl {
		if !filepath.IsAbs(path) {
			errs = append(errs, &SettingError{Key: "control_socket", Text: fmt.Sprintf("%q does not begin at the root", path),
				Hint: `as /run/posttroll/relay.sock, or "none"`})
		}
		if err := checkPath(path); err != nil {
			errs = append(errs, &SettingError{Key: "control_socket", Text: err.Error()})
		}
	}
	return errors.Join(errs...)
}

// checkListen looks at ADDRESS:PORT. A name would be looked up, and be another address tomorrow.
func checkListen(listen string) error {
	if listen == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("%q is not ADDRESS:PORT", listen)
	}
	if _, err := netip.ParseAddr(host); err != nil && host != "localhost" && host != "" {
		return fmt.Errorf("%q is no IP address", host)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%q is no port, want 0 to 65535", port)
	}
	return nil
}

// maxUnixPath is the length of the path of a socket in bytes that the system takes (sun_path, unix(7)).
const maxUnixPath = 107

func checkPath(path string) error {
	if len(path) > maxUnixPath {
		return fmt.Errorf("a path of %d bytes, sockets take %d", len(path), maxUnixPath)
	}
	return nil
}
