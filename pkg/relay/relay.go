package relay

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// ErrNoRoute says that there is no route of that name.
var ErrNoRoute = errors.New("no such route")

// Options are what a [Relay] works with. The caller closes it all after Close.
type Options struct {
	// Transport makes the sockets. Required.
	Transport transport.Transport
	// Settings that all programs share. The zero value are the defaults.
	Settings pubsub.Settings
	// Security has the keys of routes that have none of their own, and says who may connect to sinks. Nil: no keys, and everybody may.
	Security *security.Security
	// Group takes announcements by multicast. Default: a multicast sender as the settings say.
	Group discovery.DatagramSender
	// LocalAddresses lists this host's addresses, by which the relay knows its own sinks. Default [discovery.LocalAddresses].
	LocalAddresses func() ([]netip.Addr, error)
	// Watch, if it is not nil, has messages counted by publisher and by subject.
	Watch *Watch
	// Logger is told what changes. Nil: nobody is.
	Logger *zap.Logger
}

// Hooks are told how a running relay is. Each may be nil, and must not block.
type Hooks struct {
	// Ready is called once, when messages flow.
	Ready func()
	// Beat is called every BeatInterval as long as all loops go round. BeatInterval 0: never.
	Beat         func()
	BeatInterval time.Duration
	// Status is given one readable line at once, and then every ten seconds.
	Status func(line string)
}

// Relay carries messages.
type Relay struct {
	opts   Options
	log    *zap.Logger
	own    own
	echoes *echoes
	news   chan struct{} // 1 deep: that routes or publishers have changed, for the status

	subjects subjects

	change sync.Mutex // held while routes are changed, started or stopped
	closed bool
	run    *running // nil: it does not run

	mu      sync.Mutex // guards what follows, for those that look while it changes
	cfg     Config
	routes  []*route // in the order of cfg
	inlets  map[string]*inlet
	outlets map[string]*outlet
	paused  map[string]bool // what Pause and Resume said, by route
	counts  map[string]*counters
}

// New makes a relay. It checks cfg and opts, and starts and binds nothing.
func New(cfg Config, opts Options) (*Relay, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if opts.Transport == nil {
		return nil, errors.New("relay: no transport")
	}
	if err := opts.Settings.Validate(); err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	if opts.LocalAddresses == nil {
		opts.LocalAddresses = discovery.LocalAddresses
	}
	if opts.Logger == nil {
		opts.Logger = zap.NewNop()
	}
	return &Relay{
		opts:    opts,
		log:     opts.Logger.Named("relay"),
		own:     own{local: opts.LocalAddresses},
		echoes:  newEchoes(),
		news:    make(chan struct{}, 1),
		cfg:     cfg,
		inlets:  make(map[string]*inlet),
		outlets: make(map[string]*outlet),
		paused:  make(map[string]bool),
		counts:  make(map[string]*counters),
	}, nil
}

// Listen binds the sinks and connects the sources of all routes, or none of them and says what is wrong. It is called once, before Run. Messages
// that come in before Run wait for it.
func (r *Relay) Listen(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.change.Lock()
	defer r.change.Unlock()
	if r.closed {
		return transport.ErrClosed
	}
	return r.apply(r.config())
}

// Routes returns the names of the routes in order.
func (r *Relay) Routes() []string {
	var names []string
	for _, route := range r.config().Routes {
		names = append(names, route.Name)
	}
	return names
}

// config returns the settings that count now.
func (r *Relay) config() Config {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cfg
}

// Endpoint returns where the sink of a route is bound, and where it is announced, "" for nowhere.
func (r *Relay) Endpoint(name string) (bound transport.Endpoint, announced string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, route := range r.routes {
		if route.Name == name {
			return route.outlet.sink.Endpoints()[0], route.outlet.sink.URIs()[0], nil
		}
	}
	return transport.Endpoint{}, "", fmt.Errorf("route %q: %w", name, ErrNoRoute)
}

