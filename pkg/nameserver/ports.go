package nameserver

import (
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// role is what is served on a port.
type role int

const (
	lookups role = iota
	feed
	designated // registrations
)

// tier is why there is a port: each role has one in each tier at most.
type tier int

const (
	tierMain   tier = iota // there always; the ports of Python nameservers
	tierSecure             // with keys
	tierNext               // while the server's key changes
)

// port is a TCP port that Listen binds at every address.
type port struct {
	key  string // of the setting with its number
	role role
	tier tier

	number   int // 0: any free port
	backend  transport.Backend
	security transport.ServerSecurity
}

// ports are those that a nameserver with cfg binds when it has the keys of sec.
func ports(cfg Config, sec *security.Security) []port {
	plain, secure := sec.Server(transport.Plain), sec.Server(transport.Secure)
	feedSecurity := plain
	if cfg.Backend == transport.Secure {
		feedSecurity = secure
	}
	all := []port{
		{"nameserver_port", lookups, tierMain, cfg.NameserverPort, transport.Plain, plain},
		{"address_publish_port", feed, tierMain, cfg.AddressPublishPort, cfg.Backend, feedSecurity},
		{"broadcast_port", designated, tierMain, cfg.BroadcastPort, transport.Plain, plain},
	}
	if !complete(secure) {
		return all
	}
	all = append(all,
		port{"secure_zmq_nameserver_port", lookups, tierSecure, cfg.SecureNameserverPort, transport.Secure, secure},
		port{"secure_broadcast_port", designated, tierSecure, cfg.SecureBroadcastPort, transport.Secure, secure},
	)
	if cfg.Backend != transport.Secure {
		all = append(all, port{"secure_address_publish_port", feed, tierSecure, cfg.SecureAddressPublishPort, transport.Secure, secure})
	}
	if next, ok := sec.NextServer(); ok {
		all = append(all,
			port{"next_lookup_port", lookups, tierNext, cfg.NextLookupPort, transport.Secure, next},
			port{"next_feed_port", feed, tierNext, cfg.NextFeedPort, transport.Secure, next},
			port{"next_registration_port", designated, tierNext, cfg.NextRegistrationPort, transport.Secure, next},
		)
	}
	return all
}

// assumedBackend returns what a nameserver says of publishers up to 1.13, which announce no backend. Subscribers take it for their own, so one
// that serves both kinds has to say something, and these publishers can only have the backend of their nameserver. One that serves a single kind
// passes announcements on as they are.
func assumedBackend(cfg Config, sec *security.Security) transport.Backend {
	if cfg.Backend == transport.Secure || !complete(sec.Server(transport.Secure)) {
		return ""
	}
	return transport.Plain
}

// complete tells whether a secure socket can be bound.
func complete(s transport.ServerSecurity) bool { return !s.Key.Public.IsZero() && s.Gate != nil }
