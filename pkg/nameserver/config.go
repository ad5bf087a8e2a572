package nameserver

import (
	"time"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Config configures a [Nameserver]. The zero value is not usable; start from [DefaultConfig]. The fields without a key are settings that
// all programs share; who reads settings fills them in.
type Config struct {
	// Backend is how the change feed on AddressPublishPort speaks, and how it is announced.
	Backend transport.Backend `toml:"-"`
	// NameserverPort is where plain lookups are answered. 0: any free port, as for all ports.
	NameserverPort int `toml:"-"`
	// AddressPublishPort is where the change feed is published.
	AddressPublishPort int `toml:"-"`
	// BroadcastPort is where publishers register directly, without encryption.
	BroadcastPort int `toml:"-"`
	// SecureNameserverPort, SecureAddressPublishPort and SecureBroadcastPort are the same, encrypted. They are bound when Options.Security has a
	// key pair for servers; the feed of its own only where the other one is plain.
	SecureNameserverPort     int `toml:"-"`
	SecureAddressPublishPort int `toml:"-"`
	SecureBroadcastPort      int `toml:"-"`
	// AnnounceBackend is how the nameservers of FeedNameservers are told. Empty: as Backend.
	AnnounceBackend transport.Backend `toml:"-"`
	// MessageVersion is the version of what the nameserver itself announces and of its heartbeats and removals; empty: v1.01.
	MessageVersion message.Version `toml:"-"`
	// KeepAlive counts for all sockets.
	KeepAlive transport.KeepAlive `toml:"-"`

	// BindAddresses are the addresses that the TCP ports are bound to: IP addresses or names of network interfaces; "*" is every
	// IPv4 address of the host. An address that the host does not have yet is waited for. Not used with restrict_to_localhost.
	// Default ["*"]. Environment: POSTTROLL_BIND_ADDRESSES.
	BindAddresses []string `toml:"bind_addresses"`

	// RestrictToLocalhost serves this host alone: the TCP ports are bound to 127.0.0.1 and ::1, the change feed is announced as
	// tcp://127.0.0.1 and to nobody else, and multicast announcements from other hosts are dropped. Default false. Option: -L.
	// Environment: POSTTROLL_RESTRICT_TO_LOCALHOST.
	RestrictToLocalhost bool `toml:"restrict_to_localhost"`

	// Multicast takes announcements from the multicast group, and announces the change feed to it. Publishers that register
	// directly are listed either way. Default true. Option: --no-multicast. Environment: POSTTROLL_MULTICAST.
	Multicast bool `toml:"multicast"`

	// MaxAge is how long a publisher stays listed without announcing itself. At least twice the interval at which publishers do,
	// which is 2 s by default. Default "10m". Environment: POSTTROLL_MAX_AGE.
	MaxAge time.Duration `toml:"max_age"`

	// WithdrawGrace is the time from a publisher's word that it stops until the change feed says that it is gone, which makes
	// subscribers drop what they have not read yet. Lookups no longer find it at once. A publisher that is back in time is
	// never reported gone. "0s" to "1h". Default "30s". Environment: POSTTROLL_WITHDRAW_GRACE.
	WithdrawGrace time.Duration `toml:"withdraw_grace"`

	// MaxEntries is the number of publishers that are listed at most. The table is also full when they take 4 KiB of memory each on
	// average; a usual one takes 1.5. A full table refuses new ones and never drops one that is listed. 1 to 10000000. Default
	// 100000. Environment: POSTTROLL_MAX_ENTRIES.
	MaxEntries int `toml:"max_entries"`

	// MaxEntriesPerSource is the same for the publishers that one address announces, so that no host can fill the table alone.
	// Raise it where many hosts announce from one address, behind NAT. 1 to 10000000. Default 10000. Environment:
	// POSTTROLL_MAX_ENTRIES_PER_SOURCE.
	MaxEntriesPerSource int `toml:"max_entries_per_source"`

	// MaxRequestBytes is the size of the longest lookup and the longest announcement that are looked at; what is longer is
	// refused. 1024 to 32768. Default 16384. Environment: POSTTROLL_MAX_REQUEST_BYTES.
	MaxRequestBytes int `toml:"max_request_bytes"`

	// MaxRequestsPerSource is the number of lookups a second that one address, or IPv6 network of 64 bits, may count on while others ask as well; four seconds' worth
	// at once. It may ask more often as long as nobody has to wait for it: when many wait, those beyond that number are answered last, or with an empty
	// reply. A reply of more than 16 KiB counts one for each of these. 0 to 1000000; 0: nothing is refused. Default 2000. Environment:
	// POSTTROLL_MAX_REQUESTS_PER_SOURCE.
	MaxRequestsPerSource int `toml:"max_requests_per_source"`

	// MaxAnnouncementsPerSource is the same for announcements. Datagrams beyond it are passed over while others announce themselves, too; publishers that
	// register directly wait. 500 publishers of the usual interval send 250. 0 to 1000000; 0: there is no such limit. Default 20000.
	// Environment: POSTTROLL_MAX_ANNOUNCEMENTS_PER_SOURCE.
	MaxAnnouncementsPerSource int `toml:"max_announcements_per_source"`

	// MaxChangesPerSource is the number of changes a second that one address may make in what it has announced already, each of which goes to all subscribers of the change
	// feed; four seconds' worth at once. What is announced beyond it renews the entry as it is. 0 to 1000000; 0: there is no such limit.
	// Default 200. Environment: POSTTROLL_MAX_CHANGES_PER_SOURCE.
	MaxChangesPerSource int `toml:"max_changes_per_source"`

	// MaxConnections is the number of connections that all TCP ports have together; further ones are closed as soon as they are there. 0 to 1000000; 0: 7/8 of the
	// files that the process may have open, 16384 at most. Counts after a restart. Default 0. Environment: POSTTROLL_MAX_CONNECTIONS.
	MaxConnections int `toml:"max_connections"`

	// MaxConnectionsPerSource is the same for those from one address, or IPv6 network of 64 bits. When three quarters of max_connections are taken an address gets
	// more only while it has fewer than are free. 0 to 1000000; 0: half of max_connections. Counts after a restart. Default 0. Environment:
	// POSTTROLL_MAX_CONNECTIONS_PER_SOURCE.
	MaxConnectionsPerSource int `toml:"max_connections_per_source"`

	// MaxBytesInFlight bounds the replies of a port that wait for their clients to read them; what is over it is dropped, and its client gets no answer. One address,
	// or IPv6 network of 64 bits, may have half of it, and one client two replies beside the one that it is being sent. Replies of less than 512 bytes always have room, sixteen of one client. 1048576 to 1099511627776.
	// Counts after a restart. Default 268435456. Environment: POSTTROLL_MAX_BYTES_IN_FLIGHT.
	MaxBytesInFlight int `toml:"max_bytes_in_flight"`

	// Probe says which publishers are probed, by a TCP connection that is closed at once, when they have not announced themselves for a while:
	// "announcers" are those at the very address that announced them; "all" also those that are announced with another address than
	// they are heard from, as of hosts with several, where nobody forges announcements to make the nameserver knock at other doors;
	// "off": none. Host names and ports below 1024 are never probed. Default "announcers". Environment: POSTTROLL_PROBE.
	Probe string `toml:"probe"`

	// ProbeAfter is the silence after which a publisher is probed, longer for those that announce themselves more rarely than every 2 s. One that
	// refuses the connection, or does not answer twice where it did before and nobody else of its host is heard, is not found by lookups any
	// more; it is back with its next announcement. "1s" to "1h". Default "5s". Environment: POSTTROLL_PROBE_AFTER.
	ProbeAfter time.Duration `toml:"probe_after"`

	// ProbeGrace is the time from a probe that finds a publisher dead until the change feed says that it is gone, as withdraw_grace is for
	// those that say so themselves. "0s" to "1h". Default "5s". Environment: POSTTROLL_PROBE_GRACE.
	ProbeGrace time.Duration `toml:"probe_grace"`

	// ProbeRate is the number of probes a second, of all publishers together. 1 to 1000. Default 50. Environment: POSTTROLL_PROBE_RATE.
	ProbeRate int `toml:"probe_rate"`

	// ProbeRatePerHost is the same for the publishers of one host. 1 to 1000. Default 10. Environment: POSTTROLL_PROBE_RATE_PER_HOST.
	ProbeRatePerHost int `toml:"probe_rate_per_host"`

	// StateFile is a file in which what is listed outlives the nameserver: after a restart it is known at once, and marked in
	// lookups until it is announced again, for which it has max_age. The file is written when publishers come, change or go. "auto":
	// state.jsonl in the directory that systemd gives the unit of the package, /var/lib/posttroll-nameserver (STATE_DIRECTORY), and
	// none without one. "": none. Default "auto". Environment: POSTTROLL_STATE_FILE.
	StateFile string `toml:"state_file"`

	// ShowSecureEntries lets plain lookups and the plain change feed tell of publishers with backend "secure_zmq". Plain Python
	// subscribers of a service end when they hear of one. Default false. Environment: POSTTROLL_SHOW_SECURE_ENTRIES.
	ShowSecureEntries bool `toml:"show_secure_entries"`

	// FeedHeartbeat is the time between the heartbeats of the change feed, by which subscribers see that it lives. "1s" to "1h".
	// Default "29s", as of Python nameservers. Environment: POSTTROLL_FEED_HEARTBEAT.
	FeedHeartbeat time.Duration `toml:"feed_heartbeat"`

	// FeedAnnounceInterval is the time between announcements of the change feed, which is listed like any publisher; "0s": it is not
	// announced. At most half of max_age. Default "2s". Environment: POSTTROLL_FEED_ANNOUNCE_INTERVAL.
	FeedAnnounceInterval time.Duration `toml:"feed_announce_interval"`

	// FeedAddress is the host under which the change feed is announced: an IP address, a host name, or the name of a network interface
	// whose address it is then. Not used with restrict_to_localhost. Empty: the address that leads to the internet, else one of
	// this host. Default "". Environment: POSTTROLL_FEED_ADDRESS.
	FeedAddress string `toml:"feed_address"`

	// FeedNameservers are other nameservers that the change feed registers with directly, as HOST or HOST:PORT: encrypted where
	// announce_backend, or without it backend, is "secure_zmq". Default []. Environment: POSTTROLL_FEED_NAMESERVERS.
	FeedNameservers []string `toml:"feed_nameservers"`

	// NextLookupPort is the TCP port where encrypted lookups are answered with the next server key, so that clients can change to it one by
	// one. It is bound with next_server_secret_key_file alone. 0 to 65535; 0: any free port. Default 5559. Environment:
	// POSTTROLL_NEXT_LOOKUP_PORT.
	NextLookupPort int `toml:"next_lookup_port"`

	// NextFeedPort is the same for the change feed. Default 16545. Environment: POSTTROLL_NEXT_FEED_PORT.
	NextFeedPort int `toml:"next_feed_port"`

	// NextRegistrationPort is the same for publishers that register directly. Default 21202. Environment:
	// POSTTROLL_NEXT_REGISTRATION_PORT.
	NextRegistrationPort int `toml:"next_registration_port"`
}

// The ports of the secure backend that stand in the settings of all programs.
const (
	defaultSecureNameserverPort     = 5558
	defaultSecureAddressPublishPort = 16544
	defaultSecureBroadcastPort      = 21201
)

// StateAuto is a Config.StateFile that is still to be found. Who knows the service manager does so: it is none for the nameserver itself.
const StateAuto = "auto"

// statePath is where the state is kept; empty: nowhere.
func (c Config) statePath() string {
	if c.StateFile == StateAuto {
		return ""
	}
	return c.StateFile
}

// DefaultConfig returns the settings of a nameserver where nothing is set.
func DefaultConfig() Config {
	return Config{
		Backend:                   transport.Plain,
		NameserverPort:            discovery.DefaultNameserverPort,
		AddressPublishPort:        discovery.DefaultAddressPublishPort,
		BroadcastPort:             discovery.DefaultBroadcastPort,
		SecureNameserverPort:      defaultSecureNameserverPort,
		SecureAddressPublishPort:  defaultSecureAddressPublishPort,
		SecureBroadcastPort:       defaultSecureBroadcastPort,
		BindAddresses:             []string{"*"},
		Multicast:                 true,
		MaxAge:                    10 * time.Minute,
		WithdrawGrace:             30 * time.Second,
		MaxEntries:                100_000,
		MaxEntriesPerSource:       10_000,
		MaxRequestBytes:           16 << 10,
		MaxRequestsPerSource:      2000,
		MaxAnnouncementsPerSource: 20_000,
		MaxChangesPerSource:       200,
		MaxBytesInFlight:          256 << 20,
		Probe:                     ProbeAnnouncers,
		ProbeAfter:                5 * time.Second,
		ProbeGrace:                5 * time.Second,
		ProbeRate:                 50,
		ProbeRatePerHost:          10,
		StateFile:                 StateAuto,
		FeedHeartbeat:             29 * time.Second,
		FeedAnnounceInterval:      discovery.DefaultInterval,
		NextLookupPort:            5559,
		NextFeedPort:              16545,
		NextRegistrationPort:      21202,
	}
}
