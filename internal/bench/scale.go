package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"time"

	"github.com/pytroll/posttroll-go/pkg/multicast"
	"github.com/pytroll/posttroll-go/pkg/registry"
)

const (
	// mostPublishers is the largest table that is measured, which announces itself in 2 s.
	mostPublishers, quickMostPublishers = 100_000, 20_000
	// manyClients ask at once.
	manyClients = 1000

	growthTime, quickGrowthTime = 500 * time.Millisecond, 200 * time.Millisecond

	// silence is max_age where publishers fall silent.
	silence = 4 * time.Second
)

// scale shows how the nameserver grows with the number of publishers, and how it is with very many of them and very many clients.
func scale(ctx context.Context, b *bench) ([]row, error) {
	sizes := []int{100, 1_000, 10_000, mostPublishers}
	if b.quick {
		sizes = []int{1_000, quickMostPublishers}
	}
	var rows []row
	measure := func(what string, run func() ([]row, error)) {
		more, err := run()
		if err != nil {
			more = append(more, b.failure(what, err))
		}
		rows = append(rows, more...)
	}
	for _, size := range sizes {
		measure(thousands(int64(size))+" publishers", func() ([]row, error) { return b.growth(ctx, size) })
	}
	measure("lookups among announcements", func() ([]row, error) { return b.storm(ctx) })
	measure("publishers that expire", func() ([]row, error) { return b.falling(ctx) })
	measure("very many clients", func() ([]row, error) { return b.manyAskers(ctx) })
	return rows, nil
}

// most is the number of publishers in the largest table.
func (b *bench) most() int { return b.pick(mostPublishers, quickMostPublishers) }

// alone is a series with one value.
func alone(v float64) *series { return &series{name: "ours", values: []float64{v}} }

// grown is a nameserver that lists publishers, and where they announce themselves.
type grown struct {
	*nameserver
	size     int
	group    *multicast.Sender
	frames   [][]byte
	sent     int   // announcements
	listed   int   // when all had announced themselves once
	resident int64 // for these publishers, bytes
}

func (g *grown) stop() {
	_ = g.group.Close() // nothing is on its way
	g.nameserver.stop()
}

func (g *grown) send(ctx context.Context) func(i int) error {
	return func(i int) error { return g.group.Send(ctx, g.frames[i%g.size]) }
}

// grow starts a nameserver, and publishers announce themselves at 50,000 a second until all are listed.
func (b *bench) grow(ctx context.Context, size int, settings ...string) (_ *grown, err error) {
	n, err := b.startNameserver(ctx, append(settings, "MULTICAST=true", "MULTICAST_INTERFACE=127.0.0.1")...)
	if err != nil {
		return nil, err
	}
	g := &grown{nameserver: n, size: size}
	defer func() {
		if err != nil {
			n.stop()
		}
	}()
	if _, err := n.count(ctx); err != nil { // so it is up
		return nil, err
	}
	before, err := n.resident()
	if err != nil {
		return nil, err
	}
	if g.group, err = n.sender(); err != nil {
		return nil, err
	}
	for i := range size {
		g.frames = append(g.frames, announcement(i))
	}
	for listed := 0; listed < size; {
		if _, err := paced(size, g.send(ctx)); err != nil {
			return nil, err
		}
		g.sent += size
		if err := n.settle(ctx); err != nil {
			return nil, err
		}
		if g.resident == 0 {
			after, err := n.resident()
			if err != nil {
				return nil, err
			}
			g.resident = after - before
		}
		if listed, err = n.count(ctx); err != nil {
			return nil, err
		}
		if g.listed == 0 {
			g.listed = listed
		}
	}
	return g, nil
}

