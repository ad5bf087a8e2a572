package nameserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/registry"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// DatagramReceiver receives announcements from a group; *multicast.Receiver is one, *inmem.Group another. Receive waits
// until ctx ends; any other error is final.
type DatagramReceiver interface {
	Receive(ctx context.Context) ([]byte, netip.AddrPort, error)
}

// Options are what a [Nameserver] works with. The caller closes it all after Run has returned.
type Options struct {
	// Transport makes the TCP sockets. Publishers are probed (Config.Probe) where it is a [transport.Prober].
	Transport transport.Transport
	// Security has the server's keys, and says who may connect. Nil: no keys, and everybody may. The caller closes it after Close.
	Security *security.Security
	// Receiver and Sender reach the multicast group. Needed when Config.Multicast is set, and not used otherwise.
	Receiver DatagramReceiver
	Sender   discovery.DatagramSender
	// Listeners are TCP sockets that listen already, for a transport that can use them. There have to be one for each port and address of Config then, and no
	// others. The caller closes their files after Listen. Empty: Listen binds all ports.
	Listeners []Listener
	// Waiting is called while Listen waits for an address that the host does not have yet, every two seconds. It must not block. Nil: nobody is told.
	Waiting func(transport.Endpoint)
	// LocalAddresses lists this host's addresses, for Config.RestrictToLocalhost. Default [discovery.LocalAddresses].
	LocalAddresses func() ([]netip.Addr, error)
	// Logger is told what changes. Nil: nobody is.
	Logger *zap.Logger
}

// Hooks are told how a running nameserver is. Each may be nil, and must not block.
type Hooks struct {
	// Ready is called once, when everything is bound and whatever comes is taken. It is answered when the state of the last run is listed, some 10 µs for each
	// of its publishers later, so that no answer lacks any.
	Ready func()
	// Beat is called at least every BeatInterval for as long as all loops go round. BeatInterval 0: never, and idle loops sleep.
	Beat         func()
	BeatInterval time.Duration
	// Status is given one readable line when the number of publishers has changed, and now and then.
	Status func(line string)
	// Change is told what becomes of publishers, in order. Called by one goroutine.
	Change func(Change)
}

// Nameserver answers lookups, takes announcements and publishes changes.
type Nameserver struct {
	cfg   atomic.Pointer[Config] // replaced by Reload
	shown atomic.Bool            // that plain subscribers may know of secure entries: they are shown, or have been
	opts  Options
	log   *zap.Logger

	assumed transport.Backend // of publishers that announce none; empty: nothing is said of it

	registry *registry.Registry
	notices  chan notice   // from those who take announcements to the keeper
	reloaded chan struct{} // 1 deep: that there are new settings
	stopped  chan struct{} // closed when the keeper has ended
	came     chan struct{} // 1 deep: that somebody has come to a feed
	repeats  repeats
	counters counters
	handed   map[string]*os.File // for Listen, by endpoint; nil: it binds
	local    *localHosts

	saver *saver
	said  atomic.Pointer[[]byte] // to the group last
	deaf  [heardWays]atomic.Bool // ways by which nobody is heard

	refused        *refusals // announcements
	refusedLookups *refusals
	announcers     tally // who announced over a secure port
	askers         tally // who asked there

	askQuota      *quota // of lookups
	announceQuota *quota
	changeQuota   *quota // of changes to what is listed
	lines         *lines

	prober *prober
	probes probeCounters

	sockets atomic.Pointer[sockets] // replaced by Listen
}

