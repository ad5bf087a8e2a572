package relay_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/internal/testbed"
	"github.com/pytroll/posttroll-go/pkg/dedup"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/relay"
	"github.com/pytroll/posttroll-go/pkg/relay/step"
)

const (
	// mixMessages is the number of messages that go through the relay of TestNothingMixedUp.
	mixMessages = 20_000
	// mixFlight is the number of messages under way to all readers together, which may all be under way to one of them.
	mixFlight = 3000
	// mixQueue is the queue of each sink: with duplicates and bad frames some more than mixFlight.
	mixQueue = 2 * mixFlight
	// mixChange is the number of messages from one change of the routes to the next.
	mixChange = 500
)

// mixText makes message n: its number is in all of its parts, and its length goes from a line to more than what shares memory.
func mixText(n int) string {
	pad := n * 7919 % 1500
	switch {
	case n%997 == 0:
		pad = 40 << 10
	case n%101 == 0:
		pad = 5 << 10
	}
	subject, sender := fmt.Sprintf("/mix/%d/%d", n%7, n), fmt.Sprintf("u%d@host%d", n, n%5)
	at := time.Date(2024, 5, 17, 0, 0, 0, n*1000, time.UTC).Format("2006-01-02T15:04:05.000000")
	pattern := fmt.Sprintf("%d.", n)
	return fmt.Sprintf(`pytroll:/%s file %s %s v1.01 application/json {"uid": "f%d", "uri": "ssh://host%d/d/f%d", "pad": "%s"}`,
		subject, sender, at, n, n%5, n, strings.Repeat(pattern, pad/len(pattern)))
}

// mixBad makes a frame that is no message, with number n.
func mixBad(n int) string {
	return fmt.Sprintf("pytroll://mix/bad %d %s", n, strings.Repeat("?", n%300))
}

// mixNumber finds the number in what mixText or mixBad has made, whatever steps have made of it, and whether it is that of mixBad.
func mixNumber(frame string) (n int, bad bool) {
	if rest, ok := strings.CutPrefix(frame, "pytroll://mix/bad "); ok {
		_, _ = fmt.Sscanf(rest, "%d", &n) // 0 where there is none, which is not what stands there
		return n, true
	}
	subject, _, _ := strings.Cut(frame, " ")
	_, _ = fmt.Sscanf(subject[strings.LastIndexByte(subject, '/')+1:], "%d", &n)
	return n, false
}

// mixWant is what may come out: what any of some lists of steps make of a message of its own memory.
type mixWant struct {
	chains    []*step.Chain
	translate bool
}

func (s site) mixWant(translate bool, lists ...[]step.Config) mixWant {
	s.Helper()
	w := mixWant{translate: translate}
	for _, list := range lists {
		chain, err := step.Compile("step", list)
		s.must(err)
		w.chains = append(w.chains, chain)
	}
	return w
}

// check returns which of the lists has made the frame of which message; an error when none has.
func (w mixWant) check(frame string) (n, list int, bad bool, err error) {
	if n, bad = mixNumber(frame); bad {
		if frame != mixBad(n) {
			return n, 0, bad, fmt.Errorf("bad frame %d mixed up: %.300q", n, frame)
		}
		return n, 0, bad, nil
	}
	m, err := message.Decode([]byte(mixText(n)))
	if err == nil && w.translate {
		m, err = pubsub.Translate(m, "127.0.0.1")
	}
	if err != nil {
		return n, 0, bad, err
	}
	for list, chain := range w.chains {
		out := chain.Do(step.NewItem(m), time.Now())
		if out.Err == nil && out.Message != nil && string(out.Message.Bytes()) == frame {
			return n, list, bad, nil
		}
	}
	return n, 0, bad, fmt.Errorf("message %d mixed up: got %.300q, was %.300q", n, frame, m.Bytes())
}

// mixReader checks all that comes to a subscriber.
type mixReader struct {
	site
	name string
	want mixWant
	got  [][]uint8 // how often message n came, by list
	bad  []uint8   // how often bad frame n came
}

func (s site) mixReader(name string, want mixWant) *mixReader {
	r := &mixReader{site: s, name: name, want: want, bad: make([]uint8, mixMessages)}
	for range want.chains {
		r.got = append(r.got, make([]uint8, mixMessages))
	}
	return r
}

