package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	// queue is the high-water mark of all sockets; libzmq's default is 1000.
	queue = 20000
	// window is the number of messages on their way at most: small enough that no queue is ever full.
	window = 2000
)

// way is what messages go through from the publisher to the subscriber.
type way struct {
	name   string
	figure float64 // of its rate beside that of zmq_proxy
	steps  string  // of the relay
	start  func(ctx context.Context, b *bench, w way, from, to string) (*process, error)
}

// ways are what is compared, all with the second one.
var ways = []way{
	{name: "direct"},
	{name: "zmq_proxy", start: startProxy},
	{name: "pass-through", figure: 0.95, start: startRelay},
	{name: "header rules", figure: 0.95, start: startRelay, steps: `
[[route.step]]
keep = { subject = ["/viirs/**"], type = ["file", "dataset"] }
[[route.step]]
rename = { prefix = { "/viirs" = "/test/viirs" } }
[[route.step]]
rewrite = { sender = [{ host = "lxserv1.*", to = "relay.example.org" }] }
`},
	{name: "rule on data", figure: 0.3, start: startRelay, steps: `
[[route.step]]
rewrite = { uri = [{ host = "lxserv1.*", to = "relay.example.org" }] }
`},
}

const reference = "zmq_proxy"

func startProxy(ctx context.Context, b *bench, _ way, from, to string) (*process, error) {
	return start(ctx, nil, b.program("proxy"), from, to, fmt.Sprint(queue))
}

// startRelay starts the real program with one route.
func startRelay(ctx context.Context, b *bench, w way, from, to string) (*process, error) {
	_, port, err := net.SplitHostPort(strings.TrimPrefix(to, "tcp://"))
	if err != nil {
		return nil, err
	}
	file := filepath.Join(b.tmp, port+".toml")
	settings := fmt.Sprintf(`[[route]]
name = "bench"
source = { addresses = [%q], queue = %d }
sink = { address = %q, announce = "none", queue = %d }
%s`, from, queue, to, queue, w.steps)
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		return nil, err
	}
	return start(ctx, nil, b.program("ptrelay"), "--config", file)
}

// line is a way that is open: messages flow through it.
type line struct {
	way
	load   *load
	middle *process // nil: there is none
}

// open opens a way for a message.
func (b *bench) open(ctx context.Context, w way, message string) (_ *line, err error) {
	if w.start == nil {
		l, err := b.load(ctx, message, "")
		if err != nil {
			return nil, err
		}
		return &line{way: w, load: l}, l.begin(connectTime)
	}
	to, err := freeEndpoint()
	if err != nil {
		return nil, err
	}
	l, err := b.load(ctx, message, to)
	if err != nil {
		return nil, err
	}
	middle, err := w.start(ctx, b, w, l.at, to)
	if err != nil {
		l.stop()
		return nil, err
	}
	if err := l.begin(connectTime); err != nil {
		middle.stop()
		return nil, middle.explain(err)
	}
	return &line{w, l, middle}, nil
}

// close ends the programs of a way.
func (l *line) close() {
	l.load.stop()
	if l.middle != nil {
		l.middle.stop()
	}
}

// relay compares the relay with zmq_proxy.
func relay(ctx context.Context, b *bench) ([]row, error) {
	p := plan{rounds: 5, rate: time.Second, delayRounds: 3, delays: 1000}
	if b.quick {
		p = plan{rounds: 3, rate: 200 * time.Millisecond, delayRounds: 1, delays: 300}
	}
	var rows []row
	for _, text := range []string{fileMessage, datasetMessage} {
		file, err := b.writeMessage(text)
		if err != nil {
			return nil, err
		}
		more, err := b.compare(ctx, p, len(text), file)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

// plan says how much is measured.
type plan struct {
	rounds      int
	rate        time.Duration // of one round
	delayRounds int
	delays      int // messages of one round, one a millisecond
}

// compare measures all ways with one message, in turns.
func (b *bench) compare(ctx context.Context, p plan, size int, message string) ([]row, error) {
	var results []*result
	for _, w := range ways {
		l, err := b.open(ctx, w, message)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
		defer l.close()
		results = append(results, &result{line: l})
	}
	for round := range p.rounds {
		for _, r := range results {
			if err := r.measureRate(p.rate); err != nil {
				return nil, fmt.Errorf("%s: %w", r.name, err)
			}
			if round >= p.delayRounds {
				continue
			}
			if err := r.measureDelay(p.delays); err != nil {
				return nil, fmt.Errorf("%s: %w", r.name, err)
			}
		}
	}
	return relayRows(results, size), nil
}
