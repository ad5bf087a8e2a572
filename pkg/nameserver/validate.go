package nameserver

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

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
	var v validation
	v.backend("backend", c.Backend)
	if c.AnnounceBackend != "" {
		v.backend("announce_backend", c.AnnounceBackend)
	}
	v.portNumbers(c)
	v.distinct(ports(c, nil))
	v.version(c.MessageVersion)
	v.bindAddresses(c)
	v.duration("max_age", c.MaxAge, minMaxAge, 365*24*time.Hour)
	v.duration("withdraw_grace", c.WithdrawGrace, 0, time.Hour)
	v.between("max_entries", c.MaxEntries, 1, maxEntries)
	v.between("max_entries_per_source", c.MaxEntriesPerSource, 1, maxEntries)
	v.between("max_request_bytes", c.MaxRequestBytes, minRequestBytes, maxRequestBytes)
	v.between("max_requests_per_source", c.MaxRequestsPerSource, 0, maxRate)
	v.between("max_announcements_per_source", c.MaxAnnouncementsPerSource, 0, maxRate)
	v.between("max_changes_per_source", c.MaxChangesPerSource, 0, maxRate)
	v.connections(c)
	v.between("max_bytes_in_flight", c.MaxBytesInFlight, minBytesInFlight, maxBytesInFlight)
	v.probes(c)
	v.duration("feed_heartbeat", c.FeedHeartbeat, time.Second, time.Hour)
	v.duration("feed_announce_interval", c.FeedAnnounceInterval, 0, time.Hour)
	v.feedOutlivesInterval(c)
	for i, s := range c.FeedNameservers {
		if _, err := c.feedNameserver(s); err != nil {
			v.add(fmt.Sprintf("feed_nameservers[%d]", i+1), err.Error(), "give HOST or HOST:PORT")
		}
	}
	return errors.Join(v.problems...)
}

// feedOutlivesInterval wants the change feed to stay listed from one announcement to the next. Of the two settings, the one that is not the default is to blame.
func (v *validation) feedOutlivesInterval(c Config) {
	const hint = "max_age is at least twice the interval of every publisher"
	switch {
	case c.MaxAge < minMaxAge || 2*c.FeedAnnounceInterval <= c.MaxAge: // what is out of range is told
	case c.FeedAnnounceInterval == DefaultConfig().FeedAnnounceInterval:
		v.add("max_age", fmt.Sprintf("%s is less than twice feed_announce_interval, %s: the change feed would expire between announcements",
			c.MaxAge, c.FeedAnnounceInterval), hint)
	default:
		v.add("feed_announce_interval", fmt.Sprintf("%s is more than half of max_age, %s: the change feed would expire between announcements",
			c.FeedAnnounceInterval, c.MaxAge), hint)
	}
}

// Bounds of settings.
const (
	minMaxAge       = time.Second
	maxEntries      = 10_000_000
	minRequestBytes = 1024     // the longest datagram of a publisher
	maxRequestBytes = 32 << 10 // what the sockets take in: eight such requests of each connection may wait
	maxProbeRate    = 1000
	maxRate         = 1_000_000
	maxConnections  = 1_000_000

	minBytesInFlight = 1 << 20
	maxBytesInFlight = 1 << 40
)

// connections wants no more of them for one address than for all.
func (v *validation) connections(c Config) {
	v.between("max_connections", c.MaxConnections, 0, maxConnections)
	v.between("max_connections_per_source", c.MaxConnectionsPerSource, 0, maxConnections)
	if most, source := c.MaxConnections, c.MaxConnectionsPerSource; most > 0 && source > most && source <= maxConnections {
		v.add("max_connections_per_source", fmt.Sprintf("%d is more than max_connections, %d", source, most), "")
	}
}

// validation collects problems.
type validation struct{ problems []error }

func (v *validation) add(key, text, hint string) {
	v.problems = append(v.problems, &SettingError{Key: key, Text: text, Hint: hint})
}

func (v *validation) between(key string, value, low, high int) {
	if value < low || value > high {
		v.add(key, fmt.Sprintf("%d is out of range, want %d to %d", value, low, high), "")
	}
}

func (v *validation) duration(key string, value, low, high time.Duration) {
	if value < low || value > high {
		v.add(key, fmt.Sprintf("%s is out of range, want %s to %s", value, low, high), "")
	}
}

