package main

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/pytroll/posttroll-go/pkg/discovery"
)

// Of the clients that look names up.
const (
	clients     = 25
	askInterval = 250 * time.Millisecond // of one client; each question has a connection of its own
	askTime     = 10 * time.Second       // until which there has to be an answer
)

// asked is what the clients tell.
type asked struct {
	Asked   int            `json:"asked"`
	Wrong   map[string]int `json:"wrong"`   // what was wrong, and how often
	Starved int            `json:"starved"` // not answered in time, while the machine had no time for us either
}

// ask has many clients look names up at the same time until ctx ends. p.name are the publishers that are there from beginning to end, as name=uri,name=uri.
func ask(ctx context.Context, p *party) error {
	want := make(map[string]string)
	for pair := range strings.SplitSeq(p.name, ",") {
		name, uri, _ := strings.Cut(pair, "=")
		want[name] = uri
	}
	var mu sync.Mutex
	told := asked{Wrong: make(map[string]int)}
	p.report.is(func() any {
		mu.Lock()
		defer mu.Unlock()
		return asked{told.Asked, maps.Clone(told.Wrong), told.Starved}
	})
	note := func(wrong string) {
		mu.Lock()
		defer mu.Unlock()
		switch told.Asked++; wrong {
		case "":
		case starved:
			told.Starved++
		default:
			told.Wrong[wrong]++
		}
	}
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() {
			interval := p.slowed(askInterval)
			// One after the other: else all would ask at the same moments, and how many questions are counted as under way would depend on how close to them the
			// gauge looks.
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Duration(i) * interval / clients):
			}
			tick := time.NewTicker(interval)
			defer tick.Stop()
			for ctx.Err() == nil {
				for name, uri := range want { // in another order each time
					note(p.lookUp(ctx, name, uri))
					if !next(ctx, tick) {
						return
					}
				}
				note(p.lookUp(ctx, "nobody-has-this-name", ""))
				note(p.lookUpAll(ctx, want))
				next(ctx, tick)
			}
		})
	}
	all.Wait()
	return nil
}

func next(ctx context.Context, tick *time.Ticker) bool {
	select {
	case <-ctx.Done():
		return false
	case <-tick.C:
		return true
	}
}

// lookUp tells what is wrong with the answer: there has to be exactly the one entry, and none where uri is empty.
func (p *party) lookUp(ctx context.Context, name, uri string) (wrong string) {
	entries, wrong := p.list(ctx, name)
	switch {
	case wrong != "" || uri == "" && len(entries) == 0:
		return wrong
	case len(entries) == 1 && entries[0].URI == uri:
		return ""
	}
	return fmt.Sprintf("%s: %d entries, want %q", name, len(entries), uri)
}

func (p *party) lookUpAll(ctx context.Context, want map[string]string) (wrong string) {
	entries, wrong := p.list(ctx, "")
	found := make(map[string]bool)
	for _, e := range entries {
		found[e.URI] = true
	}
	for name, uri := range want {
		if wrong == "" && !found[uri] {
			wrong = "all: without " + name
		}
	}
	return wrong
}

// starved is what is wrong when it may be the machine.
const starved = "starved"

func (p *party) list(ctx context.Context, name string) (entries []discovery.Entry, wrong string) {
	// Not ctx: what was begun is ended, so that its end is no wrong answer.
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), askTime)
	defer cancel()
	begin := time.Now()
	entries, err := p.node.List(limited, name, loopback)
	switch {
	case err == nil:
		return entries, ""
	case p.stalls.since(begin) > 0:
		return nil, starved
	}
	return nil, err.Error()
}
