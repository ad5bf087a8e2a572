package pubsub

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

// PublisherOptions say what a publisher is called, where it binds and who is told of it. Python posttroll's Publisher is one with Announce:
// [AnnounceNone], its NoisyPublisher one without.
type PublisherOptions struct {
	// Name is the service that subscribers look for. Required to announce; it must not be empty or hold white space, since it stands
	// in subjects: /address/<name>, /heartbeat/<name>.
	Name string
	// Address to bind, as tcp://*:9010 or ipc:///run/x. Default: Port on all interfaces.
	Address string
	// Port to bind. Default 0: a free one in [MinPort, MaxPort). It must not be set together with an Address.
	Port int
	// MinPort and MaxPort bound the choice. Default: those of the settings.
	MinPort, MaxPort int

	// Aliases are more names under which the publisher is found. Unlike Name they may hold blanks.
	Aliases []string
	// Relaying is what a relay tells of itself. The zero value is nothing. [Publisher.Reannounce] changes it, and the aliases.
	Relaying discovery.Relaying
	// BroadcastInterval is the time between announcements. Default 2 s; negative: never.
	BroadcastInterval time.Duration
	// AnnounceHold is how long the first announcement waits for [Publisher.Reannounce]. Default 0: it does not wait.
	AnnounceHold time.Duration
	// Nameservers are registered with, each on its own: host, host:port, or any ZeroMQ endpoint.
	Nameservers []string
	// Announce says who is told of the publisher. Default: the nameservers if there are any, else the multicast group.
	Announce AnnounceMode
	// Advertise is the host to announce: a name, an address, or a network interface. Default: the host in Address
	// unless that is a wildcard, else the address from which this host reaches others (doc/protocol.md, section 3).
	Advertise string

	// Backend says whether the socket is plain or encrypted. Default: that of the settings. An inproc address is never encrypted.
	Backend transport.Backend
	// ServerSecretKeyFile holds a key pair of this publisher's own (NAME.key_secret), so that not all of a host share one. Default: that of
	// [Options.Security]. Not used where the backend is plain.
	ServerSecretKeyFile string
	// NextServerSecretKeyFile holds the pair that is to follow it: while it is set, the publisher binds a second socket with that one, sends all messages
	// on both and announces both, so that subscribers can change over one by one. Default: where ServerSecretKeyFile is empty, that of
	// [Options.Security], and else none.
	NextServerSecretKeyFile string
	// NextPort is the port of the second socket, on the interfaces of the first. Default 0: a free one in [MinPort, MaxPort). Where Address is an
	// ipc path, the second one has ".next" at its end.
	NextPort int
	// Queue is the number of messages, whatever their size, held for a subscriber that can't keep up; more are lost for that one. Default 1000.
	Queue int
	// LastMessage, where set, keeps the last message of each subject for subscribers that have just come. Default nil: what was sent before a subscriber
	// came is lost for it. Not for inproc addresses.
	LastMessage *LastMessage
	// Replay, where set, gives the last messages, of all subjects, to subscribers that come to a port of its own. Default nil. Not for inproc addresses.
	Replay *Replay
	// Early binds an address that this host does not have yet, as at its start. A warning in the log tells of it. False: that is an error.
	Early bool
	// Lax lets messages pass that would end a Python subscriber (see [message.Message.CheckStrict]).
	Lax bool
}

// AnnounceMode says who is told of a publisher.
type AnnounceMode int

// The modes of announcing.
const (
	AnnounceAuto AnnounceMode = iota // the nameservers that are given, else multicast
	AnnounceBoth                     // multicast and the nameservers that are given
	AnnounceNone                     // nobody: subscribers have to know the address
)

