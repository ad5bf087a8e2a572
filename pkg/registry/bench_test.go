package registry_test

import (
	"fmt"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/registry"
)

var sizes = []int{100, 1_000, 10_000, 100_000}

func bySize(b *testing.B, f func(b *testing.B, size int)) {
	for _, size := range sizes {
		b.Run(fmt.Sprint(size), func(b *testing.B) { f(b, size) })
	}
}

// typical is an announcement as publishers send it today.
func typical(i int) registry.Publisher {
	uri := fmt.Sprintf("tcp://10.%d.%d.%d:%d", i>>16, i>>8&255, i&255, 40000+i%1000)
	name := fmt.Sprintf("viirs_sdr_%d", i)
	return registry.Publisher{
		URI: uri, Name: "address", Services: registry.Services{Names: []string{name, "viirs_sdr_alias"}},
		Data: fmt.Appendf(nil, `{"URI": %q, "service": [%q, "viirs_sdr_alias"], "supported_message_version": "v1.2", `+
			`"backend": "unsecure_zmq", "status": true, "name": "address"`, uri, name),
		Source: registry.Source{Addr: netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})},
	}
}

func filled(b *testing.B, size int) *registry.Registry {
	r := registry.New(config())
	for i := range size {
		if _, _, err := r.Announce(typical(i), start); err != nil {
			b.Fatal(err)
		}
	}
	return r
}

func BenchmarkLookupOne(b *testing.B) {
	bySize(b, func(b *testing.B, size int) {
		r := filled(b, size)
		q := registry.Query{Service: fmt.Sprintf("viirs_sdr_%d", size/2)}
		buf := make([]byte, 0, 1024)
		b.ReportAllocs()
		for b.Loop() {
			if _, n := r.AppendMatches(buf, q); n != 1 {
				b.Fatal("not found")
			}
		}
	})
}

func BenchmarkLookupAll(b *testing.B) {
	bySize(b, func(b *testing.B, size int) {
		r := filled(b, size)
		var buf []byte
		for b.Loop() {
			buf, _ = r.AppendMatches(buf[:0], registry.Query{})
		}
		b.SetBytes(int64(len(buf)))
	})
}

func BenchmarkRenew(b *testing.B) {
	bySize(b, func(b *testing.B, size int) {
		r := filled(b, size)
		ps := make([]registry.Publisher, size)
		for i := range ps {
			ps[i] = typical(i)
		}
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			if outcome, _, err := r.Announce(ps[i%size], start); err != nil || outcome != registry.Renewed {
				b.Fatal(outcome, err)
			}
			i++
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	for b.Loop() {
		filled(b, 10_000)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10_000, "ns/entry")
}

// BenchmarkExpire tells, besides the time to remove everything, the longest time that a lookup waited meanwhile.
func BenchmarkExpire(b *testing.B) {
	bySize(b, func(b *testing.B, size int) {
		var longest time.Duration
		for b.Loop() {
			b.StopTimer()
			r := filled(b, size)
			runtime.GC() // its pauses are not the table's
			stop, done := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(done)
				for {
					select {
					case <-stop:
						return
					default:
					}
					t := time.Now()
					r.Len()
					longest = max(longest, time.Since(t))
					runtime.Gosched()
				}
			}()
			b.StartTimer()
			if gone := r.Expire(start.Add(time.Hour)); len(gone) != size {
				b.Fatal(len(gone))
			}
			b.StopTimer()
			close(stop)
			<-done
			b.StartTimer()
		}
		b.ReportMetric(float64(longest.Microseconds()), "µs-pause")
	})
}

func BenchmarkMemory(b *testing.B) {
	bySize(b, func(b *testing.B, size int) {
		var before, after runtime.MemStats
		var r *registry.Registry
		for b.Loop() {
			r = nil
			runtime.GC()
			runtime.ReadMemStats(&before)
			r = filled(b, size)
			runtime.GC()
			runtime.ReadMemStats(&after)
		}
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(size), "B/entry")
		runtime.KeepAlive(r)
	})
}