// New makes a nameserver. It checks cfg and opts, and starts and binds nothing.
func New(cfg Config, opts Options) (*Nameserver, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if err := cfg.ValidateKeys(opts.Security); err != nil {
		return nil, err
	}
	if opts.Transport == nil {
		return nil, errors.New("nameserver: no transport")
	}
	if cfg.Multicast && (opts.Receiver == nil || opts.Sender == nil) {
		return nil, errors.New("nameserver: multicast without receiver or sender")
	}
	if opts.LocalAddresses == nil {
		opts.LocalAddresses = discovery.LocalAddresses
	}
	log := opts.Logger
	if log == nil {
		log = zap.NewNop()
	}
	log = log.Named("nameserver")
	lines := newLines()
	n := &Nameserver{
		opts:     opts,
		log:      log,
		assumed:  assumedBackend(cfg, opts.Security),
		registry: registry.New(tableConfig(cfg)),
		notices:  make(chan notice, waitingNotices),
		reloaded: make(chan struct{}, 1),
		stopped:  make(chan struct{}),
		came:     make(chan struct{}, 1),
		local:    &localHosts{list: opts.LocalAddresses, log: log},

		refused:        newRefusals(log, "announcement refused", lines),
		refusedLookups: newRefusals(log, "lookup refused", lines),
	}
	n.askQuota, n.announceQuota, n.changeQuota, n.lines = newQuota(), newQuota(), newQuota(), lines
	n.prober = newProber(n, opts.Transport)
	n.sockets.Store(&sockets{})
	n.setConfig(cfg)
	n.saver = newSaver(n)
	var err error
	if n.handed, err = n.assign(cfg, opts.Security, opts.Listeners); err != nil {
		return nil, err
	}
	return n, nil
}

func tableConfig(cfg Config) registry.Config {
	return registry.Config{
		MaxAge:       cfg.MaxAge,
		Grace:        cfg.WithdrawGrace,
		DeadGrace:    cfg.ProbeGrace,
		MaxEntries:   cfg.MaxEntries,
		MaxPerSource: cfg.MaxEntriesPerSource,
	}
}

// config returns the settings that count now. They must not be changed.
func (n *Nameserver) config() *Config { return n.cfg.Load() }

// setConfig makes settings count.
func (n *Nameserver) setConfig(cfg Config) {
	if cfg.ShowSecureEntries {
		n.shown.Store(true)
	}
	n.cfg.Store(&cfg)
}

// encoder writes what the nameserver says of its own accord.
func (n *Nameserver) encoder() message.Encoder {
	return message.Encoder{Version: n.config().MessageVersion}
}

// Run serves until ctx ends and returns nil then. It returns an error when a part of it fails, which no peer can make happen. It is
// called once, after Listen. The sockets stay bound until [Nameserver.Close].
func (n *Nameserver) Run(ctx context.Context, hooks Hooks) error {
	parts, ctx := errgroup.WithContext(ctx)
	pulse := newPulse(hooks)
	k := newKeeper(n, hooks, pulse.join())
	waiting := newBacklog()
	if n.config().Multicast { // else what comes while the state is read might be more than the kernel holds
		reading := pulse.join()
		parts.Go(func() error { return n.receiveDatagrams(ctx, reading, waiting) })
	}
	if hooks.Ready != nil {
		hooks.Ready()
	}
	saving := n.saver.path != "" && k.restore(time.Now())
	for _, r := range n.sockets.Load().lookups {
		n.serve(ctx, parts, r, pulse.join(), n.answerLookups)
	}
	for _, r := range n.sockets.Load().designated {
		n.serve(ctx, parts, r, pulse.join(), n.takeRegistrations)
	}
	if n.config().Multicast {
		taking := pulse.join()
		parts.Go(func() error { return n.takeDatagrams(ctx, taking, waiting) })
	}
	if saving {
		parts.Go(func() error { return n.saver.run(ctx) })
	}
	parts.Go(func() error {
		defer close(n.stopped)
		return k.run(ctx)
	})
	parts.Go(func() error { return n.prober.run(ctx) })
	if n.config().FeedAnnounceInterval > 0 {
		parts.Go(func() error { return n.announceFeed(ctx) })
	}
	return parts.Wait()
}

// serve starts the loop around one replier.
func (n *Nameserver) serve(ctx context.Context, parts *errgroup.Group, r replier, beat *heart,
	handle func(context.Context, replier, []transport.Request) error,
) {
	parts.Go(func() error {
		for {
			requests, err := receive(ctx, beat, r.Receive)
			if err != nil {
				return part(ctx, "answer on "+r.Endpoint().String(), err)
			}
			if err := handle(ctx, r, requests); err != nil {
				return part(ctx, "answer on "+r.Endpoint().String(), err)
			}
		}
	})
}

// part returns nil when ctx has ended, else err with what was being done.
func part(ctx context.Context, doing string, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// Close closes what Listen has bound, after Run has returned. Peers have the time that the transport gives them to take what is on its way.
func (n *Nameserver) Close() error { return n.sockets.Load().close() }

func joinHostPort(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }
