package pubsub

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// settingsKeys are what [ParseSettings] reads.
var settingsKeys = []string{
	"backend", "message_version",
	"nameserver_port", "secure_zmq_nameserver_port", "address_publish_port", "broadcast_port", "secure_broadcast_port",
	"mc_group", "mc_ttl", "multicast_interface", "pub_min_port", "pub_max_port",
	"tcp_keepalive", "tcp_keepalive_cnt", "tcp_keepalive_idle", "tcp_keepalive_intvl",
	"authorized_client_addresses", "secure_address_publish_port", "announce_backend", "require_secure",
	// Of [ParseSecurity].
	"server_secret_key_file", "next_server_secret_key_file", "clients_public_keys_directory",
	"client_secret_key_file", "server_public_key_file", "server_public_keys",
	"allow_shared_key_files", "handshake_interval",
}

// ParseSettings reads the settings of a program under the names of doc/protocol.md, section 6, as Python posttroll has them. Unknown keys are errors; those for
// key files are [ParseSecurity]'s. Missing ones have their defaults. All problems are told at once.
func ParseSettings(settings map[string]any) (Settings, error) {
	v := &values{m: settings}
	s := Settings{
		Backend:                  v.backend("backend"),
		AnnounceBackend:          v.backend("announce_backend"),
		RequireSecure:            v.boolean("require_secure", false),
		MessageVersion:           message.Version(v.text("message_version", "")),
		NameserverPort:           v.within("nameserver_port", discovery.DefaultNameserverPort, 1, 65535),
		SecureNameserverPort:     v.within("secure_zmq_nameserver_port", DefaultSecureNameserverPort, 1, 65535),
		AddressPublishPort:       v.within("address_publish_port", discovery.DefaultAddressPublishPort, 1, 65535),
		SecureAddressPublishPort: v.within("secure_address_publish_port", DefaultSecureAddressPublishPort, 1, 65535),
		BroadcastPort:            v.within("broadcast_port", discovery.DefaultBroadcastPort, 1, 65535),
		SecureBroadcastPort:      v.within("secure_broadcast_port", DefaultSecureBroadcastPort, 1, 65535),
		MulticastGroup:           v.group(),
		MulticastTTL:             v.within("mc_ttl", DefaultMulticastTTL, 1, 255),
		MulticastInterface:       v.ipv4("multicast_interface"),
		MinPort:                  v.within("pub_min_port", DefaultMinPort, 1, 65535),
		MaxPort:                  v.within("pub_max_port", DefaultMaxPort, 2, 65536),
		AuthorizedClients:        v.filled("authorized_client_addresses", atCommaOrBlank),
		KeepAlive: transport.KeepAlive{
			Mode:     v.keepAlive(),
			Count:    v.probes("tcp_keepalive_cnt", 127),
			Idle:     time.Duration(v.probes("tcp_keepalive_idle", 32767)) * time.Second,
			Interval: time.Duration(v.probes("tcp_keepalive_intvl", 32767)) * time.Second,
		},
	}
	err := v.err(settingsKeys)
	if err == nil {
		err = s.Validate()
	}
	if err != nil {
		return Settings{}, fmt.Errorf("settings: %w", err)
	}
	return s, nil
}

// broadcastGroup is how our settings spell a broadcast; in a file an empty text means it too.
const broadcastGroup = "255.255.255.255"

func (v *values) group() string {
	if val, ok := v.m["mc_group"]; !ok || val == nil {
		return ""
	}
	if group := v.text("mc_group", ""); group != "" {
		return group
	}
	return broadcastGroup
}

// filled reads a list of texts without the empty ones; nothing is no list.
func (v *values) filled(key string, split func(rune) bool) []string {
	if isNone(v.m[key]) {
		return nil
	}
	list := slices.DeleteFunc(v.list(key, split), func(elem string) bool { return elem == "" })
	if len(list) == 0 {
		return nil
	}
	return list
}

func (v *values) ipv4(key string) netip.Addr {
	text := v.text(key, "")
	if text == "" {
		return netip.Addr{}
	}
	addr, err := netip.ParseAddr(text)
	if err != nil || !addr.Is4() {
		v.fail(key, "want an IPv4 address, got %.80q", text)
		return netip.Addr{}
	}
	return addr
}

// keepAlive reads ZMQ_TCP_KEEPALIVE: 1, 0, or -1 or "system" for what the system does.
func (v *values) keepAlive() transport.KeepAliveMode {
	if v.m["tcp_keepalive"] == "system" {
		return transport.KeepAliveSystem
	}
	if on, ok := toBool(v.m["tcp_keepalive"]); ok {
		if on {
			return transport.KeepAliveOn
		}
		return transport.KeepAliveOff
	}
	if n := v.integer("tcp_keepalive", -1); n != -1 {
		v.fail("tcp_keepalive", "want 1, 0 or -1, got %d", n)
	}
	return transport.KeepAliveSystem
}

// probes reads a number of probes or of seconds; 0 and -1 leave it to the system. The limits are those of Linux.
func (v *values) probes(key string, most int) int {
	return max(v.within(key, 0, -1, most), 0)
}
