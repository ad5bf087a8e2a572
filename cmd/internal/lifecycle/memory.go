package lifecycle

import (
	"runtime/debug"
	"runtime/metrics"
)

// worthwhile is how much memory of Go a daemon has to have, in bytes, before some is given back, which costs a garbage collection. An idle one has less.
const worthwhile = 12 << 20

// GiveBack gives memory that Go does not need any more back to the system. Go itself does so within minutes, and keeps a part: a daemon that sleeps most of the
// time would be as large as something has made it that is long over. What is dead already can't be told without a collection, so the caller bounds how often.
func GiveBack() {
	if heap() >= worthwhile {
		debug.FreeOSMemory()
	}
}

// heap is the memory of Go's objects, dead ones among them, and what is free and not given back, in bytes.
func heap() int64 {
	samples := []metrics.Sample{{Name: "/memory/classes/heap/free:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(samples)
	return int64(samples[0].Value.Uint64() + samples[1].Value.Uint64())
}
