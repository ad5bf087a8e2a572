package pubsub

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/multicast"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Defaults of [Settings] that belong to no other package (doc/protocol.md, sections 2 to 5).
const (
	DefaultMulticastGroup           = "225.0.0.212"
	DefaultMulticastTTL             = 31
	DefaultSecureNameserverPort     = 5558
	DefaultSecureAddressPublishPort = 16544
	DefaultSecureBroadcastPort      = 21201
	DefaultMinPort                  = 49152
	DefaultMaxPort                  = 65536
)

// Settings are what the publishers and subscribers of a program have in common. A zero field means its default. The names in
// parentheses are those of Python posttroll, which [ParseSettings] reads.
type Settings struct {
	// Backend says whether sockets are plain or encrypted. Default [transport.Plain]. (backend)
	Backend transport.Backend
	// MessageVersion is the version that messages and announcements are written in. Default: each in the lowest that its
	// data can be written in. (message_version)
	MessageVersion message.Version

	// NameserverPort is where nameservers answer. Default 5557. (nameserver_port)
	NameserverPort int
	// SecureNameserverPort is where they answer when Backend is secure. Default 5558. (secure_zmq_nameserver_port)
	SecureNameserverPort int
	// AddressPublishPort is where nameservers publish what comes and goes. Default 16543. (address_publish_port)
	AddressPublishPort int
	// SecureAddressPublishPort is where nameservers that serve plain and secure peers publish it encrypted. It is followed besides
	// AddressPublishPort when Backend is secure. Default 16544. (secure_address_publish_port)
	SecureAddressPublishPort int
	// BroadcastPort is where announcements go, by multicast and to given nameservers. Default 21200. (broadcast_port)
	BroadcastPort int
	// SecureBroadcastPort is where announcements to given nameservers go when AnnounceBackend is secure. Default 21201.
	// (secure_broadcast_port)
	SecureBroadcastPort int
	// AnnounceBackend says how given nameservers are told of publishers. Those of Python posttroll take announcements plain
	// alone. Default: as Backend. (announce_backend)
	AnnounceBackend transport.Backend
	// RequireSecure passes over publishers that are found by name and are plain. Needs the secure Backend. Default: false. (require_secure)
	RequireSecure bool

	// MulticastGroup is where announcements go. Default "225.0.0.212"; "0.0.0.0" and "255.255.255.255" mean broadcast. (mc_group)
	MulticastGroup string
	// MulticastTTL is the number of networks that an announcement may cross. Default 31; at most 255. (mc_ttl)
	MulticastTTL int
	// MulticastInterface is the IPv4 address of the interface that announcements leave by. Default: the system's choice.
	// (multicast_interface)
	MulticastInterface netip.Addr

	// MinPort and MaxPort bound the ports of publishers that name none: MinPort <= port < MaxPort. Default 49152 and 65536.
	// (pub_min_port, pub_max_port)
	MinPort, MaxPort int

	// KeepAlive is TCP keep-alive on every socket. Default: the system's. (tcp_keepalive, tcp_keepalive_cnt,
	// tcp_keepalive_idle, tcp_keepalive_intvl)
	KeepAlive transport.KeepAlive

	// AuthorizedClients are the hosts that may connect to publishers. It is [Options.Security] that lets in nobody else: publishers refuse to
	// start where that was opened without them. Default: all hosts may. (authorized_client_addresses)
	AuthorizedClients []string
}

