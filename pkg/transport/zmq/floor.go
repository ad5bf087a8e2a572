package zmq

import (
	"math"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
	"weak"

	"golang.org/x/sys/unix"
)

// Go collects garbage each time that as much was allocated as is in use, from 4 MB on. A subscriber that gives its frames away has next to nothing in use, so at full speed
// that is 150 times a second, and on a busy machine two fifths of what the program does: the world stops, threads wake up, and all that was freed is swept.
//
// While a subscriber takes in very much, and its frames are not lent (SubscriberConfig.Recycle), it holds some memory that counts as in use. Nobody
// writes to it, so the system never provides it; what it costs is that as much garbage again may lie about. All subscribers of a process hold the same. It is not for
// programs that have said themselves how much memory they want to take, with GOGC or GOMEMLIMIT.
type floor [8 << 20]byte

// busyBytes are those that a busy subscriber takes in within busyTime: 20,000 file messages a second.
const (
	busyBytes = 16 << 20
	busyTime  = time.Second
	// floorRest is how long the floor is held after that: what comes and goes is not worth making it anew.
	floorRest = 10 * time.Second
)

// pressure holds the floor while much is taken in. All but its floor is of the goroutine that receives.
type pressure struct {
	floor atomic.Pointer[floor] // nil: it is not held
	bytes int64
	since time.Time
	rest  *time.Timer
}

func newPressure() *pressure {
	p := &pressure{}
	p.rest = time.AfterFunc(time.Hour, p.release)
	p.rest.Stop()
	return p
}

// add takes in that so many bytes were given away.
func (p *pressure) add(bytes int64) {
	if p.bytes += bytes; p.bytes < busyBytes {
		return
	}
	now := time.Now()
	if now.Sub(p.since) < busyTime {
		if p.floor.Load() == nil {
			p.floor.Store(holdFloor())
		}
		p.rest.Reset(floorRest)
	}
	p.bytes, p.since = 0, now
}

func (p *pressure) release() { p.floor.Store(nil) }

// stop ends it. Nobody receives any more, or a moment longer.
func (p *pressure) stop() {
	p.rest.Stop()
	p.release()
}

var held struct {
	mu    sync.Mutex
	floor weak.Pointer[floor]
}

// holdFloor returns the floor of this process, nil where it is to have none.
func holdFloor() *floor {
	if !defaultCollector() {
		return nil
	}
	held.mu.Lock()
	defer held.mu.Unlock()
	f := held.floor.Value()
	if f == nil {
		f = new(floor)
		f.empty()
		held.floor = weak.Make(f)
	}
	return f
}

// empty tells the system that it need not provide the memory, which Go has written zeros to where it was used before. It reads as zeros after that, too, if it is
// ever read.
func (f *floor) empty() {
	page := uintptr(os.Getpagesize())
	begin := -uintptr(unsafe.Pointer(f)) % page
	// What fails leaves the memory where it is.
	_ = unix.Madvise(f[begin:len(f)-int(page)], unix.MADV_DONTNEED)
}

// defaultCollector tells whether the collector's settings are those that it has by itself.
func defaultCollector() bool {
	percent := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	metrics.Read(percent)
	return percent[0].Value.Kind() == metrics.KindUint64 && percent[0].Value.Uint64() == 100 && debug.SetMemoryLimit(-1) == math.MaxInt64
}