// read checks what comes until ctx ends.
func (r *mixReader) read(ctx context.Context, sub *pubsub.Subscriber, came func(n int)) {
	batch := make([]pubsub.Received, 0, 500)
	for {
		got, err := sub.ReceiveBatch(ctx, batch[:0])
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			r.Errorf("%s: %v", r.name, err)
			return
		}
		for _, one := range got {
			if !r.take(one) {
				return
			}
		}
		came(len(got))
	}
}

func (r *mixReader) take(one pubsub.Received) bool {
	var frame string
	if one.Message != nil {
		frame = string(one.Message.Bytes())
	} else if bad, ok := errors.AsType[*pubsub.FrameError](one.Err); ok {
		frame = string(bad.Frame)
	}
	n, list, bad, err := r.want.check(frame)
	if err != nil {
		r.Errorf("%s: %v", r.name, err)
		return false
	}
	if bad {
		r.bad[n]++
	} else {
		r.got[list][n]++
	}
	return true
}

// wantAll reports messages that did not come once by each list, and bad frames that did not come as often as is wanted.
func (r *mixReader) wantAll(bad uint8) {
	r.Helper()
	wrong := 0
	for n := range mixMessages {
		for list, got := range r.got {
			if got[n] != 1 {
				wrong++
				r.Logf("%s: message %d came %d times by steps %d, want once", r.name, n, got[n], list)
			}
		}
		if want := bad * isMixBad(n); r.bad[n] != want {
			wrong++
			r.Logf("%s: bad frame %d came %d times, want %d", r.name, n, r.bad[n], want)
		}
		if wrong > 10 {
			break
		}
	}
	if wrong > 0 {
		r.Errorf("%s: messages are missing or came twice", r.name)
	}
}

// isMixBad is 1 where a bad frame goes with message n.
func isMixBad(n int) uint8 {
	if n%50 == 7 {
		return 1
	}
	return 0
}

