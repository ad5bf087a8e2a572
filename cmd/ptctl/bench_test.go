package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestBenchSink: what is missing between the first and the last message is lost, also at the end, and other benches don't count.
func TestBenchSink(t *testing.T) {
	t.Parallel()
	source, other := newBenchSource(&load{size: 300}), newBenchSource(&load{size: 300})
	sink := newBenchSink()
	start := time.Now()
	add := func(from *benchSource, number int, typ string, after time.Duration) bool {
		m, err := from.message(number, typ)
		if err != nil {
			t.Fatal(err)
		}
		if typ == benchType && len(m.Bytes()) != 300 {
			t.Errorf("message of %d bytes, want 300", len(m.Bytes()))
		}
		return sink.add(m, m.Time().Add(after))
	}
	for _, number := range []int{5, 6, 7, 10, 11} {
		if add(source, number, benchType, time.Duration(number)*time.Millisecond) {
			t.Fatalf("message %d ends it", number)
		}
	}
	if add(other, 1000, benchType, 0) || add(other, 1000, benchEnd, 0) {
		t.Error("another bench ends it")
	}
	if got := sink.lost(); got != 2 {
		t.Errorf("before the end: lost %d, want 2", got)
	}
	if !add(source, 15, benchEnd, 0) {
		t.Error("the end does not end it")
	}
	if sink.received != 5 || sink.lost() != 5 || sink.bytes != 1500 {
		t.Errorf("received %d (%d bytes), lost %d; want 5 (1500), 5", sink.received, sink.bytes, sink.lost())
	}
	sink.begun, sink.done = start, start.Add(2*time.Second)
	var b bytes.Buffer
	sink.report(&b)
	const want = `received  5 messages, 1.5 kB, in 2s
lost      5 (50.00 %)
rate      2 messages a second, 750 B a second
delay     half within 7ms, 99 % within 10ms, the slowest 11ms
          beside the fastest: half within 2ms, 99 % within 5ms
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

// TestBenchSample: however many there are, no more delays are kept than there is room for, and all have their chance.
func TestBenchSample(t *testing.T) {
	t.Parallel()
	sink := newBenchSink()
	for i := range 3 * benchSamples {
		sink.received++
		sink.sample(time.Duration(i))
	}
	late := 0
	for _, d := range sink.delays {
		if d >= 2*benchSamples {
			late++
		}
	}
	if len(sink.delays) != benchSamples || late < benchSamples/4 || late > benchSamples/2 {
		t.Errorf("%d kept, %d of the last third; want %d, about a third", len(sink.delays), late, benchSamples)
	}
}
