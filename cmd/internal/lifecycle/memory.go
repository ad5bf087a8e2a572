package lifecycle

import (
	"runtime/debug"
	"runtime/metrics"
	"time"

	"go.uber.org/zap"
)

const (
	// worthwhile is how much memory of Go a daemon has to have, in bytes, before some is given back, which costs a garbage collection. An idle one has less.
	worthwhile = 12 << 20
	// startTime is when a daemon has done what it does once.
	startTime = time.Second
)

// Memory gives back what a daemon does not need any more, to the system. Its zero value does not log. It may be called concurrently, and must not be copied.
type Memory struct {
	Logger *zap.Logger // nil: nothing is logged

	pages programPages
}

// Started is called once, when the daemon serves. A second later the pages are given back that only its start has used.
func (m *Memory) Started() { time.AfterFunc(startTime, m.dropPages) }

// GiveBack is called when much may have become free. Go by itself gives memory back within minutes, and keeps a part: a daemon that sleeps most of the
// time would be as large as something has made it that is long over. What is dead already can't be told without a collection, so the caller bounds how often.
func (m *Memory) GiveBack() {
	if heap() >= worthwhile {
		debug.FreeOSMemory()
	}
	m.dropPages()
}

func (m *Memory) dropPages() {
	if err := m.pages.drop(time.Now()); err != nil && m.Logger != nil {
		m.Logger.Debug("pages of the program stay in memory", zap.Error(err))
	}
}

// heap is the memory of Go's objects, dead ones among them, and what is free and not given back, in bytes.
func heap() int64 {
	samples := []metrics.Sample{{Name: "/memory/classes/heap/free:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(samples)
	return int64(samples[0].Value.Uint64() + samples[1].Value.Uint64())
}
