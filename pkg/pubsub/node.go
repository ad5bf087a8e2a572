package pubsub

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

// ErrClosed is returned by the methods of what is closed.
var ErrClosed = transport.ErrClosed

// Options are what a [Node] is made of.
type Options struct {
	// Transport carries the bytes: package transport/zmq in programs, package transport/inmem in tests. Required; whoever
	// made it closes it, after everything that was made from the node.
	Transport transport.Transport
	// Settings of the program. The zero value are the defaults.
	Settings Settings
	// Security has the keys, and says who may connect to publishers. Nil: no keys, and everybody may. Whoever opened it closes it, after
	// everything that was made from the node.
	Security *security.Security
	// Group takes announcements by multicast. Default: a multicast sender as the settings say.
	Group discovery.DatagramSender
	// Logger is told what comes and goes. Default: nobody is.
	Logger *zap.Logger
}

// Node makes publishers, subscribers and listeners that share a transport, settings and a logger. It starts nothing itself, and
// needs no closing. A program has one; several with different settings are independent of each other.
type Node struct {
	transport transport.Transport
	settings  Settings
	security  *security.Security       // nil: no keys
	group     discovery.DatagramSender // nil: multicast
	logger    *zap.Logger              // for the packages below
	log       *zap.Logger              // for this one
}

// New makes a node. It is an error when the transport is missing or a setting can't be used.
func New(o Options) (*Node, error) {
	if o.Transport == nil {
		return nil, errors.New("pubsub: Options.Transport is missing")
	}
	if err := o.Settings.Validate(); err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	log := o.Logger
	if log == nil {
		log = zap.NewNop()
	}
	return &Node{
		transport: o.Transport,
		settings:  o.Settings.withDefaults(),
		security:  o.Security,
		group:     o.Group,
		logger:    log,
		log:       log.Named("pubsub"),
	}, nil
}

// Settings returns the settings of the node, its defaults filled in.
func (n *Node) Settings() Settings { return n.settings }

// With makes a node that differs in its settings only. What the first node has made keeps the settings it was made with.
func (n *Node) With(s Settings) (*Node, error) {
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	other := *n
	other.settings = s.withDefaults()
	return &other, nil
}

// NewMessage makes a message as [message.New] does, in the version that the settings ask for.
func (n *Node) NewMessage(subject, typ string, data any) (*message.Message, error) {
	return n.settings.encoder().Encode(message.Fields{Subject: subject, Type: typ, Data: data})
}

// Lookup asks nameservers (default: localhost) for the publishers of service, "" for all. It returns when one names a publisher, or when the
// timeout (10 s, or that of ctx if that is shorter) is over: with none and no error when a nameserver answered, else with
// [discovery.ErrNoNameserver].
func (n *Node) Lookup(ctx context.Context, service string, nameservers ...string) ([]discovery.Entry, error) {
	cfg, err := n.lookup(nameservers)
	if err != nil {
		return nil, err
	}
	return discovery.Lookup(ctx, cfg, service)
}

// lookup returns how nameservers are asked.
func (n *Node) lookup(nameservers []string) (discovery.LookupConfig, error) {
	addrs, err := n.nameservers(nameservers, n.settings.lookupPort(), n.settings.Backend)
	if err != nil {
		return discovery.LookupConfig{}, err
	}
	return discovery.LookupConfig{
		Transport:   n.transport,
		Nameservers: addrs,
		Options:     n.socket(0),
		Encoder:     n.settings.encoder(),
		Logger:      n.logger,
	}, nil
}

// defaultNameservers are asked when none is named.
var defaultNameservers = []string{"localhost"}

// nameservers reads nameservers as operators write them; none means localhost.
func (n *Node) nameservers(hosts []string, port int, backend transport.Backend) ([]transport.Address, error) {
	if len(hosts) == 0 {
		hosts = defaultNameservers
	}
	var addrs []transport.Address
	for _, host := range hosts {
		addr, err := discovery.NameserverAddress(host, port)
		if err != nil {
			return nil, fmt.Errorf("nameserver %.100q: %w", host, err)
		}
		addr.Backend = backend
		addr = n.security.Address(addr)
		if err := n.checkClientKeys(addr); err != nil {
			return nil, fmt.Errorf("nameserver %.100q: %w", host, err)
		}
		if !slices.Contains(addrs, addr) {
			addrs = append(addrs, addr)
		}
	}
	return addrs, nil
}

// feeds returns the change feeds of nameservers: on the same hosts, other ports. That of a secure subscriber is on one of two: a nameserver that serves
// plain and secure peers has it beside the plain one. A nameserver that is reached otherwise than by TCP has none that could be told from
// its address.
func (n *Node) feeds(nameservers []transport.Address) []transport.Address {
	ports := []int{n.settings.AddressPublishPort}
	if n.settings.Backend == transport.Secure {
		ports = append(ports, n.settings.SecureAddressPublishPort)
	}
	var feeds []transport.Address
	for _, addr := range nameservers {
		if addr.Endpoint.Scheme() != "tcp" {
			continue
		}
		for _, port := range ports {
			addr.Endpoint = addr.Endpoint.WithPort(port)
			if !slices.Contains(feeds, addr) {
				feeds = append(feeds, addr)
			}
		}
	}
	return feeds
}

// List asks nameservers (default: localhost) once for the publishers of service, "" for all, and returns what they list now, also when that
// is nothing. It is an error, [discovery.ErrNoNameserver], when none answers within 10 s or the time of ctx.
func (n *Node) List(ctx context.Context, service string, nameservers ...string) ([]discovery.Entry, error) {
	cfg, err := n.lookup(nameservers)
	if err != nil {
		return nil, err
	}
	return discovery.LookupOnce(ctx, cfg, service)
}