func (v *validation) probes(c Config) {
	if !slices.Contains([]string{ProbeAnnouncers, ProbeAll, ProbeOff}, c.Probe) {
		v.add("probe", fmt.Sprintf("%q is unknown, want %q, %q or %q", c.Probe, ProbeAnnouncers, ProbeAll, ProbeOff), "")
	}
	v.duration("probe_after", c.ProbeAfter, time.Second, time.Hour)
	v.duration("probe_grace", c.ProbeGrace, 0, time.Hour)
	v.between("probe_rate", c.ProbeRate, 1, maxProbeRate)
	v.between("probe_rate_per_host", c.ProbeRatePerHost, 1, maxProbeRate)
}

// ValidateKeys returns what is wrong with c in a nameserver with the keys of sec, as [Config.Validate] does: whether they are those that it
// needs, and whether no two of the ports that it binds with them are the same.
func (c Config) ValidateKeys(sec *security.Security) error {
	var v validation
	if c.Backend == transport.Secure && !complete(sec.Server(transport.Secure)) {
		v.add("backend", fmt.Sprintf("%q without the keys for it", string(c.Backend)),
			"set server_secret_key_file and clients_public_keys_directory; ptkeys makes the files")
	}
	v.distinct(ports(c, sec))
	v.feedKeys(c, sec)
	return errors.Join(v.problems...)
}

// feedKeys wants the keys for telling other nameservers of the change feed.
func (v *validation) feedKeys(c Config, sec *security.Security) {
	if c.announceBackend() != transport.Secure || len(c.FeedNameservers) == 0 {
		return
	}
	if sec.Options(transport.SocketOptions{}).ClientKey.Public.IsZero() {
		v.add("feed_nameservers", "are told encrypted, and there is no key for it", "set client_secret_key_file, or announce_backend to "+string(transport.Plain))
	}
	for _, s := range c.FeedNameservers {
		a, err := c.feedNameserver(s)
		if err != nil {
			continue // Validate tells
		}
		if sec.Address(a).ServerKeys.Len() == 0 {
			v.add("feed_nameservers", fmt.Sprintf("no public key of %s is known", a.Endpoint), "set server_public_key_file, or name it in server_public_keys")
		}
	}
}

func (v *validation) backend(key string, b transport.Backend) {
	if _, err := transport.ParseBackend(string(b)); err != nil {
		v.add(key, err.Error(), "")
	}
}

func (v *validation) portNumbers(c Config) {
	for _, p := range []struct {
		key    string
		number int
	}{
		{"nameserver_port", c.NameserverPort},
		{"address_publish_port", c.AddressPublishPort},
		{"broadcast_port", c.BroadcastPort},
		{"secure_zmq_nameserver_port", c.SecureNameserverPort},
		{"secure_address_publish_port", c.SecureAddressPublishPort},
		{"secure_broadcast_port", c.SecureBroadcastPort},
		{"next_lookup_port", c.NextLookupPort},
		{"next_feed_port", c.NextFeedPort},
		{"next_registration_port", c.NextRegistrationPort},
	} {
		v.between(p.key, p.number, 0, 65535)
	}
}

// distinct refuses one number for two ports that are bound.
func (v *validation) distinct(all []port) {
	seen := map[int]string{}
	for _, p := range all {
		if other, ok := seen[p.number]; ok && p.number != 0 {
			v.add(p.key, fmt.Sprintf("%d is the port of %s too", p.number, other), "each needs a port of its own")
		}
		seen[p.number] = p.key
	}
}

func (v *validation) version(version message.Version) {
	switch version {
	case "", message.V101, message.V12:
	default:
		v.add("message_version", fmt.Sprintf("%q is unknown, want %s or %s", version, message.V101, message.V12), "")
	}
}

func (v *validation) bindAddresses(c Config) {
	if len(c.BindAddresses) == 0 {
		v.add("bind_addresses", "is empty", `["*"] is every IPv4 address of the host`)
	}
	for i, host := range c.BindAddresses {
		key := fmt.Sprintf("bind_addresses[%d]", i+1)
		if ep, err := bindEndpoint(host, 0); err != nil {
			v.add(key, fmt.Sprintf("want an IP address, the name of a network interface, or \"*\", got %q", host), "")
		} else if ep.OfNoHost() {
			v.add(key, fmt.Sprintf("want an address of this host, got the multicast or broadcast address %q", host), "")
		}
	}
}

// bindEndpoint is where a port is bound for an entry of bind_addresses.
func bindEndpoint(host string, port int) (transport.Endpoint, error) {
	return transport.ParseEndpoint("tcp://" + joinHostPort(host, port))
}