// withDefaults fills in what is zero.
func (s Settings) withDefaults() Settings {
	set := func(p *int, def int) {
		if *p == 0 {
			*p = def
		}
	}
	set(&s.NameserverPort, discovery.DefaultNameserverPort)
	set(&s.SecureNameserverPort, DefaultSecureNameserverPort)
	set(&s.AddressPublishPort, discovery.DefaultAddressPublishPort)
	set(&s.SecureAddressPublishPort, DefaultSecureAddressPublishPort)
	set(&s.BroadcastPort, discovery.DefaultBroadcastPort)
	set(&s.SecureBroadcastPort, DefaultSecureBroadcastPort)
	set(&s.MulticastTTL, DefaultMulticastTTL)
	set(&s.MinPort, DefaultMinPort)
	set(&s.MaxPort, DefaultMaxPort)
	if s.Backend == "" {
		s.Backend = transport.Plain
	}
	if s.AnnounceBackend == "" {
		s.AnnounceBackend = s.Backend
	}
	if s.MulticastGroup == "" {
		s.MulticastGroup = DefaultMulticastGroup
	}
	return s
}

// Validate reports every value that can't be used, under its name in a settings file.
func (s Settings) Validate() error {
	s = s.withDefaults()
	var errs []error
	if _, err := transport.ParseBackend(string(s.Backend)); err != nil {
		errs = append(errs, fmt.Errorf("backend: %w", err))
	}
	if _, err := transport.ParseBackend(string(s.AnnounceBackend)); err != nil && s.AnnounceBackend != s.Backend {
		errs = append(errs, fmt.Errorf("announce_backend: %w", err))
	}
	if s.RequireSecure && s.Backend != transport.Secure {
		errs = append(errs, fmt.Errorf("require_secure: needs backend %q, which is %q", string(transport.Secure), string(s.Backend)))
	}
	if v := s.MessageVersion; v != "" && v != message.V101 && v != message.V12 {
		errs = append(errs, fmt.Errorf("message_version: %.40q is not written: want %q or %q", string(v), string(message.V101), string(message.V12)))
	}
	for _, p := range []struct {
		name string
		port int
	}{
		{"nameserver_port", s.NameserverPort},
		{"secure_zmq_nameserver_port", s.SecureNameserverPort},
		{"address_publish_port", s.AddressPublishPort},
		{"secure_address_publish_port", s.SecureAddressPublishPort},
		{"broadcast_port", s.BroadcastPort},
		{"secure_broadcast_port", s.SecureBroadcastPort},
	} {
		if p.port < 1 || p.port > 65535 {
			errs = append(errs, fmt.Errorf("%s: %d is no port: want 1 to 65535", p.name, p.port))
		}
	}
	if err := checkPortRange(s.MinPort, s.MaxPort); err != nil {
		errs = append(errs, fmt.Errorf("pub_min_port, pub_max_port: %w", err))
	}
	if s.MulticastTTL < 1 || s.MulticastTTL > 255 {
		errs = append(errs, fmt.Errorf("mc_ttl: %d: want 1 to 255", s.MulticastTTL))
	}
	where := multicast.Config{Group: s.MulticastGroup, Interface: s.MulticastInterface}
	if err := where.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("mc_group, multicast_interface: %w", err))
	}
	return errors.Join(errs...)
}

// checkPortRange says why there is no port p with lo <= p < hi.
func checkPortRange(lo, hi int) error {
	if lo < 1 || hi > 65536 || lo >= hi {
		return fmt.Errorf("no port from %d up to, but not including, %d", lo, hi)
	}
	return nil
}

// encoder returns the encoder for the messages of a program with these settings.
func (s Settings) encoder() message.Encoder {
	return message.Encoder{Version: s.MessageVersion}
}

// multicast returns where announcements go.
func (s Settings) multicast() multicast.Config {
	return multicast.Config{Group: s.MulticastGroup, Port: s.BroadcastPort, TTL: s.MulticastTTL, Interface: s.MulticastInterface}
}

// lookupPort is the port on which nameservers answer.
func (s Settings) lookupPort() int {
	if s.Backend == transport.Secure {
		return s.SecureNameserverPort
	}
	return s.NameserverPort
}

// registerPort is the port on which nameservers take announcements.
func (s Settings) registerPort() int {
	if s.AnnounceBackend == transport.Secure {
		return s.SecureBroadcastPort
	}
	return s.BroadcastPort
}