// growth measures a nameserver with so many publishers.
func (b *bench) growth(ctx context.Context, size int) ([]row, error) {
	g, err := b.grow(ctx, size)
	if err != nil {
		return nil, err
	}
	defer g.stop()
	among := "among " + thousands(int64(size))
	four, err := b.asked(ctx, g, askers, serviceName(size/2))
	if err != nil {
		return nil, err
	}
	one, err := b.asked(ctx, g, 1, serviceName(size/2))
	if err != nil {
		return nil, err
	}
	all, err := b.allOf(ctx, g)
	if err != nil {
		return nil, err
	}
	rows := []row{
		{what: "lookup of one name " + among, unit: "answers/s", ours: &four.series},
		{what: "the same, one client: p99", unit: "µs", ours: &series{name: "ours", values: one.p99}, kind: most},
		all,
		{what: "memory of a publisher " + among + ": in the table", unit: "B", ours: alone(entrySize(size)), kind: most, figure: 1000},
	}
	switch size {
	case tableSize:
		rows[2].figure = 1.5
	case b.most():
		rows[1].figure = 1000
		rows = append(rows,
			row{what: "the same: of the process, garbage and free memory included", unit: "B", ours: alone(float64(g.resident) / float64(size))},
			row{
				what: "new publishers, 50,000/s: listed", unit: "of " + thousands(int64(size)), ours: alone(float64(g.listed)), kind: least, figure: float64(size),
			})
	}
	return rows, nil
}

// asked asks for a service for some rounds.
func (b *bench) asked(ctx context.Context, g *grown, clients int, service string) (*questions, error) {
	q, err := b.questions(ctx, "ours", g.process, g.lookups, clients, service)
	if err != nil {
		return nil, err
	}
	defer q.ask.stop()
	for range b.pick(5, 3) {
		if err := q.round(b.duration(growthTime, quickGrowthTime)); err != nil {
			return nil, err
		}
	}
	return q, nil
}

// allOf compares the time to an answer with all publishers with that of a socket that copies the same bytes.
func (b *bench) allOf(ctx context.Context, g *grown) (row, error) {
	file, err := b.answerOf(ctx, g.nameserver, "")
	if err != nil {
		return row{}, err
	}
	ours, err := b.questions(ctx, "ours", g.process, g.lookups, 1, "")
	if err != nil {
		return row{}, err
	}
	defer ours.ask.stop()
	bare, stop, err := b.bare(ctx, "router", file, 1, "")
	if err != nil {
		return row{}, err
	}
	defer stop()
	for range b.pick(5, 3) {
		for _, q := range []*questions{ours, bare} {
			if err := q.round(b.duration(growthTime, quickGrowthTime)); err != nil {
				return row{}, err
			}
		}
	}
	return row{what: "answer with all of " + thousands(int64(g.size)) + ": p50", unit: "ms", ours: milliseconds(ours, ours.p50), other: milliseconds(bare, bare.p50), kind: within}, nil
}

// entrySize is what an entry takes in a table of that size, bytes.
func entrySize(size int) float64 {
	before := live()
	table := registry.New(registry.Config{MaxAge: time.Hour})
	for i := range size {
		name, uri := serviceName(i), fmt.Sprintf("tcp://10.%d.%d.%d:9000", i>>16, i>>8&255, i&255)
		_, _, err := table.Announce(registry.Publisher{
			URI: uri, Name: name, Services: registry.Services{Names: []string{name}},
			Data: fmt.Appendf(nil, `{"URI": %q, "service": [%q], "supported_message_version": "v1.2", "backend": "unsecure_zmq", "status": true, "name": %q`, uri, name, name),
			// Each of a host of its own, as in a large network.
			Source: registry.Source{Addr: netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})},
		}, time.Now())
		if err != nil {
			panic("bench: a table without bounds: " + err.Error())
		}
	}
	taken := live() - before
	runtime.KeepAlive(table)
	return float64(taken) / float64(size)
}