// Publisher sends messages to all that subscribed to them, and tells of itself until it is closed.
type Publisher struct {
	name    string
	backend transport.Backend
	socket  transport.Publisher
	encoder message.Encoder
	lax     bool
	log     *zap.Logger

	next       transport.Publisher // the second one in socket, with the server key that is to follow; nil: there is none
	late       late                // what newcomers get
	announcing []*announcing       // of the sockets in their order; none: nobody is told
	beat       heartbeat

	closeOnce sync.Once
	closeErr  error
}

// Publisher binds a publisher and starts to announce it, unless o says that nobody is told. Errors name the endpoint and the
// cause.
func (n *Node) Publisher(o PublisherOptions) (*Publisher, error) {
	p, err := n.publisher(o.withDefaults(n.settings))
	if err != nil && o.Name == "" {
		return nil, fmt.Errorf("publisher: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("publisher %q: %w", o.Name, err)
	}
	p.log.Info("publisher started", zap.String("service", p.name), zap.Stringer("endpoint", p.Endpoint()), zap.String("uri", p.URI()),
		zap.String("backend", string(p.backend)))
	if next, ok := p.NextEndpoint(); ok {
		p.log.Info("publisher also serves the next server key", zap.String("service", p.name), zap.Stringer("endpoint", next), zap.String("uri", p.NextURI()))
	}
	p.logLate()
	if at := p.Endpoint(); o.Early && !isHere(at) {
		p.log.Warn("address is not there yet: nobody can connect before it is", zap.String("service", p.name), zap.Stringer("endpoint", at))
	}
	return p, nil
}

func (n *Node) publisher(o PublisherOptions) (*Publisher, error) {
	if err := errors.Join(n.checkRestricted(), o.check(n.settings)); err != nil {
		return nil, err
	}
	endpoint, err := transport.ParseEndpoint(o.Address)
	if err != nil {
		return nil, err
	}
	p := &Publisher{name: o.Name, backend: o.Backend, encoder: n.settings.encoder(), lax: o.Lax, log: n.log, late: newLate(o)}
	if err := n.start(p, o, endpoint); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	return p, nil
}

// start binds the sockets of p, and starts to tell of them.
func (n *Node) start(p *Publisher, o PublisherOptions, endpoint transport.Endpoint) error {
	server, err := n.server(o.Backend, endpoint, o.ServerSecretKeyFile)
	if err != nil {
		return err
	}
	first, err := n.bind(o, endpoint, server, p.late.welcome(true))
	if err != nil {
		return err
	}
	p.socket = first
	if err := n.bindReplay(&p.late, o, endpoint, server); err != nil {
		return err
	}
	next, nextServer, err := n.bindNext(o, endpoint, server, p.late.welcome(false))
	if err != nil {
		return err
	}
	if next != nil {
		p.socket, p.next = &pair{first, next}, next
	}
	if !o.announced() {
		return nil
	}
	told, err := n.announce(o, first.Endpoint(), server.Key.Public, nil)
	if err != nil {
		return fmt.Errorf("announce: %w", err)
	}
	p.announcing = append(p.announcing, told)
	if next == nil {
		return nil
	}
	told, err = n.announce(o, next.Endpoint(), nextServer.Key.Public, &sameAs{told.Announcement().URI, server.Key.Public})
	if err != nil {
		return fmt.Errorf("announce next server key: %w", err)
	}
	p.announcing = append(p.announcing, told)
	return nil
}

// isHere tells whether what e is bound at is there, as far as that can be told.
func isHere(e transport.Endpoint) bool {
	addr, err := netip.ParseAddr(e.Host())
	if err != nil || e.Scheme() != "tcp" || addr.IsUnspecified() || addr.IsLoopback() {
		return true
	}
	local, err := discovery.LocalAddresses()
	return err != nil || slices.Contains(local, addr.Unmap().WithZone(""))
}

// bind binds one socket of a publisher.
func (n *Node) bind(o PublisherOptions, endpoint transport.Endpoint, server transport.ServerSecurity, welcome *transport.Welcome) (transport.Publisher, error) {
	return n.transport.Publisher(transport.PublisherConfig{
		Endpoint:      endpoint,
		MinPort:       o.MinPort,
		MaxPort:       o.MaxPort,
		Early:         o.Early,
		Backend:       o.Backend,
		Security:      server,
		Welcome:       welcome,
		SocketOptions: n.socket(o.Queue),
	})
}

// withDefaults fills in what follows from the settings.
func (o PublisherOptions) withDefaults(s Settings) PublisherOptions {
	if o.MinPort == 0 {
		o.MinPort = s.MinPort
	}
	if o.MaxPort == 0 {
		o.MaxPort = s.MaxPort
	}
	if o.Backend == "" {
		o.Backend = s.Backend
	}
	if o.Address == "" && o.Port >= 0 && o.Port <= 65535 {
		o.Address = fmt.Sprintf("tcp://*:%d", o.Port)
		o.Port = 0
	}
	return o
}

// announced tells whether anybody is told of the publisher.
func (o PublisherOptions) announced() bool {
	return o.Announce != AnnounceNone && o.BroadcastInterval >= 0
}

// check reports what can be told before anything is bound.
func (o PublisherOptions) check(s Settings) error {
	if o.Port < 0 || o.Port > 65535 {
		return fmt.Errorf("%d is no port: want 0 to 65535", o.Port)
	}
	if o.NextPort < 0 || o.NextPort > 65535 {
		return fmt.Errorf("next port: %d is no port: want 0 to 65535", o.NextPort)
	}
	if o.Port != 0 {
		return fmt.Errorf("both an address (%s) and a port (%d)", o.Address, o.Port)
	}
	if err := checkPortRange(o.MinPort, o.MaxPort); err != nil {
		return err
	}
	if err := o.checkLate(); err != nil {
		return err
	}
	switch o.Announce {
	case AnnounceAuto, AnnounceBoth, AnnounceNone:
	default:
		return fmt.Errorf("unknown way of announcing: %d", o.Announce)
	}
	if o.Announce == AnnounceNone && len(o.Nameservers) > 0 {
		return fmt.Errorf("nobody is to be told, and yet there are nameservers: %q", o.Nameservers)
	}
	if o.Name == "" && o.announced() {
		return errors.New("a publisher that is announced needs a name")
	}
	if _, err := s.encoder().Encode(heartbeatFields(o.Name, 0)); err != nil {
		return fmt.Errorf("the name can't stand in a subject: %w", err)
	}
	return nil
}

// Name returns the name of the publisher.
func (p *Publisher) Name() string { return p.name }

// Endpoint returns what was bound, with the real port.
func (p *Publisher) Endpoint() transport.Endpoint { return p.socket.Endpoint() }

// Port returns the port that was bound, 0 when the endpoint is not TCP.
func (p *Publisher) Port() int { return p.socket.Endpoint().Port() }

// URI returns the address that is announced now, "" when nobody is told. It changes with the addresses of this host, unless the
// options name one.
func (p *Publisher) URI() string {
	return p.announced(0)
}

// NextEndpoint returns where a second socket is bound, with the server key that is to follow, and whether there is one.
func (p *Publisher) NextEndpoint() (transport.Endpoint, bool) {
	if p.next == nil {
		return transport.Endpoint{}, false
	}
	return p.next.Endpoint(), true
}

// NextURI returns the address of the second socket that is announced now, "" when nobody is told or there is none.
func (p *Publisher) NextURI() string { return p.announced(1) }

// announced returns the address that is announced of one of the sockets.
func (p *Publisher) announced(socket int) string {
	if socket >= len(p.announcing) {
		return ""
	}
	return p.announcing[socket].Announcement().URI
}

// Send sends m. It refuses what would end a Python subscriber, unless the publisher is lax. It does not wait for
// subscribers: a message for one whose queue is full is lost for that one, without an error; see Stats().Loss.
func (p *Publisher) Send(ctx context.Context, m *message.Message) error {
	if !p.lax {
		if err := m.CheckStrict(); err != nil {
			return fmt.Errorf("send %s: %w", m.Subject(), err)
		}
	}
	return p.send(ctx, m.Bytes())
}

// SendFrame sends a message that is already encoded, checked as by Send. The frame is the caller's again when it returns. A lax
// publisher sends anything, also what is no message.
func (p *Publisher) SendFrame(ctx context.Context, frame []byte) error {
	if p.lax {
		return p.send(ctx, frame)
	}
	m, err := message.Decode(frame)
	if err != nil {
		return fmt.Errorf("send: %w", err)
	}
	return p.Send(ctx, m)
}

// SendFrames sends messages that are already encoded, in their order and each as [Publisher.SendFrame] does. It returns how many were sent: all, or
// those before the one that the error is about. It costs less per message than sending them one by one.
func (p *Publisher) SendFrames(ctx context.Context, frames [][]byte) (sent int, err error) {
	if p.lax {
		return p.sendBatch(ctx, frames)
	}
	for i, frame := range frames {
		if err := p.SendFrame(ctx, frame); err != nil {
			return i, err
		}
	}
	return len(frames), nil
}

// SendText is SendFrame for text.
func (p *Publisher) SendText(ctx context.Context, text string) error {
	return p.SendFrame(ctx, []byte(text))
}

// Publish makes a message, in the version that the settings ask for, and sends it.
func (p *Publisher) Publish(ctx context.Context, subject, typ string, data any) error {
	m, err := p.encoder.Encode(message.Fields{Subject: subject, Type: typ, Data: data})
	if err != nil {
		return err
	}
	return p.Send(ctx, m)
}

// WaitSubscribed waits until at least n subscriptions cover subject, as it stands in the message to be sent: what is sent before is
// lost for those that come late. It returns the error of ctx when that ends first.
func (p *Publisher) WaitSubscribed(ctx context.Context, subject string, n int) error {
	return p.socket.WaitSubscribed(ctx, message.Magic+subject, n)
}

// Subscriptions returns the topics that subscribers asked for, sorted.
func (p *Publisher) Subscriptions() []transport.Subscription { return p.socket.Subscriptions() }

// Covers tells whether somebody has subscribed to what m is about. It costs little, and may be asked before each message.
func (p *Publisher) Covers(m *message.Message) bool { return p.socket.Covers(m.Bytes()) }

// NextSubscriptions waits until the topics that subscribers asked for are not known, which is what [Publisher.Subscriptions] or the call before
// returned, and returns them.
func (p *Publisher) NextSubscriptions(ctx context.Context, known []transport.Subscription) ([]transport.Subscription, error) {
	return p.socket.NextSubscriptions(ctx, known)
}

// Clients returns the subscribers that are connected now and have subscribed to something, sorted by the names of their keys and their addresses.
func (p *Publisher) Clients() []transport.Client { return p.socket.Clients() }

// Stats returns counters since the publisher was made, of those who connected and those who were refused among them.
func (p *Publisher) Stats() transport.PublisherStats { return p.socket.Stats() }

// Close withdraws the publisher from where it was announced, for which nameservers that answered last have three seconds and others one, sends what is queued
// for connected subscribers, for two seconds at most, and closes it. Further calls return what the first one did.
func (p *Publisher) Close() error {
	p.closeOnce.Do(func() {
		p.closeErr = p.stop()
		p.log.Info("publisher stopped", zap.String("service", p.name), zap.Stringer("endpoint", p.Endpoint()))
	})
	return p.closeErr
}

// stop ends what was started of p.
func (p *Publisher) stop() error {
	for _, told := range p.announcing {
		told.cancel() // all, before one is waited for
	}
	var errs []error
	for _, told := range p.announcing {
		errs = append(errs, told.stop())
	}
	if p.socket != nil {
		errs = append(errs, p.socket.Close())
	}
	errs = append(errs, p.late.close())
	return errors.Join(errs...)
}
