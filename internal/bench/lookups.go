package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"
)

const (
	tableSize = 10_000
	// askers is the number of clients that ask for one name at once where the nameserver is compared with Python's: enough to keep both busy. Four are, with long answers.
	askers, allAskers = 50, 4

	lookupTime, quickLookupTime = time.Second, 150 * time.Millisecond
)

// lookups compares how fast questions for publishers are answered.
func lookups(ctx context.Context, b *bench) ([]row, error) {
	ours, err := b.filledNameserver(ctx)
	if err != nil {
		return nil, err
	}
	defer ours.stop()
	rows, err := b.besidePython(ctx, ours)
	if err != nil {
		return nil, err
	}
	more, err := b.besideBare(ctx, ours)
	return append(rows, more...), err
}

// filledNameserver starts ours and registers publishers.
func (b *bench) filledNameserver(ctx context.Context) (*nameserver, error) {
	n, err := b.startNameserver(ctx, "MULTICAST=false")
	if err != nil {
		return nil, err
	}
	if err := n.register(ctx, tableSize); err != nil {
		n.stop()
		return nil, n.explain(fmt.Errorf("register: %w", err))
	}
	if got, err := n.count(ctx); err != nil || got != tableSize {
		n.stop()
		return nil, n.explain(fmt.Errorf("%d publishers are listed, not %d: %w", got, tableSize, err))
	}
	return n, nil
}

// questions are what clients ask.
type questions struct {
	series
	server *process
	ask    *talker
	size   float64 // of the last answer, bytes
	// Of the time from a question to its answer, one value for each round, µs.
	p50, p99, longest []float64
}

// questions starts clients that ask for a name.
func (b *bench) questions(ctx context.Context, name string, server *process, port string, clients int, service string) (*questions, error) {
	if err := awaitPort(ctx, port); err != nil {
		return nil, server.explain(err)
	}
	file := b.file("request")
	if err := os.WriteFile(file, lookup(service), 0o600); err != nil {
		return nil, err
	}
	t, err := b.talk(ctx, b.program("ask"), port, fmt.Sprint(clients), file)
	return &questions{series: series{name: name}, server: server, ask: t}, err
}

// round asks for a while.
func (q *questions) round(d time.Duration) error {
	before, err := q.server.usage()
	if err != nil {
		return err
	}
	answer, err := q.ask.ask(6, "rate %f", d.Seconds())
	if err != nil {
		return err
	}
	after, err := q.server.usage()
	if err != nil {
		return err
	}
	q.values = append(q.values, answer[0])
	q.cpu = append(q.cpu, (after.cpu-before.cpu).Seconds()/answer[1]*1e6)
	q.memory, q.size = after.memory, answer[5]
	q.p50, q.p99, q.longest = append(q.p50, answer[2]), append(q.p99, answer[3]), append(q.longest, answer[4])
	return nil
}

// besidePython is a table of 10,000 publishers, asked for one of them and for all.
func (b *bench) besidePython(ctx context.Context, ours *nameserver) ([]row, error) {
	var lines strings.Builder
	for i := range tableSize {
		fmt.Fprintf(&lines, "%s\n", announcement(i))
	}
	file := b.file("announcements")
	if err := os.WriteFile(file, []byte(lines.String()), 0o600); err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	python, err := start(ctx, nil, b.python, b.script("nameserver.py"), port, file)
	if err != nil {
		return nil, err
	}
	defer python.stop()
	var rows []row
	for _, q := range []struct {
		what, service string
		clients       int
		figure        float64
	}{{"lookup of one name among 10,000", serviceName(tableSize / 2), askers, 30}, {"lookup of all 10,000", "", allAskers, 60}} {
		a, err := b.questions(ctx, "ours", ours.process, ours.lookups, q.clients, q.service)
		if err != nil {
			return nil, err
		}
		defer a.ask.stop()
		p, err := b.questions(ctx, namePython, python, port, q.clients, q.service)
		if err != nil {
			return nil, err
		}
		defer p.ask.stop()
		if err := b.askInTurns(b.pick(5, 3), a, p); err != nil {
			return nil, fmt.Errorf("%s: %w", q.what, err)
		}
		rows = append(rows, row{what: q.what, unit: "answers/s", ours: &a.series, other: &p.series, figure: q.figure})
	}
	return rows, nil
}

// answerOf writes the answer to a question into a file.
func (b *bench) answerOf(ctx context.Context, n *nameserver, service string) (file string, err error) {
	a, err := dialAsker(ctx, n.lookups)
	if err != nil {
		return "", err
	}
	answer, err := a.ask(lookup(service))
	a.close()
	file = b.file("answer")
	return file, firstOf(err, os.WriteFile(file, answer, 0o600))
}

// bare starts a socket in C, and clients of it. It is stopped with the clients.
func (b *bench) bare(ctx context.Context, kind, answer string, clients int, service string) (_ *questions, stop func(), err error) {
	port, err := freePort()
	if err != nil {
		return nil, nil, err
	}
	bare, err := start(ctx, nil, b.program("answer"), kind, port, answer)
	if err != nil {
		return nil, nil, err
	}
	q, err := b.questions(ctx, "bare "+strings.ToUpper(kind)+" in C", bare, port, clients, service)
	if err != nil {
		bare.stop()
		return nil, nil, err
	}
	return q, func() { q.ask.stop(); bare.stop() }, nil
}

// besideBare compares with sockets that always give the same answer, of the same size.
func (b *bench) besideBare(ctx context.Context, ours *nameserver) ([]row, error) {
	service := serviceName(tableSize / 2)
	file, err := b.answerOf(ctx, ours, service)
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, clients := range []int{1, 50} {
		mine, err := b.questions(ctx, "ours", ours.process, ours.lookups, clients, service)
		if err != nil {
			return nil, err
		}
		defer mine.ask.stop()
		all := []*questions{mine}
		for _, kind := range []string{"router", "rep"} {
			q, stop, err := b.bare(ctx, kind, file, clients, service)
			if err != nil {
				return nil, err
			}
			defer stop()
			all = append(all, q)
		}
		if err := b.askInTurns(b.pick(7, 3), all...); err != nil {
			return nil, err
		}
		what := fmt.Sprintf("lookup of one name, clients: %d", clients)
		for _, q := range all[1:] {
			rows = append(rows, row{what: what, unit: "answers/s", ours: &mine.series, other: &q.series, figure: 0.8})
		}
	}
	return rows, nil
}

func (b *bench) askInTurns(rounds int, all ...*questions) error {
	for range rounds {
		for _, q := range all {
			if err := q.round(b.duration(lookupTime, quickLookupTime)); err != nil {
				return fmt.Errorf("%s: %w", q.name, err)
			}
		}
	}
	for _, q := range all[1:] {
		if q.size != all[0].size && strings.HasPrefix(q.name, "bare") {
			return fmt.Errorf("answers have %v bytes, ours %v", q.size, all[0].size)
		}
	}
	return nil
}
