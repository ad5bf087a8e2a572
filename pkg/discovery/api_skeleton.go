package discovery

import (
	"context"
	"net/netip"
	"time"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

// DatagramSender sends announcements to a group; *multicast.Sender is one, *inmem.Group another.
type DatagramSender interface {
	Send(ctx context.Context, datagram []byte) error
}

// AnnouncerConfig configures an [Announcer].
type AnnouncerConfig struct {
	Announcement Announcement
	// Interval between announcements. Default 2 s; negative: never announce.
	Interval time.Duration
	// Group is announced to when set.
	Group DatagramSender
	// Nameservers are registered with, each on its own, over Transport.
	Nameservers []transport.Address
	Transport   transport.Transport
	Options     transport.SocketOptions
	Encoder     message.Encoder
	Logger      *zap.Logger
}

// Announcer announces a publisher until it is stopped, and then withdraws it.
type Announcer struct{}

// NewAnnouncer checks cfg: an announcement that does not fit a datagram is refused here.
func NewAnnouncer(cfg AnnouncerConfig) (*Announcer, error) { panic("discovery: skeleton") }

// Run announces until ctx ends, then withdraws, and returns nil.
func (a *Announcer) Run(ctx context.Context) error { panic("discovery: skeleton") }

// LookupConfig says whom to ask.
type LookupConfig struct {
	Transport   transport.Transport
	Nameservers []transport.Address // all are asked at once, the answers united by URI
	// Timeout ends a lookup. Default 10 s. It is asked again every Timeout/20.
	Timeout time.Duration
	Options transport.SocketOptions
	Encoder message.Encoder
	Logger  *zap.Logger
}

// Entry is a publisher as a nameserver lists it.
type Entry struct {
	Announcement
	Received message.Time // when the nameserver last heard of it
}

// ErrNoNameserver says that no nameserver answered in time.
var ErrNoNameserver error

// Lookup asks for the publishers of service ("" for all) until a nameserver names one or the timeout is
// over: then it returns none and no error when a nameserver answered, else ErrNoNameserver.
func Lookup(ctx context.Context, cfg LookupConfig, service string) ([]Entry, error) {
	panic("discovery: skeleton")
}

// LookupOnce asks once and returns what the nameservers list now, also when that is nothing.
func LookupOnce(ctx context.Context, cfg LookupConfig, service string) ([]Entry, error) {
	panic("discovery: skeleton")
}

// Change is a publisher that came or went.
type Change struct {
	Added bool  // else removed
	Entry Entry // on removal, at least URI
}

// FollowerConfig configures a [Follower].
type FollowerConfig struct {
	LookupConfig
	// Services of interest; "" among them: all. None: nothing is followed.
	Services []string
	// Feeds are the change feeds of the nameservers. None: lookups alone, repeated until each service has been found once.
	Feeds []transport.Address
	// Refresh is how often nameservers are asked again besides. Default 5 min.
	Refresh time.Duration
}

// Follower keeps track of the publishers of services: it asks the nameservers, follows their change feeds, asks again when a feed
// comes back, and tells what came and went. It works without any nameserver and finds publishers when one comes.
type Follower struct{}

// NewFollower checks cfg.
func NewFollower(cfg FollowerConfig) (*Follower, error) { panic("discovery: skeleton") }

// Run follows until ctx ends and calls changed, from one goroutine, for each change.
func (f *Follower) Run(ctx context.Context, changed func(Change)) error {
	panic("discovery: skeleton")
}

// OwnAddress returns the address to announce: of want, when that is a host, an address or the name of an interface; else by the rule in
// doc/protocol.md, section 3.
func OwnAddress(want string) (string, error) { panic("discovery: skeleton") }

// LocalAddresses are this host's.
func LocalAddresses() ([]netip.Addr, error) { panic("discovery: skeleton") }
