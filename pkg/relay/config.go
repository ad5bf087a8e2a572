package relay

import (
	"time"

	"github.com/pytroll/posttroll-go/pkg/dedup"
	"github.com/pytroll/posttroll-go/pkg/relay/step"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Config configures a [Relay]. The zero value is not usable; start from [DefaultConfig].
type Config struct {
	// LoopWindow is how long a route remembers what it has carried, so that what comes back in a circle is dropped. Longer than a message takes round the
	// longest circle; a message that is sent again on purpose, with the same time, sender, type and data, is held for one that
	// came back within it. "1s" to "24h". Default "1m". Environment: POSTTROLL_LOOP_WINDOW.
	LoopWindow time.Duration `toml:"loop_window"`

	// LoopEntries is the number of messages that a route remembers for that at most, each at 50 to 100 bytes; beyond it the
	// oldest are forgotten early. 1000 to 50000000. Default 500000. Environment: POSTTROLL_LOOP_ENTRIES.
	LoopEntries int `toml:"loop_entries"`

	// StopLimit is how long the messages that have been received may take to leave when the relay stops; then the sinks have two seconds for
	// slow subscribers. "0s" to "1m". Default "3s". Environment: POSTTROLL_STOP_LIMIT.
	StopLimit time.Duration `toml:"stop_limit"`

	// SubjectDepth is the number of words of a subject by which is told over HTTP when a message came last: with 2 all of "/viirs/sdr/1B" and
	// "/viirs/sdr/2" are "/viirs/sdr". There are 200 of them at most; what finds no room is "other". 0 to 16; 0: nothing is told. Default 3. Environment:
	// POSTTROLL_SUBJECT_DEPTH.
	SubjectDepth int `toml:"subject_depth"`

	// MaxConnections is the number of connections that all sinks have together; further ones are closed as soon as they are there. 0 to 1000000; 0: 7/8 of the
	// files that the process may have open, 16384 at most. Counts after a restart. Default 0. Environment: POSTTROLL_MAX_CONNECTIONS.
	MaxConnections int `toml:"max_connections"`

	// MaxConnectionsPerSource is the same for those from one address, or IPv6 network of 64 bits. When three quarters of max_connections are taken an address gets
	// more only while it has fewer than are free. 0 to 1000000; 0: half of max_connections. Counts after a restart. Default 0. Environment:
	// POSTTROLL_MAX_CONNECTIONS_PER_SOURCE.
	MaxConnectionsPerSource int `toml:"max_connections_per_source"`

	// Routes are the routes, [[route]] in a file. Default [].
	Routes []Route `toml:"route"`
}

// Route is one way through the relay.
type Route struct {
	// Name of the route, in logs, counters and commands. Required; each once. Default "".
	Name string `toml:"name"`
	// Paused routes carry nothing until they are resumed; their sinks stay bound. Default false.
	Paused bool `toml:"paused"`
	// OnDemand subscribes only to what subscribers of the sink have asked for, as long as they do. The first messages after a subscriber has come
	// are missed, until the publishers know. Default false.
	OnDemand bool `toml:"on_demand"`
	// Lax lets pass what would end a Python subscriber. A frame that is no message at all passes a lax route only when that has no
	// steps. Default false.
	Lax bool `toml:"lax"`
	// Loops says what is done with messages that come back: "stop" them, or let them "pass". Default "": "stop".
	Loops string `toml:"loops"`
	// LoopGroup is a name that several routes have in common which share their memory: what one has carried no other carries back. For the two
	// directions between two networks. Default "": the route remembers for itself.
	LoopGroup string `toml:"loop_group"`
	// Source is where messages come from.
	Source SourceConfig `toml:"source"`
	// Duplicates drops messages that have come already, by what it says. Default: they pass.
	Duplicates *dedup.Config `toml:"duplicates"`
	// Steps are what is done with messages, in this order. Default []: they go out as they came in.
	Steps []step.Config `toml:"step"`
	// Sink is where messages go to.
	Sink SinkConfig `toml:"sink"`
}

// The values of [Route].Loops.
const (
	LoopsStop = "stop"
	LoopsPass = "pass"
)

// SourceConfig says where a route takes messages from: publishers that are found by name, addresses, or both.
type SourceConfig struct {
	// SameAs is the name of the route whose source this is too; nothing else but Topics may be set then. Default "".
	SameAs string `toml:"same_as"`
	// Services are looked up by name or alias; "" among them: all there are. Default [].
	Services []string `toml:"services"`
	// Nameservers know the services: host, host:port or any ZeroMQ endpoint. Default []: localhost.
	Nameservers []string `toml:"nameservers"`
	// Addresses are connected to whatever nameservers tell, as tcp://host:port. Default [].
	Addresses []string `toml:"addresses"`
	// Topics are the beginnings of subjects that are subscribed to. Default []: every subject.
	Topics []string `toml:"topics"`
	// Translate replaces the host of the sender by that of the address at which the publisher was reached. Default false.
	Translate bool `toml:"translate"`
	// Queue is the number of messages held for one publisher, beside 256 MiB of all, when they come faster than they leave; then the queue of the publisher fills. Default 0: 500.
	Queue int `toml:"queue"`

	// SilenceFactor is by how much a publisher may exceed the interval that its heartbeats announce: when nothing at all has come from it for that interval times
	// this, and for 5 s at least, the connection is taken for dead and made anew. Publishers that send no heartbeats are left alone. 1 to 1000; 0: all are. Default 3.
	SilenceFactor *float64 `toml:"silence_factor"`

	// Backend is how nameservers are asked, and how publishers speak that do not tell: "unsecure_zmq" or "secure_zmq". Default "": that of the
	// settings.
	Backend transport.Backend `toml:"backend"`
	// ClientSecretKeyFile holds the pair that is shown to secure publishers. Default "": that of the settings.
	ClientSecretKeyFile string `toml:"client_secret_key_file"`
	// ServerPublicKeyFile holds the public key of the servers that ServerPublicKeys does not name. When either of the two is set, both are those of
	// the route. Default "": as in the settings.
	ServerPublicKeyFile string `toml:"server_public_key_file"`
	// ServerPublicKeys are those of servers with keys of their own, as WHO=FILE. Default [].
	ServerPublicKeys []string `toml:"server_public_keys"`
}

// silenceFactor is SilenceFactor, or its default.
func (cfg SourceConfig) silenceFactor() float64 {
	if cfg.SilenceFactor == nil {
		return DefaultSilenceFactor
	}
	return *cfg.SilenceFactor
}

// SinkConfig says where a route publishes.
type SinkConfig struct {
	// SameAs is the name of the route whose sink this is too; nothing else may be set then. Default "".
	SameAs string `toml:"same_as"`
	// Name is the service that subscribers look for. Default "": the name of the route.
	Name string `toml:"name"`
	// Aliases are more names under which it is found. Default [].
	Aliases []string `toml:"aliases"`
	// Port to bind on all interfaces. Default 0: a free one from MinPort up to, but not including, MaxPort.
	Port int `toml:"port"`
	// Address to bind instead of Port, as tcp://10.0.0.1:9100 or ipc:///run/x. It need not be there yet, as at the start of a host. Default "".
	Address string `toml:"address"`
	// MinPort is the lowest free port that is taken. Default 0: pub_min_port of the settings.
	MinPort int `toml:"min_port"`
	// MaxPort is the one above the highest. Default 0: pub_max_port of the settings.
	MaxPort int `toml:"max_port"`
	// Announce says who is told of the sink: "auto", the nameservers that are given or else the multicast group; "both" of these; or "none". Default "": "auto".
	Announce string `toml:"announce"`
	// Nameservers are told directly. Default [].
	Nameservers []string `toml:"nameservers"`
	// AnnounceServices announces the sink also under all names of the publishers that its routes have found by name, so that who looks for one of them
	// finds the relay. Names that don't fit one announcement (1024 bytes) go on further ports, each with the messages of the publishers that have them: who
	// is given the address of the first port alone then misses what goes out on the others. Default false.
	AnnounceServices bool `toml:"announce_services"`
	// MaxPorts is the number of ports that AnnounceServices may take: those from Port on, or as many free ones. Names beyond that are left out. 1 to
	// 64. Default 0: 16.
	MaxPorts int `toml:"max_ports"`
	// Advertise is the host to announce: a name, an address, or a network interface. Default "": the address that is bound, or that leads to the internet.
	Advertise string `toml:"advertise"`
	// BroadcastInterval is the time between announcements. Default "0s": 2s.
	BroadcastInterval time.Duration `toml:"broadcast_interval"`
	// Heartbeat is the time between the sink's own heartbeats, which then replace those that come in. At least "1s". Default "0s": those
	// that come in are passed on.
	Heartbeat time.Duration `toml:"heartbeat"`
	// Queue is the number of messages, whatever their size, held for a subscriber that can't keep up; more are lost for that one. Default 0: 1000.
	Queue int `toml:"queue"`

	// LastMessage gives the last message of each subject to subscribers that have just come: each of their topics gets one, the newest that it
	// covers, to that subscriber alone. Heartbeats are not kept. Default false.
	LastMessage bool `toml:"last_message"`
	// LastMessageAge is how long a message is given to them after it was sent. Default "0s": as long as it is kept.
	LastMessageAge time.Duration `toml:"last_message_age"`
	// LastMessageSubjects is the number of subjects whose last message is kept. 1 to 1000000. Default 0: 10000.
	LastMessageSubjects int `toml:"last_message_subjects"`
	// LastMessageBytes bounds the messages that are kept for that, all together. Default 0: 67108864.
	LastMessageBytes int64 `toml:"last_message_bytes"`
	// ReplayPort is a port of its own where each subscriber gets the last messages of the sink that its topics cover, by itself, and nothing else. It is not
	// announced: subscribers are given its address. It needs a sink on TCP, without announce_services. Default 0: there is none.
	ReplayPort int `toml:"replay_port"`
	// ReplayMessages is the number of messages that are kept for it. 1 to 100000. Default 0: 1000.
	ReplayMessages int `toml:"replay_messages"`
	// ReplayTime is how long they are kept. Default "0s": as long as there is room.
	ReplayTime time.Duration `toml:"replay_time"`
	// ReplayBytes bounds them all together. Default 0: 67108864.
	ReplayBytes int64 `toml:"replay_bytes"`

	// Backend is how the sink speaks: "unsecure_zmq" or "secure_zmq". Default "": that of the settings.
	Backend transport.Backend `toml:"backend"`
	// ServerSecretKeyFile holds the pair of the sink. Default "": that of the settings.
	ServerSecretKeyFile string `toml:"server_secret_key_file"`
	// NextServerSecretKeyFile holds the pair that is to follow it, served beside it on NextPort. Default "": that of the settings,
	// where ServerSecretKeyFile is.
	NextServerSecretKeyFile string `toml:"next_server_secret_key_file"`
	// NextPort is the port of the second socket. Default 0: a free one.
	NextPort int `toml:"next_port"`
	// ClientsPublicKeysDirectory holds NAME.key for each client that may connect. Default "": that of the settings.
	ClientsPublicKeysDirectory string `toml:"clients_public_keys_directory"`
	// AuthorizedClientAddresses are the hosts that may connect. Default []: those of the settings.
	AuthorizedClientAddresses []string `toml:"authorized_client_addresses"`
}

// Defaults of a [Config].
const (
	DefaultLoopWindow  = time.Minute
	DefaultLoopEntries = 500_000
	DefaultStopLimit   = 3 * time.Second
	// DefaultSubjectDepth is that of [Config].SubjectDepth.
	DefaultSubjectDepth = 3

	DefaultSilenceFactor = 3
	// DefaultMaxPorts is that of [SinkConfig].MaxPorts.
	DefaultMaxPorts = 16
)

// DefaultConfig returns the settings of a relay without routes.
func DefaultConfig() Config {
	return Config{LoopWindow: DefaultLoopWindow, LoopEntries: DefaultLoopEntries, StopLimit: DefaultStopLimit, SubjectDepth: DefaultSubjectDepth}
}
