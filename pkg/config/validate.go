package config

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Limits of ports and of the kernel's keep-alive (linux/tcp.h: MAX_TCP_KEEPCNT, MAX_TCP_KEEPIDLE, MAX_TCP_KEEPINTVL).
const (
	maxPort             = 65535
	maxKeepaliveCount   = 127
	maxKeepaliveSeconds = 32767
)

// Validate returns all that is wrong with s, joined, each as a [*Problem] with its key; nil when nothing is. It does not look at
// key files: which ones are needed depends on what a program binds and connects.
func (s Settings) Validate() error {
	var c checker
	c.oneOf("backend", s.Backend, Plain, Secure)
	c.oneOf("message_version", s.MessageVersion, "", "v1.01", "v1.2")
	c.between("nameserver_port", s.NameserverPort, 0, maxPort)
	c.between("secure_zmq_nameserver_port", s.SecureNameserverPort, 0, maxPort)
	c.between("address_publish_port", s.AddressPublishPort, 0, maxPort)
	c.between("secure_address_publish_port", s.SecureAddressPublishPort, 0, maxPort)
	c.between("broadcast_port", s.BroadcastPort, 0, maxPort)
	c.between("secure_broadcast_port", s.SecureBroadcastPort, 0, maxPort)
	c.multicastGroup("mc_group", s.MulticastGroup)
	if a := s.MulticastInterface; a.IsValid() && !a.Is4() {
		c.add("multicast_interface", fmt.Sprintf("%s is no IPv4 address", a), "announcements go over IPv4 alone")
	}
	c.between("mc_ttl", s.MulticastTTL, 1, 255)
	c.between("pub_min_port", s.PubMinPort, 1, maxPort)
	c.between("pub_max_port", s.PubMaxPort, 2, maxPort+1)
	if s.PubMinPort >= s.PubMaxPort {
		c.add("pub_max_port", fmt.Sprintf("%d is not above pub_min_port, %d", s.PubMaxPort, s.PubMinPort), "")
	}
	c.between("tcp_keepalive_cnt", s.TCPKeepaliveCount, -1, maxKeepaliveCount)
	c.between("tcp_keepalive_idle", s.TCPKeepaliveIdle, -1, maxKeepaliveSeconds)
	c.between("tcp_keepalive_intvl", s.TCPKeepaliveInterval, -1, maxKeepaliveSeconds)
	if s.HandshakeInterval < 100*time.Millisecond || s.HandshakeInterval > time.Hour {
		c.add("handshake_interval", fmt.Sprintf("%s is out of range, want 100ms to 1h", s.HandshakeInterval), "")
	}
	if s.RequireSecure && s.Backend != Secure {
		c.add("require_secure", fmt.Sprintf("needs backend %q, which is %q", Secure, s.Backend), "")
	}
	c.oneOf("announce_backend", s.AnnounceBackend, "", Plain, Secure)
	for _, host := range s.AuthorizedClientAddresses {
		if host == "" {
			c.add("authorized_client_addresses", "holds an empty address", "")
		}
	}
	c.noKey("server_secret_key_file", s.ServerSecretKeyFile)
	c.noKey("next_server_secret_key_file", s.NextServerSecretKeyFile)
	c.noKey("client_secret_key_file", s.ClientSecretKeyFile)
	c.noKey("server_public_key_file", s.ServerPublicKeyFile)
	c.noKey("clients_public_keys_directory", s.ClientsPublicKeysDirectory)
	for _, entry := range s.ServerPublicKeys {
		_, file, _ := strings.Cut(entry, "=")
		c.noKey("server_public_keys", entry, file)
	}
	return errors.Join(c.problems...)
}

// checker collects problems.
type checker struct {
	problems []error
}

func (c *checker) add(key, text, hint string) {
	c.problems = append(c.problems, &Problem{Key: key, Text: text, Hint: hint})
}

func (c *checker) between(key string, value, low, high int) {
	if value < low || value > high {
		c.add(key, fmt.Sprintf("%d is out of range, want %d to %d", value, low, high), "")
	}
}

// noKey refuses a key where the name of its file is wanted, as comes of a secret that a container gets as a variable. It is not shown, and would be as a
// path: in errors, in logs and by --check.
func (c *checker) noKey(key string, values ...string) {
	if slices.ContainsFunc(values, looksLikeKey) {
		c.add(key, "holds a key itself, which is not shown here: want the name of a file", "ptkeys makes key files; a secret belongs into one that its owner alone can read")
	}
}

// looksLikeKey tells whether a text is a key, or a whole key file, rather than a path.
func looksLikeKey(text string) bool {
	const length = 40 // of a key in Z85 (ZeroMQ RFC 32)
	// Characters of Z85 that paths have not, as a rule. One key in 10,000 has none of them.
	const unusual = "+^!*?&<>()[]{}@%$#"
	return strings.ContainsAny(text, "\r\n") ||
		len(strings.TrimSpace(text)) == length && strings.ContainsAny(text, unusual) && !strings.ContainsAny(text, "_ ,'\"")
}

func (c *checker) oneOf(key, value string, allowed ...string) {
	if slices.Contains(allowed, value) {
		return
	}
	c.add(key, fmt.Sprintf("%q is unknown, want %s", value, quotedOr(allowed)), suggest(value, allowed))
}

func (c *checker) multicastGroup(key, group string) {
	switch group {
	case "", "0.0.0.0", "255.255.255.255":
		return
	}
	addr, err := netip.ParseAddr(group)
	if err != nil || !addr.Is4() || !addr.IsMulticast() {
		c.add(key, fmt.Sprintf("%q is no IPv4 multicast group, want 224.0.0.0 to 239.255.255.255", group),
			`"0.0.0.0" announces by UDP broadcast instead`)
	}
}
