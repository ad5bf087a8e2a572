package transport

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of an endpoint.
const (
	maxHost   = 253 // octets of a host name (RFC 1035)
	maxLabel  = 63  // octets of one of its labels
	maxIPC    = 107 // octets of sockaddr_un.sun_path on Linux, less the NUL behind it
	maxInproc = 256 // octets, as documented for zmq_inproc
)

// Endpoint is a checked ZeroMQ endpoint: tcp (IPv4, IPv6 in brackets, host name or, to bind, "*" or the name of a network
// interface), ipc or inproc. It is comparable: two endpoints are the same when their texts are. The zero value is no
// endpoint; [Endpoint.IsZero] tells.
type Endpoint struct {
	text string
}

// ParseEndpoint checks that s is an endpoint of a known kind, well formed for either bind or connect. It is as strict as
// libzmq and a little stricter: what it takes, libzmq takes. Whether a host name resolves is not asked.
func ParseEndpoint(s string) (Endpoint, error) {
	if err := checkEndpoint(s); err != nil {
		return Endpoint{}, fmt.Errorf("endpoint %.200q: %w", s, err)
	}
	return Endpoint{text: s}, nil
}

// ConnectEndpoint checks that s is an endpoint that can be connected to: as [ParseEndpoint], without wildcards, and with
// a port that is not 0. A publisher's URI that it refuses would end a subscriber of the Python implementation.
func ConnectEndpoint(s string) (Endpoint, error) {
	e, err := ParseEndpoint(s)
	if err != nil {
		return Endpoint{}, err
	}
	if err := e.CheckConnect(); err != nil {
		return Endpoint{}, err
	}
	return e, nil
}

// CheckConnect says why e can't be connected to, or nil.
func (e Endpoint) CheckConnect() error {
	fail := func(reason string) error { return fmt.Errorf("endpoint %.200q: %s", e.text, reason) }
	switch {
	case e.IsZero():
		return errors.New("no endpoint")
	case e.Scheme() == "ipc" && e.rest() == "*":
		return fail(`"*" can be bound, not connected to`)
	case e.Scheme() != "tcp":
		return nil
	case e.Host() == "*":
		return fail(`host "*" can be bound, not connected to`)
	case e.Port() == 0:
		return fail("port 0 can be bound, not connected to")
	}
	return nil
}

// broadcast is the address of all hosts of a network.
var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// OfNoHost tells whether e is at a multicast or the broadcast address of IP. Linux lets TCP listen there, and nobody can connect.
func (e Endpoint) OfNoHost() bool {
	addr, err := netip.ParseAddr(e.Host())
	return err == nil && (addr.IsMulticast() || addr.Unmap() == broadcast)
}

// IsZero tells whether e is the zero value.
func (e Endpoint) IsZero() bool { return e.text == "" }

// String returns the text that was parsed.
func (e Endpoint) String() string { return e.text }

// Scheme is "tcp", "ipc" or "inproc".
func (e Endpoint) Scheme() string {
	scheme, _, _ := strings.Cut(e.text, "://")
	return scheme
}

// Host of a tcp endpoint, "*" or "0.0.0.0" when all; brackets of IPv6 removed. Empty for others.
func (e Endpoint) Host() string {
	if e.Scheme() != "tcp" {
		return ""
	}
	host, _ := cutPort(e.rest())
	return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
}

// Port of a tcp endpoint; 0 for others.
func (e Endpoint) Port() int {
	if e.Scheme() != "tcp" {
		return 0
	}
	_, port := cutPort(e.rest())
	n, err := parsePort(port)
	if err != nil {
		panic("transport: endpoint with a bad port: " + e.text)
	}
	return n
}

// Path of an ipc endpoint, name of an inproc one. Empty for tcp.
func (e Endpoint) Path() string {
	if e.Scheme() == "tcp" {
		return ""
	}
	return e.rest()
}

// WithPort returns a tcp endpoint with another port, from 0 to 65535. Other endpoints have none and come back as they are.
func (e Endpoint) WithPort(port int) Endpoint {
	if e.Scheme() != "tcp" {
		return e
	}
	if port < 0 || port > 65535 {
		panic("transport: port out of range: " + strconv.Itoa(port))
	}
	host, _ := cutPort(e.rest())
	return Endpoint{text: "tcp://" + host + ":" + strconv.Itoa(port)}
}

// rest is what stands behind the scheme.
func (e Endpoint) rest() string {
	_, rest, _ := strings.Cut(e.text, "://")
	return rest
}

