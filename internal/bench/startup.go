package main

import (
	"context"
	"time"
)

// startUp compares the time from starting a nameserver to its first answer.
func startUp(ctx context.Context, b *bench) ([]row, error) {
	r := row{what: "start to first answered lookup", unit: "ms", ours: &series{name: "ours"}, other: &series{name: namePython}, kind: sooner, figure: 10}
	ours := func() (*process, string, error) {
		n, err := b.startNameserver(ctx, "MULTICAST=true", "MULTICAST_INTERFACE=127.0.0.1")
		if err != nil {
			return nil, "", err
		}
		return n.process, n.lookups, nil
	}
	python := func() (*process, string, error) {
		port, err := freePort()
		if err != nil {
			return nil, "", err
		}
		p, err := start(ctx, nil, b.python, b.script("nameserver.py"), port)
		return p, port, err
	}
	for range b.pick(15, 7) {
		if err := r.ours.startOnce(ctx, ours); err != nil {
			return nil, err
		}
		if err := r.other.startOnce(ctx, python); err != nil {
			return nil, err
		}
	}
	return []row{r}, nil
}

func (s *series) startOnce(ctx context.Context, begin func() (*process, string, error)) error {
	p, port, err := begin()
	if err != nil {
		return err
	}
	defer p.stop()
	a, err := dialAsker(ctx, port)
	if err != nil {
		return p.explain(err)
	}
	defer a.close()
	if _, err := a.ask(lookup("nobody")); err != nil {
		return p.explain(err)
	}
	s.values = append(s.values, float64(time.Since(p.began))/float64(time.Millisecond))
	s.memory, err = p.peak()
	return err
}
