package httpd

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
)

// Config are the settings of a daemon that serves HTTP at an address. Start from [DefaultConfig].
type Config struct {
	// Listen is where the daemon tells of itself over HTTP, as ADDRESS:PORT: a page for people at /, counters for Prometheus at /metrics, the same and more as JSON below
	// /v1, and /healthz and /readyz for probes. Nothing can be changed there. Whoever may connect may read, names of hosts and services among it: beyond
	// "127.0.0.1:9180" set http_token_file and http_certificate_file, or let a firewall or a proxy say who. Port 0: a free one, which the log tells. Default "":
	// nowhere. Environment: POSTTROLL_HTTP_LISTEN.
	Listen string `toml:"http_listen"`

	// Hosts are the names under which it is asked besides those that go without saying, which are addresses, names without a dot, and the host's own name; at a
	// loopback address localhost alone. Requests for others are refused, so that no page in a browser can read what is served by giving itself a name that leads
	// here. Default []. Environment: POSTTROLL_HTTP_HOSTS.
	Hosts []string `toml:"http_hosts"`

	// TokenFile is a file with a secret of 16 to 1024 visible characters that whoever asks has to know: as a bearer token, or as the password of any user.
	// /healthz and /readyz do without. Nobody but the user and the group of the daemon may be able to read it. A new one counts after a SIGHUP. Default "":
	// everybody may ask. Environment: POSTTROLL_HTTP_TOKEN_FILE.
	TokenFile string `toml:"http_token_file"`

	// CertificateFile is a PEM file with the certificate, and those that it is signed by, with which HTTPS is served in place of HTTP. A new one counts after a
	// SIGHUP. Default "": HTTP. Environment: POSTTROLL_HTTP_CERTIFICATE_FILE.
	CertificateFile string `toml:"http_certificate_file"`

	// KeyFile is a PEM file with the private key of the certificate. Nobody but the user and the group of the daemon may be able to read it. Default "": that
	// of http_certificate_file. Environment: POSTTROLL_HTTP_KEY_FILE.
	KeyFile string `toml:"http_key_file"`
}

// DefaultConfig returns the settings of a daemon that serves nothing at an address.
func DefaultConfig() Config { return Config{} }

// ControlConfig are the settings of a daemon that takes commands. Start from [DefaultControlConfig].
type ControlConfig struct {
	// Socket is the file of the socket by which commands reach the running daemon. Only its own user and root can connect. "none": there is none.
	// Default "": one in $RUNTIME_DIRECTORY, else where "-d start" has its pid file. Environment: POSTTROLL_CONTROL_SOCKET.
	Socket string `toml:"control_socket"`
}

// NoControl is the value of [ControlConfig].Socket that stands for none.
const NoControl = "none"

// DefaultControlConfig returns the settings of a daemon that takes commands at the usual place.
func DefaultControlConfig() ControlConfig { return ControlConfig{} }

// SettingError is one thing that is wrong with a setting.
type SettingError struct {
	Key  string // of the setting
	Text string // what is wrong with its value
	Hint string // what to try; may be empty
	Err  error  // the cause, where there is one
}

// Unwrap returns the cause.
func (e *SettingError) Unwrap() error { return e.Err }

// Error returns key and text.
func (e *SettingError) Error() string { return e.Key + ": " + e.Text }

// ConfigKey returns the key, for readers of settings to tell where the value came from.
func (e *SettingError) ConfigKey() string { return e.Key }

// HintText returns the hint, for programs that print it on a line of its own.
func (e *SettingError) HintText() string { return e.Hint }

// Validate returns all that is wrong with c, joined, each as a [*SettingError]; nil when nothing is. It reads no files.
func (c Config) Validate() error {
	var errs []error
	add := func(key, hint string, err error) {
		if err != nil {
			errs = append(errs, &SettingError{Key: key, Text: err.Error(), Hint: hint})
		}
	}
	add("http_listen", "give an IP address and a port from 0 to 65535, as 127.0.0.1:9180", checkListen(c.Listen))
	for _, host := range c.Hosts {
		add("http_hosts", "give names without a port, as relay.example", checkHost(host))
	}
	add("http_token_file", hintAbsolute, checkAbsolute(c.TokenFile))
	add("http_certificate_file", hintAbsolute, checkAbsolute(c.CertificateFile))
	add("http_key_file", hintAbsolute, checkAbsolute(c.KeyFile))
	if c.KeyFile != "" && c.CertificateFile == "" {
		add("http_key_file", "set http_certificate_file too", errors.New("is the key of no certificate"))
	}
	return errors.Join(errs...)
}

// Validate returns what is wrong with c as a [*SettingError]; nil when nothing is.
func (c ControlConfig) Validate() error {
	if c.Socket == "" || c.Socket == NoControl {
		return nil
	}
	var errs []error
	if err := checkAbsolute(c.Socket); err != nil {
		errs = append(errs, &SettingError{Key: "control_socket", Text: err.Error(), Hint: hintAbsolute + `, or "none"`})
	}
	if err := checkPath(c.Socket); err != nil {
		errs = append(errs, &SettingError{Key: "control_socket", Text: err.Error(), Hint: "choose a shorter one, as /run/posttroll/relay.sock"})
	}
	return errors.Join(errs...)
}

const hintAbsolute = "give the whole path, from / on"

// checkAbsolute wants a path from the root: daemons have no directory of their own. Empty: there is none.
func checkAbsolute(path string) error {
	if path != "" && !filepath.IsAbs(path) {
		return fmt.Errorf("%q does not begin with /", path)
	}
	return nil
}

// checkHost wants what can be in a Host header, but for the port.
func checkHost(host string) error {
	if host == "" || strings.ContainsFunc(host, func(r rune) bool { return !isHostRune(r) }) {
		return fmt.Errorf("%q is no name of a host", host)
	}
	return nil
}

func isHostRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.' || r == '_'
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
		return fmt.Errorf("%q is no port", port)
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