// Stats returns the counters of all routes. They are read one by one, so sums may be off by what happens meanwhile.
func (r *Relay) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	var s Stats
	for _, in := range r.inlets {
		connected, wanted := in.source.Peers()
		s.Publishers += connected
		s.PublishersWanted += wanted
		s.Silent += in.source.Silent()
	}
	if l, ok := r.opts.Transport.(transport.Limiter); ok {
		s.Limits = l.LimitStats()
	}
	for _, out := range r.outlets {
		s.Subscribers += out.sink.Peers()
		s.Loss = s.Loss.Add(out.loss())
	}
	for _, route := range r.routes {
		one := route.counts.stats(now)
		one.Name, one.Paused = route.Name, r.isPaused(route.plan)
		source := r.inlets[route.sourceKey].source
		one.Publishers, one.PublishersWanted = source.Peers()
		one.Missing = missing(source)
		one.Missing = one.Missing[:min(len(one.Missing), mostMissing)]
		one.Silent = source.Silent()
		one.Subscribers = route.outlet.sink.Peers()
		one.Loss = route.outlet.loss()
		if route.loops != nil {
			one.ForgottenEarly = route.loops.early()
		}
		one.Late = route.outlet.late()
		one.Names, one.NamesLeftOut, one.Ports = route.outlet.carrying()
		s.Routes = append(s.Routes, one)
	}
	return s
}

// Close closes sources and sinks, after Run has returned. Subscribers have the time that the transport gives them to take what is on its way.
func (r *Relay) Close() error {
	r.change.Lock()
	defer r.change.Unlock()
	r.closed = true
	r.mu.Lock()
	inlets, outlets := r.inlets, r.outlets
	r.routes, r.inlets, r.outlets = nil, nil, nil
	r.mu.Unlock()
	var errs []error
	for _, in := range inlets {
		errs = append(errs, in.source.Close())
	}
	return errors.Join(append(errs, r.closeOutlets(outlets))...)
}

// closeOutlets closes sinks at the same time, as each may wait for slow subscribers.
func (r *Relay) closeOutlets(outlets map[string]*outlet) error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	for _, out := range outlets {
		wg.Go(func() {
			err := out.close()
			r.own.remove(out)
			r.echoes.remove(out.id)
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, err)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Pause lets a route carry nothing until it is resumed; what comes meanwhile is lost for it. Its sink stays bound.
func (r *Relay) Pause(name string) error { return r.pause(name, true) }

// Resume undoes Pause.
func (r *Relay) Resume(name string) error { return r.pause(name, false) }

func (r *Relay) pause(name string, paused bool) error {
	r.change.Lock()
	defer r.change.Unlock()
	r.mu.Lock()
	i := slices.IndexFunc(r.routes, func(route *route) bool { return route.Name == name })
	if i < 0 {
		r.mu.Unlock()
		return fmt.Errorf("route %q: %w", name, ErrNoRoute)
	}
	key := r.routes[i].sourceKey
	was := r.isPaused(r.routes[i].plan)
	r.paused[name] = paused
	in := r.inlets[key]
	r.mu.Unlock()
	if was == paused {
		return nil
	}
	if err := in.feed(r.active(key)); err != nil {
		return fmt.Errorf("route %q: %w", name, err)
	}
	if paused {
		r.log.Info("route paused", zap.String("route", name))
	} else {
		r.log.Info("route resumed", zap.String("route", name))
	}
	r.changed()
	return nil
}

// isPaused tells whether a route is paused. The caller holds mu.
func (r *Relay) isPaused(p plan) bool {
	if paused, said := r.paused[p.Name]; said {
		return paused
	}
	return p.Paused
}

// active returns the routes of a source that are not paused.
func (r *Relay) active(sourceKey string) []*route {
	r.mu.Lock()
	defer r.mu.Unlock()
	var active []*route
	for _, route := range r.routes {
		if route.sourceKey == sourceKey && !r.isPaused(route.plan) {
			active = append(active, route)
		}
	}
	return active
}
