package main

import (
	"context"
	"fmt"
	"time"
)

// The makers of publishers and subscribers.
var (
	inC         = maker{language: "c"}
	ourFrames   = maker{"go", "frames"}
	ourBatches  = maker{"go", "batches"}
	ourKept     = maker{"go", "kept"}
	ourHeaders  = maker{"go", "headers"}
	ourMessages = maker{"go", "messages"}
	inNATS      = maker{language: "nats"}
	inPython    = maker{"python", "sleep"}
	pythonAwake = maker{"python", "no-sleep"}
)

// The names of those that ours is compared with.
const (
	nameC      = "libzmq in C"
	nameNATS   = "NATS core"
	namePython = "Python"
)

const (
	maxMemory = 64 // MB, of a subscriber at full rate
	// rateTime is what a round at full speed takes.
	rateTime, quickRateTime = time.Second, 120 * time.Millisecond
)

// contest is a number of flows of which one is ours, and the figures of the others.
type contest struct {
	what    string
	shape                // of all, but for the name and the makers
	ours    [2]maker     // publisher, subscriber
	others  []contestant // in the order of the table
	memory  bool         // that of our subscriber has a figure
	message string
}

type contestant struct {
	name   string
	makers [2]maker
	figure float64
}

// pubsub compares publishers and subscribers.
func pubsub(ctx context.Context, b *bench) ([]row, error) {
	c, nats := contestant{nameC, [2]maker{inC, inC}, 0.95}, contestant{nameNATS, [2]maker{inNATS, inNATS}, 1}
	but := func(c contestant, figure float64) contestant { c.figure = figure; return c }
	python := []contestant{{namePython, [2]maker{inC, inPython}, 25}, {namePython + ", without its sleep", [2]maker{inC, pythonAwake}, 8}}
	single, frames := [2]maker{ourFrames, ourFrames}, [2]maker{ourBatches, ourFrames}
	contests := []contest{
		{what: "one to one, raw, %d B", ours: frames, others: []contestant{c, nats}, memory: true, message: fileMessage},
		{what: "one to one, raw, %d B", ours: frames, others: []contestant{c, nats}, memory: true, message: datasetMessage},
		{what: "one to one, raw, sent one by one, %d B", ours: single, others: []contestant{c, nats}, message: fileMessage},
		{what: "one to one, raw, frames kept, %d B", ours: [2]maker{ourBatches, ourKept}, others: []contestant{but(c, 0)}, memory: true, message: fileMessage},
		{what: "one to one, headers checked and read, %d B", ours: [2]maker{ourMessages, ourHeaders}, others: []contestant{but(c, 0)}, message: fileMessage},
		{what: "one to one, decoded, %d B", ours: [2]maker{inC, ourMessages}, others: python, memory: true, message: fileMessage},
		{what: "one to one, decoded, %d B", ours: [2]maker{inC, ourMessages}, others: python, memory: true, message: datasetMessage},
		{what: "one to one, CURVE, raw, %d B", shape: shape{secure: true}, ours: frames, others: []contestant{but(c, 0.9)}, memory: true, message: fileMessage},
		{what: "one to one, CURVE, raw, %d B", shape: shape{secure: true}, ours: frames, others: []contestant{but(c, 0.9)}, message: datasetMessage},
		{what: "100 publishers to one, raw, %d B", shape: shape{sockets: 100}, ours: [2]maker{inC, ourFrames}, others: []contestant{but(c, 0.9)}, message: fileMessage},
		{what: "one to ten, raw, %d B", shape: shape{subscribers: 10}, ours: frames, others: []contestant{but(c, 0.9), but(nats, 1.2)}, message: fileMessage},
	}
	var rows []row
	for _, ct := range contests {
		more, err := b.contest(ctx, ct)
		if err != nil {
			rows = append(rows, b.failure(fmt.Sprintf(ct.what, len(ct.message)), err))
			continue
		}
		rows = append(rows, more...)
		b.progress(more)
	}
	more, err := b.delays(ctx)
	return append(rows, more...), err
}

// contest runs flows in turns.
func (b *bench) contest(ctx context.Context, c contest) ([]row, error) {
	file, err := b.writeMessage(c.message)
	if err != nil {
		return nil, err
	}
	c.shape.message = file
	var flows []*flow
	for _, one := range append([]contestant{{name: "ours", makers: c.ours}}, c.others...) {
		s := c.shape
		s.name, s.publisher, s.subscriber = one.name, one.makers[0], one.makers[1]
		f, err := b.flow(ctx, s)
		if err != nil {
			return nil, err
		}
		defer f.close()
		flows = append(flows, f)
	}
	for range b.pick(5, 3) {
		for _, f := range flows {
			if err := f.rate(b.duration(rateTime, quickRateTime)); err != nil {
				return nil, fmt.Errorf("%s: %w", f.name, err)
			}
		}
	}
	what := fmt.Sprintf(c.what, len(c.message))
	var rows []row
	for i, f := range flows[1:] {
		rows = append(rows, row{what: what, unit: "messages/s", ours: &flows[0].series, other: &f.series, figure: c.others[i].figure})
	}
	if c.memory {
		memory := series{values: []float64{float64(flows[0].memory) / (1 << 20)}}
		rows = append(rows, row{what: "memory of the subscriber: " + what, unit: "MB", ours: &memory, kind: most, figure: maxMemory})
	}
	return rows, nil
}

// delays compares the time from before encoding to after decoding with that from before sending to after receiving in C.
func (b *bench) delays(ctx context.Context) ([]row, error) {
	file, err := b.writeMessage(fileMessage)
	if err != nil {
		return nil, err
	}
	var flows []*flow
	for _, s := range []shape{{name: "ours", publisher: ourMessages, subscriber: ourMessages}, {name: nameC + ", raw", publisher: inC, subscriber: inC}} {
		s.message = file
		f, err := b.flow(ctx, s)
		if err != nil {
			return nil, err
		}
		defer f.close()
		flows = append(flows, f)
	}
	results := make([][2]series, len(flows))
	for range b.pick(7, 3) { // p99 is what happens to twenty messages of a round
		for i, f := range flows {
			p50, p99, err := f.delay(b.pick(2000, 500))
			if err != nil {
				return nil, fmt.Errorf("delay: %s: %w", f.name, err)
			}
			for j, d := range []time.Duration{p50, p99} {
				results[i][j].name = f.name
				results[i][j].values = append(results[i][j].values, micros(d))
			}
		}
	}
	var rows []row
	for j, name := range []string{"p50", "p99"} {
		rows = append(rows, row{what: "delay " + name + " at 1,000/s, encode to decode", unit: "µs", ours: &results[0][j], other: &results[1][j], kind: within, figure: 1.5})
	}
	return rows, nil
}