// Messages on their way share memory that is used again. Nothing of one may come out in another one: over real sockets, with several routes, sinks and steps on a
// source, with messages that come twice and frames that are none, and while routes change and subscribers come and go.
func TestNothingMixedUp(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	pubs := []*pubsub.Publisher{s.publisher(), s.publisher()}
	renamed := []step.Config{
		{Keep: &step.Match{Subject: []string{"/mix/**"}, Host: []string{"host*"}}},
		{Rename: &step.Rename{Prefix: map[string]string{"/mix": "/other/mix"}}},
		{Rewrite: &step.Rewrite{Sender: []step.HostRule{{Host: "host3", To: "gateway"}}}},
	}
	changed := []step.Config{
		{Rename: &step.Rename{Pattern: `/mix/(\d)/(\d+)`, To: "/changed/$1/$2"}},
		{Set: map[string]any{"site": "here"}},
		{Version: string(message.V12)},
	}
	uris := []step.Config{{Rewrite: &step.Rewrite{URI: []step.URIRule{{Host: "host3", To: "gateway"}}}}, {RateLimit: &step.RateLimit{Messages: 1000}}}
	pass, lax, one, two, dups, far := s.route("pass", pubs...), s.route("lax", pubs...), s.route("one", pubs...), s.route("two", pubs...), s.route("dups", pubs...), s.route("far", pubs...)
	pass.Sink.LastMessage = true
	lax.Lax = true
	one.Steps, two.Steps, dups.Steps = renamed, changed, uris
	two.Sink = relay.SinkConfig{SameAs: "one"}
	dups.Duplicates, dups.Loops = &dedup.Config{By: dedup.ByUID}, relay.LoopsPass
	far.Source.Translate = true
	far.Steps = renamed[1:]
	// What changes all the time.
	moving, moved := s.route("moving", pubs...), s.route("moving", pubs...)
	moving.Steps, moved.Steps = renamed, changed
	moving.Sink.LastMessage, moved.Sink.LastMessage = true, true
	for _, r := range []*relay.Route{&pass, &lax, &one, &dups, &far, &moving, &moved} {
		r.Sink.Queue = mixQueue
	}
	routes := []relay.Route{pass, lax, one, two, dups, far, moving}
	configs := []relay.Config{configOf(pass, lax, one, two, dups, far, moved), configOf(routes...)}
	r := s.relayLogging(zap.NewNop(), routes...) // each reload has lines

	ctx, cancel := context.WithCancel(t.Context())
	var reading, changing sync.WaitGroup
	defer changing.Wait()
	defer reading.Wait()
	defer cancel()
	plain := s.mixWant(false, nil)
	readers := map[string]*mixReader{
		"pass": s.mixReader("pass", plain), "lax": s.mixReader("lax", plain), "one": s.mixReader("one", s.mixWant(false, renamed, changed)),
		"dups": s.mixReader("dups", s.mixWant(false, uris)), "far": s.mixReader("far", s.mixWant(true, renamed[1:])),
	}
	var came, wanted atomic.Int64
	more := make(chan struct{}, 1)
	for name, reader := range readers {
		sub := s.subscriber(r, name)
		reading.Go(func() {
			reader.read(ctx, sub, func(n int) {
				came.Add(int64(n))
				select {
				case more <- struct{}{}:
				default:
				}
			})
		})
	}
	lively := s.mixWant(false, renamed, changed, nil)
	testbed.WaitFor(t, "a subscriber of each route that is read", func() bool {
		return !slices.ContainsFunc(r.Stats().Routes, func(one relay.RouteStats) bool { return one.Name != "moving" && one.Subscribers == 0 })
	})
	for _, name := range []string{"moving", "pass"} {
		changing.Go(func() { s.comeAndGo(ctx, r, name, lively) })
	}
	for _, pub := range pubs {
		s.must(pub.WaitSubscribed(ctx, "/mix/", 2)) // of the one source, and that which translates
	}

	for n := range mixMessages {
		s.must(pubs[n%2].SendText(ctx, mixText(n)))
		wanted.Add(6) // five readers, of which one has two routes
		if n%10 == 3 {
			s.must(pubs[n%2].SendText(ctx, mixText(n)))
		}
		if isMixBad(n) == 1 {
			s.must(pubs[n%2].SendText(ctx, mixBad(n)))
			wanted.Add(1)
		}
		for s.tooFar(t, wanted.Load()-came.Load(), mixFlight, more) {
		}
		if t.Failed() {
			return
		}
		if n%mixChange == 0 {
			s.change(r, configs[n/mixChange%len(configs)])
		}
	}
	for s.tooFar(t, wanted.Load()-came.Load(), 0, more) {
	}
	cancel()
	reading.Wait()
	changing.Wait()
	for name, reader := range readers {
		bad := uint8(0)
		if name == "lax" {
			bad = 1
		}
		reader.wantAll(bad)
	}
}

// tooFar waits until more has come where too much is under way, and tells whether to ask again. What does not come at all ends the test.
func (s site) tooFar(t *testing.T, under int64, most int64, more <-chan struct{}) bool {
	if under <= most || t.Failed() {
		return false
	}
	select {
	case <-more:
		return true
	case <-time.After(20 * time.Second):
		t.Errorf("%d messages do not come", under)
		return false
	}
}

// change gives the relay other routes, and pauses one for a moment.
func (s site) change(r *relay.Relay, cfg relay.Config) {
	s.Helper()
	s.must(errors.Join(r.Reload(cfg), r.Pause("moving"), r.Resume("moving")))
	r.Stats()
}

// comeAndGo subscribes to a route again and again until ctx ends, and checks some of what comes.
func (s site) comeAndGo(ctx context.Context, r *relay.Relay, name string, want mixWant) {
	for ctx.Err() == nil {
		at, _, err := r.Endpoint(name)
		if err != nil {
			s.Errorf("route %s: %v", name, err)
			return
		}
		sub, err := s.node.Subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(at.String()), Topics: []string{message.Magic}, Recycle: true})
		if err != nil {
			s.Errorf("late subscriber: %v", err)
			return
		}
		s.readSome(ctx, sub, want)
		s.closed(sub)
	}
}

// readSome checks what comes until there was some, or nothing comes for a while.
func (s site) readSome(ctx context.Context, sub *pubsub.Subscriber, want mixWant) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	for range 200 {
		m, err := sub.Receive(ctx)
		if err != nil {
			return // a route that is paused sends nothing
		}
		if _, _, _, err := want.check(string(m.Bytes())); err != nil {
			s.Errorf("late subscriber: %v", err)
			return
		}
	}
}
