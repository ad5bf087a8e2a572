package relay

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// carryPause is the least time between two looks at where the messages of a sink come from: publishers often come several at a time.
const carryPause = 100 * time.Millisecond

// carryRetry is when another port is tried for what there was no room for.
const carryRetry = 30 * time.Second

// carry tells the sink where its messages come from, whenever that is news, until ctx ends.
func (r *Relay) carry(ctx context.Context, out *outlet) {
	carrier, ok := out.sink.(Carrier)
	if !ok {
		return
	}
	var table originTable
	var settling settling
	for {
		inlets := r.inletsOf(out)
		origins, again := table.update(originsOf(inlets), time.Now())
		via := viaOf(out.id, origins)
		if r.echoes.set(out.id, via) {
			for _, in := range inlets {
				if o, ok := in.source.(Originator); ok {
					o.Reconsider()
				}
			}
		}
		claim, settles := settling.settled(via, time.Now())
		carrier.Carry(origins, claim)
		again = earlier(again, settles)
		if _, leftOut, _ := carrier.Carrying(); leftOut > 0 {
			again = earlier(again, time.Now().Add(carryRetry))
		}
		if !out.awaitOrigins(ctx, again) {
			return
		}
	}
}

// carrying is how many names the sink is announced under besides its own, how many have no room, and on how many ports.
func (out *outlet) carrying() (names, leftOut, ports int) {
	if carrier, ok := out.sink.(Carrier); ok {
		return carrier.Carrying()
	}
	return 0, 0, len(out.sink.Endpoints())
}

// awaitOrigins waits until there is news of where messages come from, or it is time to look again; zero: only for news. It tells whether to go on.
func (out *outlet) awaitOrigins(ctx context.Context, again time.Time) bool {
	pause := time.NewTimer(carryPause)
	defer pause.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-pause.C:
	}
	var due <-chan time.Time
	if !again.IsZero() {
		timer := time.NewTimer(time.Until(again))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-ctx.Done():
		return false
	case <-out.origins:
	case <-due:
	}
	return true
}

// originsChanged is told that the sources have other publishers: those of one, or, without key, of any.
func (r *Relay) originsChanged(sourceKey string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, route := range r.routes {
		if sourceKey != "" && route.sourceKey != sourceKey {
			continue
		}
		select {
		case route.outlet.origins <- struct{}{}:
		default: // it is going to look
		}
	}
}

// inletsOf returns the sources that feed a sink.
func (r *Relay) inletsOf(out *outlet) []*inlet {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := make(map[string]bool)
	var inlets []*inlet
	for _, route := range r.routes {
		if in := r.inlets[route.sourceKey]; route.outlet == out && in != nil && !seen[route.sourceKey] {
			seen[route.sourceKey] = true
			inlets = append(inlets, in)
		}
	}
	return inlets
}

// originsOf returns the publishers of sources. A source that can't tell stands there as one that is no relay.
func originsOf(inlets []*inlet) []Origin {
	var all []Origin
	for _, in := range inlets {
		if o, ok := in.source.(Originator); ok {
			all = append(all, o.Origins()...)
		} else {
			all = append(all, Origin{})
		}
	}
	return all
}

// carrying is what a sink tells of whose messages it sends.
type carrying struct {
	id    string
	plan  *portPlan // nil: it is announced under its own names alone
	named atomic.Pointer[carried]
}

// announceHold is how long the first announcement waits for names.
const announceHold = 3 * time.Second

// carried is what the counters tell of it.
type carried struct{ names, leftOut, ports int }

var _ Carrier = (*posttrollSink)(nil)

// longVia takes as much room as any other.
var longVia = []string{longID, longID, longID, longID, longID, longID}

const longID = "00000000.9999"

// Carry announces the sink anew where that changes something.
func (s *posttrollSink) Carry(origins []Origin, via []string) {
	relaying := discovery.Relaying{ID: s.carrying.id, Via: via}
	if s.carrying.plan == nil {
		s.report(s.ports.first().Reannounce(s.ports.cfg.Aliases, relaying))
		return
	}
	plan := s.carrying.plan
	plan.update(origins, s.openPort)
	all, _ := s.ports.publishers()
	var errs []error
	for port, pub := range all[:len(plan.ports)] {
		names := plan.names(port)
		relaying.Hops = plan.ports[port].hops
		errs = append(errs, pub.Reannounce(append(ownAliases(s.ports.cfg), names...), relaying))
	}
	s.report(errors.Join(errs...))
	if len(all) > 1 {
		byOrigin := make(map[transport.Endpoint]*pubsub.Publisher, len(plan.at))
		for from, port := range plan.at {
			byOrigin[from] = all[port]
		}
		s.ports.byOrigin.Store(&byOrigin)
	}
	s.note(carried{plan.named, plan.leftOut, len(all)})
}

// begin binds the first port.
func (s *posttrollSink) begin() error {
	o := s.ports.cfg.publisher()
	o.Relaying = discovery.Relaying{ID: s.carrying.id}
	if s.ports.cfg.AnnounceServices {
		o.AnnounceHold = announceHold
	}
	pub, err := s.ports.open(o)
	if err != nil || !s.ports.cfg.AnnounceServices {
		return err
	}
	room, err := s.room(pub)
	if err != nil {
		return err
	}
	s.carrying.plan = newPortPlan(append(ownAliases(s.ports.cfg), s.ports.cfg.Name), room)
	return nil
}

// openPort opens one more port of the sink.
func (s *posttrollSink) openPort() (room int, ok bool) {
	o := s.ports.cfg.publisher()
	o.Relaying, o.AnnounceHold = discovery.Relaying{ID: s.carrying.id}, announceHold
	pub, err := s.ports.openFurther(o)
	if err == nil {
		room, err = s.room(pub)
	}
	if err != nil {
		s.ports.log.Debug("no further port", zap.String("service", s.ports.cfg.Name), zap.Error(err))
		return 0, false
	}
	s.ports.log.Warn("names of publishers take a further port: subscribers that are given the address of the first one alone miss what goes out on this one",
		zap.String("service", s.ports.cfg.Name), zap.Stringer("endpoint", pub.Endpoint()))
	return room, true
}

// room is what a port has left for names beside its own ones.
func (s *posttrollSink) room(pub *pubsub.Publisher) (int, error) {
	return pub.AliasRoom(ownAliases(s.ports.cfg), discovery.Relaying{ID: s.carrying.id, Via: longVia})
}

// note keeps what the counters tell, and logs when names find no room any more, and when they all do again.
func (s *posttrollSink) note(now carried) {
	before := s.carrying.named.Swap(&now)
	was := before != nil && before.leftOut > 0
	switch {
	case now.leftOut > 0 && !was:
		s.ports.log.Warn("names of publishers have no room in announcements and are left out", zap.String("service", s.ports.cfg.Name),
			zap.Int("count", now.leftOut), zap.Int("ports", now.ports))
	case now.leftOut == 0 && was:
		s.ports.log.Info("all names of publishers are announced again", zap.String("service", s.ports.cfg.Name), zap.Int("count", now.names))
	}
}

func (s *posttrollSink) Carrying() (names, leftOut, ports int) {
	if now := s.carrying.named.Load(); now != nil {
		return now.names, now.leftOut, now.ports
	}
	return 0, 0, 1
}

func (s *posttrollSink) report(err error) {
	if err != nil {
		s.ports.log.Error("announcement can't be changed", zap.String("service", s.ports.cfg.Name), zap.Error(err))
	}
}

// ownAliases is a copy of the aliases of the settings.
func ownAliases(cfg SinkConfig) []string { return append([]string(nil), cfg.Aliases...) }