func checkEndpoint(s string) error {
	if s == "" {
		return errors.New("empty")
	}
	if err := checkText(s); err != nil {
		return err
	}
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return errors.New(`no "://": want tcp://host:port, ipc://path or inproc://name`)
	}
	switch scheme {
	case "tcp":
		return checkTCP(rest)
	case "ipc":
		return checkIPC(rest)
	case "inproc":
		return checkInproc(rest)
	}
	return fmt.Errorf("unknown scheme %.20q: want tcp, ipc or inproc", scheme)
}

// checkText refuses what no endpoint can hold. libzmq takes an endpoint as a C string, so a NUL would cut it; white space
// is legal in the path of an ipc endpoint alone, and comes from typing errors far more often.
func checkText(s string) error {
	if !utf8.ValidString(s) {
		return errors.New("not UTF-8")
	}
	for i, r := range s {
		switch {
		case unicode.IsSpace(r):
			return fmt.Errorf("white space at offset %d", i)
		case unicode.IsControl(r):
			return fmt.Errorf("control character %U at offset %d", r, i)
		}
	}
	return nil
}

func checkTCP(rest string) error {
	if strings.Contains(rest, ";") {
		return errors.New(`a source address before ";" is not supported: give the destination only`)
	}
	host, port := cutPort(rest)
	if host == "" {
		return errors.New("no host")
	}
	if err := checkHost(host); err != nil {
		return err
	}
	if port == "" {
		return errors.New("no port")
	}
	_, err := parsePort(port)
	return err
}

// cutPort cuts at the last colon, as libzmq does, but leaves the colons inside brackets alone.
func cutPort(rest string) (host, port string) {
	i := strings.LastIndexByte(rest, ':')
	if i < strings.LastIndexByte(rest, ']') || i < 0 {
		return rest, ""
	}
	return rest[:i], rest[i+1:]
}

// parsePort is stricter than libzmq, which reads "9000abc" as 9000 and 65537 as 1.
func parsePort(s string) (int, error) {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, fmt.Errorf("port %.20q is not a number", s)
		}
	}
	n, err := strconv.Atoi(s)
	if err != nil || n > 65535 {
		return 0, fmt.Errorf("port %.20s is above 65535", s)
	}
	if len(s) > 1 && s[0] == '0' {
		return 0, fmt.Errorf("port %.20s has a leading zero", s)
	}
	return n, nil
}

func checkHost(host string) error {
	switch {
	case host == "*":
		return nil
	case host[0] == '[':
		return checkIPv6(host)
	case strings.Contains(host, ":"):
		return errors.New("an IPv6 address stands in brackets: tcp://[::1]:9000")
	case strings.Trim(host, "0123456789.") == "":
		if _, err := netip.ParseAddr(host); err != nil {
			return fmt.Errorf("%.80q is no IPv4 address", host)
		}
		return nil
	}
	return checkName(host)
}

func checkIPv6(host string) error {
	inner, ok := strings.CutSuffix(host[1:], "]")
	if !ok {
		return errors.New(`no "]" behind the IPv6 address`)
	}
	addr, err := netip.ParseAddr(inner)
	if err != nil || !addr.Is6() {
		return fmt.Errorf("%.80q is no IPv6 address", inner)
	}
	for _, c := range []byte(addr.Zone()) {
		if !isNameByte(c) {
			return fmt.Errorf("zone %.20q of the IPv6 address holds %q", addr.Zone(), c)
		}
	}
	return nil
}

// checkName checks a host name or the name of a network interface. Underscores are no part of a host name by the book;
// containers have them, and libzmq takes them.
func checkName(name string) error {
	if len(name) > maxHost {
		return fmt.Errorf("host name of %d octets: at most %d", len(name), maxHost)
	}
	for i := range len(name) {
		if !isNameByte(name[i]) {
			return fmt.Errorf("host name %q holds %q", name, name[i:i+runeLen(name[i:])])
		}
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(name, "."), ".") {
		switch {
		case label == "":
			return fmt.Errorf("host name %q has an empty label", name)
		case len(label) > maxLabel:
			return fmt.Errorf("host name %q has a label of %d octets: at most %d", name, len(label), maxLabel)
		}
	}
	if c := name[0]; c == '-' || c == '_' {
		return fmt.Errorf("host name %q begins with %q", name, name[:1])
	}
	return nil
}

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_'
}

func runeLen(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	return n
}

func checkIPC(path string) error {
	switch {
	case path == "":
		return errors.New("no path")
	case path == "@":
		return errors.New(`no name behind "@"`)
	case len(path) > maxIPC:
		return fmt.Errorf("path of %d octets: at most %d", len(path), maxIPC)
	}
	return nil
}

func checkInproc(name string) error {
	switch {
	case name == "":
		return errors.New("no name")
	case len(name) > maxInproc:
		return fmt.Errorf("name of %d octets: at most %d", len(name), maxInproc)
	}
	return nil
}