// live is the memory in use.
func live() int64 {
	runtime.GC()
	runtime.GC() // what the first one has found is swept
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// storm asks while all publishers of the largest table announce themselves, 50,000 times a second.
func (b *bench) storm(ctx context.Context) ([]row, error) {
	g, err := b.grow(ctx, b.most())
	if err != nil {
		return nil, err
	}
	defer g.stop()
	q, err := b.questions(ctx, "ours", g.process, g.lookups, 1, serviceName(g.size/2))
	if err != nil {
		return nil, err
	}
	defer q.ask.stop()
	seconds := b.pick(4, 2)
	sent := make(chan error, 1)
	go func() {
		_, err := paced(seconds*perSecond, g.send(ctx))
		sent <- err
	}()
	for range seconds {
		if err := q.round(600 * time.Millisecond); err != nil { // and a quarter of it before
			return nil, errors.Join(err, <-sent)
		}
	}
	if err := firstOf(<-sent, g.settle(ctx)); err != nil {
		return nil, err
	}
	taken, err := g.received()
	if err != nil {
		return nil, err
	}
	all := g.sent + seconds*perSecond
	what := fmt.Sprintf("%s publishers, 50,000 announcements/s", thousands(int64(g.size)))
	return []row{
		{what: what + ": lookup of one name, p99", unit: "µs", ours: &series{name: "ours", values: q.p99}, kind: most, figure: 1000},
		{what: "the same: taken, with those of new publishers", unit: "of " + thousands(int64(all)), ours: alone(float64(taken)), kind: least, figure: float64(all)},
	}, nil
}

// falling asks while all publishers of the largest table, which have fallen silent, are removed.
func (b *bench) falling(ctx context.Context) ([]row, error) {
	g, err := b.grow(ctx, b.most(), "MAX_AGE="+silence.String())
	if err != nil {
		return nil, err
	}
	defer g.stop()
	q, err := b.questions(ctx, "ours", g.process, g.lookups, 1, "nobody")
	if err != nil {
		return nil, err
	}
	defer q.ask.stop()
	for begun := time.Now(); time.Since(begun) < 2*silence; {
		if err := q.round(400 * time.Millisecond); err != nil {
			return nil, err
		}
	}
	if left, err := g.count(ctx); err != nil || left > 0 {
		return nil, firstOf(err, fmt.Errorf("%d publishers are still listed", left))
	}
	return []row{{
		what: fmt.Sprintf("%s publishers expire in %g s: the longest time to an answer", thousands(int64(g.size)), float64(g.size)/perSecond), unit: "ms",
		ours: alone(slices.Max(q.longest) / 1000), kind: most, figure: 10,
	}}, nil
}

// manyAskers is very many clients at once.
func (b *bench) manyAskers(ctx context.Context) ([]row, error) {
	n, err := b.filledNameserver(ctx)
	if err != nil {
		return nil, err
	}
	defer n.stop()
	service := serviceName(tableSize / 2)
	file, err := b.answerOf(ctx, n, service)
	if err != nil {
		return nil, err
	}
	ours, err := b.questions(ctx, "ours", n.process, n.lookups, manyClients, service)
	if err != nil {
		return nil, err
	}
	defer ours.ask.stop()
	bare, stop, err := b.bare(ctx, "router", file, manyClients, service)
	if err != nil {
		return nil, err
	}
	defer stop()
	if err := b.askInTurns(b.pick(5, 3), ours, bare); err != nil {
		return nil, err
	}
	what := fmt.Sprintf("lookup of one name, clients: %s", thousands(manyClients))
	return []row{
		{what: what, unit: "answers/s", ours: &ours.series, other: &bare.series},
		{what: "the same: p99", unit: "ms", ours: milliseconds(ours, ours.p99), other: milliseconds(bare, bare.p99), kind: within},
	}, nil
}

// milliseconds are times of q in µs.
func milliseconds(q *questions, us []float64) *series {
	s := &series{name: q.name, memory: q.memory}
	for _, v := range us {
		s.values = append(s.values, v/1000)
	}
	return s
}
