package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// Publishers that are there from beginning to end.
const (
	steadyPlain  = 4
	steadySecure = 2
)

// world is everything that runs all the time.
type world struct {
	keys          string
	plain, secure party // with nodes to ask the nameserver

	nameserver, relay *gauge
	publishers        map[string]*gauge
	isSecure          map[string]bool // of these
	subscribers       []*listening
	clients           []*gauge
	closers           []func() error
}

// listening is a subscriber that is there from beginning to end.
type listening struct {
	*gauge
	secure bool
	heard  ledger
}

// newWorld starts the daemons in an empty directory.
func newWorld(ctx context.Context, at where, slow int) (w *world, err error) {
	w = &world{keys: filepath.Join(at.dir, "keys"), publishers: make(map[string]*gauge), isSecure: make(map[string]bool)}
	if err := writeKeys(w.keys); err != nil {
		return nil, err
	}
	w.plain = party{keys: w.keys, slow: slow, stalls: new(stalls)}
	w.secure = w.plain
	w.secure.secure = true
	for _, p := range []*party{&w.plain, &w.secure} {
		closeNode, err := p.open()
		if err != nil {
			return w, err
		}
		w.closers = append(w.closers, closeNode)
	}
	settings := fmt.Sprintf("withdraw_grace = \"3s\"\nfeed_address = %q\nstate_file = %q\n", loopback, filepath.Join(at.dir, "state.jsonl"))
	nameserver, err := startDaemon(ctx, at, "nameserverd", nameserverHTTP, settings)
	if err != nil {
		return w, err
	}
	w.nameserver = &gauge{process: nameserver, http: nameserverHTTP}
	relay, err := startDaemon(ctx, at, "ptrelay", relayHTTP, "control_socket = \"none\"\n"+relaySettings)
	if err != nil {
		return w, err
	}
	w.relay = &gauge{process: relay, http: relayHTTP}
	for _, name := range []string{plainGathered, secureGathered} {
		if err := w.awaitListed(ctx, name, name == secureGathered, true, answerTime); err != nil {
			return w, relay.explain(err)
		}
	}
	for _, g := range []*gauge{w.nameserver, w.relay} {
		if g.idle, err = g.take(ctx); err != nil {
			return w, err
		}
	}
	return w, nil
}

func (w *world) close() error {
	var errs []error
	for _, c := range w.closers {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}

// populate starts all that is there from beginning to end, and waits until every subscriber hears every publisher.
func (w *world) populate(ctx context.Context) error {
	var uris []string
	for i := range steadyPlain + steadySecure {
		p := party{keys: w.keys, slow: w.plain.slow, name: fmt.Sprintf("steady-%d", i), secure: i >= steadyPlain, multicast: i%2 == 0}
		p.service = serviceOf(p.secure)
		run, err := p.start(ctx, "publisher")
		if err != nil {
			return err
		}
		w.publishers[p.name], w.isSecure[p.name] = &gauge{process: run}, p.secure
		if err := w.awaitListed(ctx, p.name, p.secure, true, answerTime); err != nil {
			return run.explain(err)
		}
		var s sent
		if _, err := run.ask(&s); err != nil {
			return err
		}
		if !p.secure {
			uris = append(uris, p.name+"="+s.URI)
		}
	}
	for _, service := range []string{plainService, plainGathered, secureService, secureGathered} {
		p := party{keys: w.keys, slow: w.plain.slow, name: "of-" + service, service: service, secure: strings.HasSuffix(service, "-secure")}
		run, err := p.start(ctx, "subscriber")
		if err != nil {
			return err
		}
		w.subscribers = append(w.subscribers, &listening{gauge: &gauge{process: run}, secure: p.secure})
	}
	for _, secure := range []bool{false, true} {
		p := party{keys: w.keys, slow: w.plain.slow, name: strings.Join(uris, ","), secure: secure}
		run, err := p.start(ctx, "clients")
		if err != nil {
			return err
		}
		run.name = "clients, plain"
		if secure {
			run.name = "clients, secure"
		}
		w.clients = append(w.clients, &gauge{process: run})
	}
	return until(ctx, answerTime, w.allHeard)
}

// allHeard tells which subscriber has not heard which publisher.
func (w *world) allHeard() error {
	for _, s := range w.subscribers {
		s.heard = nil
		if _, err := s.ask(&s.heard); err != nil {
			return err
		}
		for name, secure := range w.isSecure {
			if _, ok := s.heard[name]; secure == s.secure && !ok {
				return fmt.Errorf("%s has not heard %s", s.name, name)
			}
		}
	}
	return nil
}

// awaitListed waits until lookups find a publisher, or do not find it.
func (w *world) awaitListed(ctx context.Context, name string, secure, listed bool, limit time.Duration) error {
	p := &w.plain
	if secure {
		p = &w.secure
	}
	begin := time.Now()
	return until(ctx, limit, func() error {
		entries, wrong := p.list(ctx, name)
		if wrong != "" {
			return fmt.Errorf("look up %s: %s", name, wrong)
		}
		if got := len(entries); (got > 0) != listed {
			return fmt.Errorf("look up %s: %d entries after %s, want one: %t", name, got, time.Since(begin).Round(time.Second), listed)
		}
		return nil
	})
}

// gauges are all, in the order of the table.
func (w *world) gauges() []*gauge {
	all := []*gauge{w.nameserver, w.relay}
	for i := range len(w.publishers) {
		all = append(all, w.publishers[fmt.Sprintf("steady-%d", i)])
	}
	for _, s := range w.subscribers {
		all = append(all, s.gauge)
	}
	return append(all, w.clients...)
}
