package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
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
	rows := []row{r}
	for _, measure := range []func(context.Context) ([]row, error){b.ready, b.idle} {
		more, err := measure(ctx)
		if err != nil {
			return rows, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

// ready measures the time until a nameserver tells the service manager that it is ready.
func (b *bench) ready(ctx context.Context) ([]row, error) {
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: b.file("notify"), Net: "unixgram"})
	if err != nil {
		return nil, err
	}
	defer manager.Close()
	r := row{what: "start to READY", unit: "ms", ours: &series{name: "ours"}, kind: most, figure: 20}
	for range b.pick(15, 7) {
		n, err := b.startNameserverIn(ctx, []string{"NOTIFY_SOCKET=" + manager.LocalAddr().String()}, "MULTICAST=true", "MULTICAST_INTERFACE=127.0.0.1")
		if err != nil {
			return nil, err
		}
		took, err := awaitReady(manager, n.began)
		n.stop()
		if err != nil {
			return nil, n.explain(err)
		}
		r.ours.values = append(r.ours.values, float64(took)/float64(time.Millisecond))
	}
	return []row{r}, nil
}

// awaitReady returns the time from begun to the word that says so.
func awaitReady(manager *net.UnixConn, begun time.Time) (time.Duration, error) {
	if err := manager.SetReadDeadline(time.Now().Add(connectTime)); err != nil {
		return 0, err
	}
	for {
		word := make([]byte, 4096)
		n, err := manager.Read(word)
		if err != nil {
			return 0, fmt.Errorf("READY: %w", err)
		}
		// What one says that stops may come late.
		if took := time.Since(begun); bytes.Contains(word[:n], []byte("READY=1")) {
			return took, nil
		}
	}
}

// idle measures a nameserver that has nothing to do but to announce its change feed, every two seconds.
func (b *bench) idle(ctx context.Context) ([]row, error) {
	n, err := b.startNameserver(ctx, "MULTICAST=true", "MULTICAST_INTERFACE=127.0.0.1", "FEED_ANNOUNCE_INTERVAL=2s")
	if err != nil {
		return nil, err
	}
	defer n.stop()
	if err := n.settle(ctx); err != nil {
		return nil, err
	}
	before, err := n.wakeUps()
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	select {
	case <-time.After(b.duration(20*time.Second, 4*time.Second)):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	after, err := n.wakeUps()
	if err != nil {
		return nil, err
	}
	memory, err := n.resident()
	if err != nil {
		return nil, err
	}
	return []row{
		{what: "idle: memory", unit: "MB", ours: alone(float64(memory) / (1 << 20)), kind: most, figure: 20},
		{what: "idle, announcing itself every 2 s: threads wake up", unit: "a second", ours: alone(float64(after-before) / time.Since(begun).Seconds())},
	}, nil
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
