package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

const (
	benchSubject = "/posttroll/bench"
	benchType    = "bench"
	benchEnd     = "bench.end"
	benchEnds    = 3 // it is said so often
	// benchWindow is how many messages are on their way at most where both ends are here.
	benchWindow = 1000
	// benchSamples are the delays that are kept, chosen at random of all.
	benchSamples = 100_000
)

// benchSource makes messages.
type benchSource struct {
	*load
	subject string
	padding string
}

func newBenchSource(l *load) *benchSource {
	var id [4]byte
	binary.BigEndian.PutUint32(id[:], rand.Uint32())
	return &benchSource{load: l, subject: fmt.Sprintf("%s/%x", benchSubject, id), padding: strings.Repeat("x", l.size)}
}

// message returns the one of a number, as large as asked for and with the time of now.
func (b *benchSource) message(number int, typ string) (*message.Message, error) {
	text := strconv.Itoa(number) + " "
	m, err := message.New(b.subject, typ, text)
	if err != nil || typ == benchEnd || len(m.Bytes()) >= b.size {
		return m, err
	}
	return message.New(b.subject, typ, text+b.padding[:b.size-len(m.Bytes())])
}

// send sends until it was for long enough. Where the other end is here too, no more are on their way than it can take.
func (b *benchSource) send(ctx context.Context, pub *pubsub.Publisher, here *benchSink) (sent int, took time.Duration, err error) {
	begun := time.Now()
	defer func() { took = time.Since(begun) }()
	for time.Since(begun) < b.duration {
		if err := b.wait(ctx, begun, sent, here); err != nil {
			return sent, took, err
		}
		m, err := b.message(sent, benchType)
		if err == nil {
			err = pub.Send(ctx, m)
		}
		if err != nil {
			return sent, took, err
		}
		sent++
	}
	for range benchEnds {
		m, err := b.message(sent, benchEnd)
		if err == nil {
			err = pub.Send(ctx, m)
		}
		if err != nil {
			return sent, took, err
		}
	}
	return sent, took, nil
}

// wait waits until the next message is due, and has room.
func (b *benchSource) wait(ctx context.Context, begun time.Time, sent int, here *benchSink) error {
	for here != nil && uint64(sent)-here.seen.Load() >= benchWindow {
		if err := pause(ctx, 50*time.Microsecond); err != nil {
			return err
		}
	}
	if b.rate == 0 {
		return ctx.Err()
	}
	due := begun.Add(time.Duration(float64(sent) / b.rate * float64(time.Second)))
	if ahead := time.Until(due); ahead > 0 {
		return pause(ctx, ahead)
	}
	return ctx.Err()
}

// benchSink measures what comes.
type benchSink struct {
	seen atomic.Uint64 // messages received, for the other end

	subject     string // of the bench that is measured: the first that comes
	received    int
	bytes       int64
	first, last int // numbers
	total       int // messages that were sent, as the end says; 0: not known
	begun, done time.Time
	delays      []time.Duration // a sample of all
}

func newBenchSink() *benchSink { return &benchSink{} }

// take receives until the other end says that this was all.
func (b *benchSink) take(ctx context.Context, sub *pubsub.Subscriber) error {
	batch := make([]pubsub.Received, 0, 256)
	for {
		var err error
		if batch, err = sub.ReceiveBatch(ctx, batch[:0]); err != nil {
			return err
		}
		now := time.Now()
		for i := range batch {
			if m := batch[i].Message; m != nil && b.add(m, now) {
				return nil
			}
		}
	}
}

// add takes in a message that came at a time. It tells whether it was the last one.
func (b *benchSink) add(m *message.Message, now time.Time) (end bool) {
	if b.subject == "" {
		b.subject = strings.Clone(m.Subject())
	}
	number, ok := benchNumber(m)
	if m.Subject() != b.subject || !ok {
		return false // of another bench
	}
	if m.Type() == benchEnd {
		b.total = number
		return true
	}
	if b.received == 0 {
		b.first, b.begun = number, now
	}
	b.last, b.done = max(b.last, number), now
	b.received++
	b.bytes += int64(len(m.Bytes()))
	b.sample(now.Sub(m.Time().Time))
	b.seen.Add(1)
	return false
}

// sample keeps a delay, each with the same chance.
func (b *benchSink) sample(delay time.Duration) {
	if len(b.delays) < benchSamples {
		b.delays = append(b.delays, delay)
	} else if at := rand.IntN(b.received); at < benchSamples {
		b.delays[at] = delay
	}
}

func benchNumber(m *message.Message) (int, bool) {
	text, _, _ := strings.Cut(string(m.RawData()[:min(len(m.RawData()), 20)]), " ")
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 0
}

// lost is how many of those sent since the first that came did not.
func (b *benchSink) lost() int { return max(max(b.total, b.last+1)-b.first-b.received, 0) }

// report writes what was measured.
func (b *benchSink) report(w io.Writer) {
	seconds := max(b.done.Sub(b.begun).Seconds(), 1e-9)
	all := b.received + b.lost()
	var text strings.Builder
	fmt.Fprintf(&text, "received  %d messages, %s, in %s\n", b.received, amount(b.bytes), roundTime(b.done.Sub(b.begun)))
	fmt.Fprintf(&text, "lost      %d (%.2f %%)\n", b.lost(), 100*float64(b.lost())/float64(all))
	if b.received > 1 {
		fmt.Fprintf(&text, "rate      %.0f messages a second, %s a second\n", float64(b.received-1)/seconds, amount(int64(float64(b.bytes)/seconds)))
	}
	slices.Sort(b.delays)
	at := func(part float64) time.Duration { return b.delays[int(part*float64(len(b.delays)-1))] }
	fmt.Fprintf(&text, "delay     half within %s, 99 %% within %s, the slowest %s\n", roundTime(at(0.5)), roundTime(at(0.99)), roundTime(at(1)))
	fmt.Fprintf(&text, "          beside the fastest: half within %s, 99 %% within %s\n", roundTime(at(0.5)-at(0)), roundTime(at(0.99)-at(0)))
	_, _ = io.WriteString(w, text.String()) // who does not read it, does not want it
}
