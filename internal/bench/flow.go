package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pytroll/posttroll-go/internal/bench/board"
)

// flow is a publisher and its subscribers, each a process of its own, through which messages flow.
type flow struct {
	series
	board       *board.Board
	publisher   *talker
	subscribers []*process
	server      *process // of NATS; nil: there is none
	slots       int
}

// shape says what a flow is made of.
type shape struct {
	name        string
	message     string // the file of one
	sockets     int    // of the publisher
	subscribers int
	secure      bool
	window      string // messages on their way at most
	publisher   maker
	subscriber  maker
}

// maker is a language, and how it takes messages: "frames", "headers", "messages"; of Python, "sleep" or "no-sleep".
type maker struct{ language, how string }

const (
	// flowWindow is the number of messages on their way at most.
	flowWindow = "1000"
	// flowQueue is the queue of all sockets: long enough that none is ever full. libzmq learns of what has left when that is half of a queue, and looks
	// for such news only about once in a millisecond; so one of 4,000 can be full with a few hundred messages on their way.
	flowQueue = "20000"
)

// flow starts one. The publisher has seen its subscribers when it returns.
func (b *bench) flow(ctx context.Context, s shape) (_ *flow, err error) {
	s.sockets, s.subscribers = max(s.sockets, 1), max(s.subscribers, 1)
	f := &flow{series: series{name: s.name}, slots: s.subscribers}
	defer func() {
		if err != nil {
			f.close()
			err = fmt.Errorf("%s: %w", s.name, err)
		}
	}()
	file := b.file("board")
	if f.board, err = board.Create(file); err != nil {
		return nil, err
	}
	if s.publisher.language == "nats" {
		return f, b.startNATS(ctx, f, s, file)
	}
	if f.publisher, err = b.startPublisher(ctx, s, file); err != nil {
		return f, err
	}
	var endpoints []string
	key := ""
	for range s.sockets {
		line, err := f.publisher.line()
		if err != nil {
			return f, err
		}
		at, public, _ := strings.Cut(line, " ")
		endpoints, key = append(endpoints, at), public
	}
	for slot := range s.subscribers {
		p, err := b.startSubscriber(ctx, s, file, slot, key, endpoints)
		if err != nil {
			return f, err
		}
		f.subscribers = append(f.subscribers, p)
	}
	if _, err = f.publisher.ask(1, "begin"); err != nil {
		return f, f.explain(err)
	}
	return f, nil
}

// file returns a name that no other file has.
func (b *bench) file(name string) string {
	b.files++
	return filepath.Join(b.tmp, fmt.Sprintf("%s%d", name, b.files))
}

func (b *bench) startPublisher(ctx context.Context, s shape, file string) (*talker, error) {
	mode := "plain"
	if s.secure {
		mode = "curve"
	}
	subscribers, window := fmt.Sprint(s.subscribers), cmp.Or(s.window, flowWindow)
	if s.publisher.language == "go" {
		return b.talk(ctx, b.program("gopeer"), "publish", file, s.message, subscribers, flowQueue, window, mode, s.publisher.how)
	}
	return b.talk(ctx, b.program("peer"), "publish", file, s.message, fmt.Sprint(s.sockets), subscribers, flowQueue, window, mode)
}

func (b *bench) startSubscriber(ctx context.Context, s shape, file string, slot int, key string, endpoints []string) (*process, error) {
	number := fmt.Sprint(slot)
	switch s.subscriber.language {
	case "go":
		return start(ctx, nil, b.program("gopeer"), append([]string{"subscribe", file, number, flowQueue, key, s.subscriber.how}, endpoints...)...)
	case "python":
		return start(ctx, nil, b.python, append([]string{b.script("subscriber.py"), file, number, flowQueue, s.subscriber.how}, endpoints...)...)
	}
	return start(ctx, nil, b.program("peer"), append([]string{"subscribe", file, number, flowQueue, key}, endpoints...)...)
}

// script is one in Python.
func (b *bench) script(name string) string { return filepath.Join(b.source, "py", name) }

// startNATS starts a server, and then the subscribers and the publisher.
func (b *bench) startNATS(ctx context.Context, f *flow, s shape, file string) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	if f.server, err = start(ctx, nil, b.program("nats-server"), "-a", "127.0.0.1", "-p", port); err != nil {
		return err
	}
	if err := awaitPort(ctx, port); err != nil {
		return err
	}
	url := "nats://127.0.0.1:" + port
	for slot := range s.subscribers {
		t, err := b.talk(ctx, b.program("natspeer"), "subscribe", file, fmt.Sprint(slot), url)
		if err != nil {
			return err
		}
		f.subscribers = append(f.subscribers, t.process)
		if _, err := t.line(); err != nil {
			return err
		}
	}
	f.publisher, err = b.talk(ctx, b.program("natspeer"), "publish", file, s.message, fmt.Sprint(s.subscribers), flowWindow, url)
	return err
}

// processes are all that a message makes work.
func (f *flow) processes() []*process {
	var all []*process
	if f.publisher != nil {
		all = append(all, f.publisher.process)
	}
	all = append(all, f.subscribers...)
	if f.server != nil {
		all = append(all, f.server)
	}
	return all
}

func (f *flow) close() {
	var wg sync.WaitGroup
	for _, p := range f.processes() {
		wg.Go(p.stop)
	}
	wg.Wait()
	if f.board != nil {
		_ = f.board.Close() // nothing is in it any more
	}
}

// rate is a round at full speed, after a quarter of the time as a start.
func (f *flow) rate(d time.Duration) error {
	before, err := cpuOf(f.processes())
	if err != nil {
		return err
	}
	first := f.board.Received(f.slots)
	if err := f.publisher.tell("rate %f", 1.25*d.Seconds()); err != nil {
		return err
	}
	time.Sleep(d / 4)
	n, begun := f.board.Received(f.slots), time.Now()
	time.Sleep(d - d/50) // so that the publisher has not stopped
	m, took := f.board.Received(f.slots), time.Since(begun)
	if _, err := f.publisher.numbers(1); err != nil {
		return f.explain(err)
	}
	after, err := cpuOf(f.processes())
	if err != nil {
		return err
	}
	f.values = append(f.values, float64(m-n)/took.Seconds())
	f.cpu = append(f.cpu, (after-before).Seconds()/float64(f.board.Received(f.slots)-first)*1e6)
	f.memory, err = f.subscribers[0].peak()
	return err
}

// explain adds what subscribers have written to an error of the publisher.
func (f *flow) explain(err error) error {
	for _, p := range f.subscribers {
		p.stop()
		err = p.explain(err)
	}
	f.subscribers = nil
	return err
}

// delay is a round at a thousand messages a second. It returns the median and the 99th percentile.
func (f *flow) delay(count int) (p50, p99 time.Duration, err error) {
	sent, err := f.publisher.ask(1, "delay %d 1000", count)
	if err != nil {
		return 0, 0, f.explain(err)
	}
	all := slices.Sorted(slices.Values(f.board.Delays(uint64(sent[0])-uint64(count)+1, count)))
	return all[count/2], all[count*99/100], nil
}

// writeMessage puts a message into a file.
func (b *bench) writeMessage(text string) (string, error) {
	name := b.file("message")
	return name, os.WriteFile(name, []byte(text), 0o600)
}
