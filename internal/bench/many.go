package main

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pytroll/posttroll-go/internal/bench/board"
)

const (
	// crowdProcesses have so many publishers each, since each of them takes three descriptors, and a process may have some 20,000.
	crowdProcesses, quickCrowdProcesses, crowdSockets = 5, 1, 1000
	// joiners are publishers that come and go together.
	joiners = 500
	// fanSize is the number of subscribers of one publisher. They have fewer messages on their way, since each is sent to all.
	fanSize, fanWindow = 1000, "50"
)

// many measures one subscriber with very many publishers, and one publisher with very many subscribers.
func many(ctx context.Context, b *bench) ([]row, error) {
	file, err := b.writeMessage(fileMessage)
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, part := range []struct {
		what string
		run  func(ctx context.Context, b *bench, message string) ([]row, error)
	}{{"publishers", manyPublishers}, {"subscribers", manySubscribers}} {
		more, err := part.run(ctx, b, file)
		if err != nil {
			more = append(more, b.failure("many "+part.what, err))
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

// crowd is very many publishers, and their subscriber.
type crowd struct {
	series
	connected  series // from the start of the subscriber until it has heard of all publishers, ms
	board      *board.Board
	file       string
	publishers []*talker
	endpoints  []string
	subscriber *talker
}

// crowd starts the publishers.
func (b *bench) crowd(ctx context.Context, name, message string) (_ *crowd, err error) {
	c := &crowd{series: series{name: name}, connected: series{name: name}, file: b.file("board")}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	if c.board, err = board.Create(c.file); err != nil {
		return nil, err
	}
	for range b.pick(crowdProcesses, quickCrowdProcesses) {
		p, at, err := b.publishers(ctx, c.file, message, crowdSockets)
		if err != nil {
			return c, err
		}
		c.publishers, c.endpoints = append(c.publishers, p), append(c.endpoints, at...)
	}
	return c, nil
}

// publishers starts a process with so many of them, and returns their endpoints.
func (b *bench) publishers(ctx context.Context, boardFile, message string, count int) (*talker, []string, error) {
	p, err := b.talk(ctx, b.program("peer"), "publish", boardFile, message, fmt.Sprint(count), "1", flowQueue, flowWindow, "plain")
	if err != nil {
		return nil, nil, err
	}
	var endpoints []string
	for range count {
		line, err := p.line()
		if err != nil {
			return nil, nil, err
		}
		at, _, _ := strings.Cut(line, " ")
		endpoints = append(endpoints, at)
	}
	return p, endpoints, nil
}

// gather starts the subscriber, and returns when it has had a message of each publisher.
func (c *crowd) gather(ctx context.Context, b *bench, program string, args ...string) (err error) {
	begun := time.Now()
	if c.subscriber, err = b.talk(ctx, b.program(program), append(args, c.endpoints...)...); err != nil {
		return err
	}
	if err := c.tell("begin", "once"); err != nil {
		return err
	}
	c.connected.values = append(c.connected.values, float64(time.Since(begun))/float64(time.Millisecond))
	return nil
}

// tell gives commands to all publishers, and waits until all have done what they say.
func (c *crowd) tell(commands ...string) error {
	for _, command := range commands {
		for _, p := range c.publishers {
			if err := p.tell("%s", command); err != nil {
				return err
			}
		}
		for _, p := range c.publishers {
			if _, err := p.numbers(1); err != nil {
				return c.explain(err)
			}
		}
	}
	return nil
}

// explain adds what the subscriber has written to an error of a publisher.
func (c *crowd) explain(err error) error {
	if c.subscriber == nil {
		return err
	}
	c.subscriber.stop()
	return c.subscriber.explain(err)
}

// rate is a round at full speed, after a quarter of the time as a start.
func (c *crowd) rate(d time.Duration) error {
	processes := c.processes()
	before, err := cpuOf(processes)
	if err != nil {
		return err
	}
	first := c.board.Received(1)
	var telling sync.WaitGroup
	var told error
	telling.Go(func() { told = c.tell(fmt.Sprintf("rate %f", 1.25*d.Seconds())) })
	time.Sleep(d / 4)
	n, begun := c.board.Received(1), time.Now()
	time.Sleep(d - d/50) // so that the publishers have not stopped
	m, took := c.board.Received(1), time.Since(begun)
	telling.Wait()
	if told != nil {
		return told
	}
	after, err := cpuOf(processes)
	if err != nil {
		return err
	}
	c.values = append(c.values, float64(m-n)/took.Seconds())
	c.cpu = append(c.cpu, (after-before).Seconds()/float64(c.board.Received(1)-first)*1e6)
	c.memory, err = c.subscriber.peak()
	return err
}

func (c *crowd) processes() []*process {
	var all []*process
	for _, p := range c.publishers {
		all = append(all, p.process)
	}
	if c.subscriber != nil {
		all = append(all, c.subscriber.process)
	}
	return all
}

func (c *crowd) close() {
	var wg sync.WaitGroup
	for _, p := range c.processes() {
		wg.Go(p.stop)
	}
	wg.Wait()
	if c.board != nil {
		_ = c.board.Close() // nothing is in it any more
	}
}

// manyPublishers is a subscriber with 5,000 publishers, or 1,000, which are in C: ours beside one in C.
func manyPublishers(ctx context.Context, b *bench, message string) ([]row, error) {
	var crowds []*crowd
	for _, name := range []string{"ours", nameC} {
		c, err := b.crowd(ctx, name, message)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		defer c.close()
		crowds = append(crowds, c)
	}
	ours, other := crowds[0], crowds[1]
	if err := ours.gather(ctx, b, "gopeer", "gather", ours.file, flowQueue); err != nil {
		return nil, err
	}
	if err := other.gather(ctx, b, "peer", "gather", other.file, flowQueue); err != nil {
		return nil, fmt.Errorf("%s: %w", other.name, err)
	}
	for range b.pick(5, 3) {
		for _, c := range crowds {
			if err := c.rate(b.duration(rateTime, quickRateTime)); err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	what := fmt.Sprintf("%s publishers to one, raw, %d B", thousands(int64(len(ours.endpoints))), len(fileMessage))
	rows := []row{
		{what: what, unit: "messages/s", ours: &ours.series, other: &other.series},
		{what: "until the first message of each: " + what, unit: "ms", ours: &ours.connected, other: &other.connected, kind: within},
	}
	more, err := b.comeAndGo(ctx, crowds, message)
	rows = append(rows, more...)
	b.progress(rows)
	return rows, err
}

// coming is what becomes of a crowd while publishers come and go.
type coming struct {
	crowd     *crowd
	more      *talker // those who come and go
	endpoints string
	joined    series    // until all were connected, ms
	left      series    // until all knew that they were not any more, ms
	delay     [2]series // p50 and p99 of another publisher meanwhile, µs
}

// comeAndGo has publishers come and go while another one goes on sending.
func (b *bench) comeAndGo(ctx context.Context, crowds []*crowd, message string) ([]row, error) {
	quiet := [2]series{{name: "with none coming"}, {name: "with none coming"}}
	var all []*coming
	for _, c := range crowds {
		more, endpoints, err := b.publishers(ctx, c.file, message, joiners)
		if err != nil {
			return nil, err
		}
		defer more.stop()
		named := series{name: c.name}
		all = append(all, &coming{c, more, " " + strings.Join(endpoints, " "), named, named, [2]series{named, named}})
	}
	ours, other := all[0], all[1]
	count := b.pick(2000, 1000)
	for range b.pick(3, 2) {
		if err := ours.crowd.delay(count, &quiet); err != nil {
			return nil, err
		}
		for _, c := range all {
			if err := c.round(count); err != nil {
				return nil, c.crowd.explain(err)
			}
		}
	}
	return []row{
		{what: "500 publishers more: until all are connected", unit: "ms", ours: &ours.joined, other: &other.joined, kind: within},
		{what: "500 publishers fewer: until all know", unit: "ms", ours: &ours.left, other: &other.left, kind: within},
		{what: "delay p50 of another publisher meanwhile", unit: "µs", ours: &ours.delay[0], other: &other.delay[0], kind: within},
		{what: "delay p99 of another publisher meanwhile", unit: "µs", ours: &ours.delay[1], other: &other.delay[1], kind: within},
		{what: "the same with none coming: p50", unit: "µs", ours: &quiet[0]},
		{what: "the same with none coming: p99", unit: "µs", ours: &quiet[1]},
	}, nil
}

// round has them come, and go, while another publisher sends.
func (c *coming) round(count int) error {
	var changing sync.WaitGroup
	var changed error
	changing.Go(func() { changed = firstOf(c.change(&c.joined, "+", "begin"), c.change(&c.left, "-", "left")) })
	err := c.crowd.delay(count, &c.delay)
	changing.Wait()
	return firstOf(changed, err)
}

// change has the subscriber connect, or leave, and waits until the publishers know.
func (c *coming) change(to *series, ask, wait string) error {
	begun := time.Now()
	if err := c.crowd.subscriber.tell("%s", ask+c.endpoints); err != nil {
		return err
	}
	_, err := c.more.ask(1, "%s", wait)
	if _, answerErr := c.crowd.subscriber.line(); err != nil || answerErr != nil {
		return firstOf(err, answerErr)
	}
	to.values = append(to.values, float64(time.Since(begun))/float64(time.Millisecond))
	return nil
}

// delay is a round at a thousand messages a second of one publisher.
func (c *crowd) delay(count int, to *[2]series) error {
	sent, err := c.publishers[0].ask(1, "delay %d 1000", count)
	if err != nil {
		return c.explain(err)
	}
	all := slices.Sorted(slices.Values(c.board.Delays(uint64(sent[0])-uint64(count)+1, count)))
	for i, d := range []time.Duration{all[count/2], all[count*99/100]} {
		to[i].values = append(to[i].values, micros(d))
	}
	return nil
}

// manySubscribers is a publisher with 1,000 subscribers, which cost next to nothing: ours beside one in C.
func manySubscribers(ctx context.Context, b *bench, message string) ([]row, error) {
	var flows []*flow
	var connected []*series
	for _, s := range []shape{{name: "ours", publisher: ourBatches}, {name: nameC, publisher: inC}} {
		s.message, s.sockets, s.subscribers, s.window = message, 1, fanSize, fanWindow
		f, took, err := b.fan(ctx, s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		defer f.close()
		flows, connected = append(flows, f), append(connected, took)
	}
	for range b.pick(5, 3) {
		for _, f := range flows {
			if err := f.rate(b.duration(rateTime, quickRateTime)); err != nil {
				return nil, fmt.Errorf("%s: %w", f.name, err)
			}
			var err error
			if f.memory, err = f.publisher.peak(); err != nil {
				return nil, err
			}
		}
	}
	what := fmt.Sprintf("one to 1,000, raw, %d B", len(fileMessage))
	rows := []row{
		{what: what, unit: "messages/s", ours: &flows[0].series, other: &flows[1].series},
		{what: "until all have subscribed: " + what, unit: "ms", ours: connected[0], other: connected[1], kind: within},
	}
	b.progress(rows)
	return rows, nil
}

// fan starts a publisher and its subscribers, and returns how long it took from there until all had subscribed.
func (b *bench) fan(ctx context.Context, s shape) (_ *flow, _ *series, err error) {
	f := &flow{series: series{name: s.name}, slots: s.subscribers}
	defer func() {
		if err != nil {
			f.close()
		}
	}()
	file := b.file("board")
	if f.board, err = board.Create(file); err != nil {
		return f, nil, err
	}
	if f.publisher, err = b.startPublisher(ctx, s, file); err != nil {
		return f, nil, err
	}
	line, err := f.publisher.line()
	if err != nil {
		return f, nil, err
	}
	at, _, _ := strings.Cut(line, " ")
	_, port, err := net.SplitHostPort(strings.TrimPrefix(at, "tcp://"))
	if err != nil {
		return f, nil, err
	}
	begun := time.Now()
	fan, err := b.talk(ctx, b.program("fan"), file, fmt.Sprint(s.subscribers), fmt.Sprint(len(fileMessage)), port)
	if err != nil {
		return f, nil, err
	}
	f.subscribers = []*process{fan.process}
	if _, err := f.publisher.ask(1, "begin"); err != nil {
		return f, nil, f.explain(err)
	}
	return f, &series{name: s.name, values: []float64{float64(time.Since(begun)) / float64(time.Millisecond)}}, nil
}
