package config

import (
	"net/netip"
	"slices"
	"time"
)

// The backends: the values of the setting backend, here and on the wire.
const (
	Plain  = "unsecure_zmq"
	Secure = "secure_zmq"
)

// Settings are the settings that all posttroll programs share. The zero value is not usable; start from
// [DefaultSettings]. Each can also be set by the variable POSTTROLL_ followed by its key in capitals.
type Settings struct {
	// Backend says how sockets speak: "unsecure_zmq" is plain ZeroMQ, "secure_zmq" is encrypted and authenticated with
	// CURVE and needs the key files below. Default "unsecure_zmq". Environment: POSTTROLL_BACKEND.
	Backend string `toml:"backend"`

	// MessageVersion is the version that messages are written in, "v1.01" or "v1.2". Empty: chosen for each message,
	// v1.2 when its data holds a date and time, else v1.01. Set it to "v1.01" while peers older than posttroll 1.12 listen:
	// they read nothing else. Default "". Environment: POSTTROLL_MESSAGE_VERSION.
	MessageVersion string `toml:"message_version"`

	// NameserverPort is the TCP port where a nameserver answers plain requests, and where it is asked.
	// 0 to 65535; a nameserver takes 0 as any free port. Default 5557. Environment: POSTTROLL_NAMESERVER_PORT; the old
	// NAMESERVER_PORT still counts where no file sets it.
	NameserverPort int `toml:"nameserver_port"`

	// SecureNameserverPort is the TCP port where a nameserver with keys answers encrypted requests, and where it is asked with
	// backend "secure_zmq". 0 to 65535; 0 as above. Default 5558. Environment: POSTTROLL_SECURE_ZMQ_NAMESERVER_PORT.
	SecureNameserverPort int `toml:"secure_zmq_nameserver_port"`

	// AddressPublishPort is the TCP port where a nameserver tells of publishers that come and go: plain or encrypted as
	// backend says. 0 to 65535; 0 as above. Default 16543. Environment: POSTTROLL_ADDRESS_PUBLISH_PORT.
	AddressPublishPort int `toml:"address_publish_port"`

	// SecureAddressPublishPort is where a nameserver with keys and backend "unsecure_zmq" tells the same, encrypted. Not known to
	// Python: its secure subscribers of such a nameserver set POSTTROLL_ADDRESS_PUBLISH_PORT to this port. 0 to 65535; 0 as
	// above. Default 16544. Environment: POSTTROLL_SECURE_ADDRESS_PUBLISH_PORT.
	SecureAddressPublishPort int `toml:"secure_address_publish_port"`

	// BroadcastPort is where publishers announce themselves: the UDP port of the multicast group, and the TCP port of a
	// nameserver that is told directly. 0 to 65535; 0 as above. Default 21200. Environment: POSTTROLL_BROADCAST_PORT.
	BroadcastPort int `toml:"broadcast_port"`

	// SecureBroadcastPort is the TCP port where a nameserver with keys is told directly and encrypted. Not known to Python.
	// 0 to 65535; 0 as above. Default 21201. Environment: POSTTROLL_SECURE_BROADCAST_PORT.
	SecureBroadcastPort int `toml:"secure_broadcast_port"`

	// MulticastGroup is the group that publishers announce themselves to: an IPv4 address from 224.0.0.0 to
	// 239.255.255.255. "", "0.0.0.0" and "255.255.255.255" mean UDP broadcast. Default "225.0.0.212". Environment:
	// POSTTROLL_MC_GROUP; the old PYTROLL_MC_GROUP still counts where no file sets it.
	MulticastGroup string `toml:"mc_group"`

	// MulticastInterface is the IPv4 address of the interface that multicast goes out of and comes in by. Empty: the
	// system's choice, by its routes. On a host that has only a loopback interface set 127.0.0.1, for all programs.
	// Default "". Environment: POSTTROLL_MULTICAST_INTERFACE.
	MulticastInterface netip.Addr `toml:"multicast_interface"`

	// MulticastTTL is the number of routers that announcements may pass, and one more; 1 keeps them in this network.
	// 1 to 255. Default 31. Environment: POSTTROLL_MC_TTL, or PYTROLL_MC_TTL as in Python.
	MulticastTTL int `toml:"mc_ttl"`

	// PubMinPort is the first port that a publisher without a port of its own may take. 1 to 65535. Default 49152.
	// Environment: POSTTROLL_PUB_MIN_PORT.
	PubMinPort int `toml:"pub_min_port"`

	// PubMaxPort is the port before which that range ends; it is not taken itself. Above pub_min_port, at most 65536.
	// Default 65536. Environment: POSTTROLL_PUB_MAX_PORT.
	PubMaxPort int `toml:"pub_max_port"`

	// TCPKeepalive switches TCP keep-alive, which finds connections that a firewall has forgotten or whose other end is gone:
	// true or 1 is on, false or 0 is off, "system" or -1 leaves it to the operating system, which has it off unless a program
	// asks; ptrelay does: there "system" is on, after 60 s of silence and 4 probes 15 s apart, unless the settings below say
	// otherwise. Default "system". Environment: POSTTROLL_TCP_KEEPALIVE.
	TCPKeepalive Switch `toml:"tcp_keepalive"`

	// TCPKeepaliveCount is the number of probes without an answer after which a connection is given up. 1 to 127; 0 and -1
	// leave it to the operating system. Default 0. Environment: POSTTROLL_TCP_KEEPALIVE_CNT.
	TCPKeepaliveCount int `toml:"tcp_keepalive_cnt"`

	// TCPKeepaliveIdle is the silence in seconds before the first probe. 1 to 32767; 0 and -1 leave it to the operating
	// system. Default 0. Environment: POSTTROLL_TCP_KEEPALIVE_IDLE.
	TCPKeepaliveIdle int `toml:"tcp_keepalive_idle"`

	// TCPKeepaliveInterval is the time in seconds between probes. 1 to 32767; 0 and -1 leave it to the operating system.
	// Default 0. Environment: POSTTROLL_TCP_KEEPALIVE_INTVL.
	TCPKeepaliveInterval int `toml:"tcp_keepalive_intvl"`

	// RequireSecure makes subscribers pass over publishers that they find by name and that say that they are plain. For networks that have moved
	// to backend "secure_zmq" altogether: announcements are not signed, so before, anybody in the network can pass for a plain
	// publisher. Addresses that a program gives itself are connected to as it says. Needs backend "secure_zmq". Default false.
	// Environment: POSTTROLL_REQUIRE_SECURE.
	RequireSecure bool `toml:"require_secure"`

	// ServerSecretKeyFile is the file with both keys of this host's publishers and nameserver (NAME.key_secret).
	// Needed to bind with backend "secure_zmq". Default "". Environment: POSTTROLL_SERVER_SECRET_KEY_FILE.
	ServerSecretKeyFile string `toml:"server_secret_key_file"`

	// NextServerSecretKeyFile is the file with the pair that is to follow the one above. While it is set, publishers and the nameserver
	// serve both: the next key on a port of its own, so that clients can change one by one. doc/security.md has the steps.
	// Default "". Environment: POSTTROLL_NEXT_SERVER_SECRET_KEY_FILE.
	NextServerSecretKeyFile string `toml:"next_server_secret_key_file"`

	// ServerPublicKeyFile is the file with the public key of the publishers and nameservers that are connected to (NAME.key).
	// Needed to connect with backend "secure_zmq". Default "". Environment: POSTTROLL_SERVER_PUBLIC_KEY_FILE.
	ServerPublicKeyFile string `toml:"server_public_key_file"`

	// ServerPublicKeys are the public keys of servers that have one of their own, as "WHO=FILE". WHO is a service, or the
	// host, "host:port" or URI of an address, or "*" for all that are not named otherwise, besides server_public_key_file. Where WHO has
	// several keys they are tried in turn, as while a server changes its key. Default []. Environment: POSTTROLL_SERVER_PUBLIC_KEYS.
	ServerPublicKeys []string `toml:"server_public_keys"`

	// ClientSecretKeyFile is the file with both keys of this host's subscribers (NAME.key_secret). Needed to connect with
	// backend "secure_zmq". Default "". Environment: POSTTROLL_CLIENT_SECRET_KEY_FILE.
	ClientSecretKeyFile string `toml:"client_secret_key_file"`

	// ClientsPublicKeysDirectory is the directory with the public keys (*.key) of the subscribers that may connect. Needed
	// to bind with backend "secure_zmq". Default "". Environment: POSTTROLL_CLIENTS_PUBLIC_KEYS_DIRECTORY.
	ClientsPublicKeysDirectory string `toml:"clients_public_keys_directory"`

	// AuthorizedClientAddresses are the hosts that may connect to any socket bound here, as IP addresses, networks
	// ("10.1.0.0/16") or host names, which are resolved again from time to time.
	// Empty: all hosts may. Default []. Environment: POSTTROLL_AUTHORIZED_CLIENT_ADDRESSES, as "['10.0.0.1', '10.0.0.2']",
	// "10.0.0.1,10.0.0.2" or "10.0.0.1 10.0.0.2".
	AuthorizedClientAddresses []string `toml:"authorized_client_addresses"`

	// HandshakeInterval is how long a connection may take to agree on how to speak; then it is given up and tried again. A client whose
	// key is added while it waits is in within that time. "100ms" to "1h". Default "5s". Environment:
	// POSTTROLL_HANDSHAKE_INTERVAL.
	HandshakeInterval time.Duration `toml:"handshake_interval"`

	// AllowSharedKeyFiles takes secret key files that others than their owner can read. For containers, where secrets are mounted so.
	// Default false. Environment: POSTTROLL_ALLOW_SHARED_KEY_FILES.
	AllowSharedKeyFiles bool `toml:"allow_shared_key_files"`

	// AnnounceBackend is how publishers tell the nameservers that they are given of themselves: "unsecure_zmq" or "secure_zmq".
	// Empty: as backend. A nameserver of Python posttroll takes announcements plain alone. Default "". Environment:
	// POSTTROLL_ANNOUNCE_BACKEND.
	AnnounceBackend string `toml:"announce_backend"`
}

// DefaultSettings returns the settings of a host where nothing is set.
func DefaultSettings() Settings {
	return Settings{
		Backend:                  Plain,
		NameserverPort:           5557,
		SecureNameserverPort:     5558,
		AddressPublishPort:       16543,
		SecureAddressPublishPort: 16544,
		BroadcastPort:            21200,
		SecureBroadcastPort:      21201,
		MulticastGroup:           "225.0.0.212",
		MulticastTTL:             31,
		PubMinPort:               49152,
		PubMaxPort:               65536,
		HandshakeInterval:        5 * time.Second,
	}
}

// With returns a copy of s that change has changed, for the sockets that are to have other settings than the rest; s stays as it
// is. What change set is not validated: call [Settings.Validate] when it came from outside.
func (s Settings) With(change func(*Settings)) Settings {
	s.AuthorizedClientAddresses = slices.Clone(s.AuthorizedClientAddresses)
	s.ServerPublicKeys = slices.Clone(s.ServerPublicKeys)
	change(&s)
	return s
}
