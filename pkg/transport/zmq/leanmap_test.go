package zmq

import (
	"runtime"
	"testing"
)

// TestTopicsLeaveNoMemory: topics that were taken back leave next to nothing behind, and those that stay are there.
func TestTopicsLeaveNoMemory(t *testing.T) {
	const many, stay = 100_000, 10
	all := newTopics()
	var one topicSet
	topic := func(i int) []byte { return []byte{byte(i), byte(i >> 8), byte(i >> 16)} }
	before := liveBytes()
	for i := range many {
		all.apply(topic(i), true)
		one.apply(topic(i), true)
	}
	for i := stay; i < many; i++ {
		all.apply(topic(i), false)
		one.apply(topic(i), false)
	}
	if more := liveBytes() - before; more > 64<<10 {
		t.Errorf("%d bytes are left", more)
	}
	for i := range many {
		if got, want := all.covers(topic(i)), i < stay; got != want {
			t.Fatalf("topic %d is there: %v, want %v", i, got, want)
		}
		if got, want := one.covers(topic(i)), i < stay; got != want {
			t.Fatalf("topic %d of one connection is there: %v, want %v", i, got, want)
		}
	}
}

// liveBytes is what Go has in use.
func liveBytes() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
