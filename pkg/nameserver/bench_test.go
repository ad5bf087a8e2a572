package nameserver

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/registry"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

func benchFrame(i int) []byte {
	return fmt.Appendf(nil, `pytroll://address/viirs_%d info safusr@lx1 2024-05-17T09:41:12.345678 v1.01 application/json `+
		`{"URI": "tcp://10.%d.%d.%d:9000", "service": ["viirs_%d", "alias"], "supported_message_version": "v1.2", "backend": "unsecure_zmq"}`,
		i, i>>16, i>>8&255, i&255, i)
}

// benchServer lists size publishers.
func benchServer(b *testing.B, size int) (*Nameserver, *keeper) {
	n, k := fuzzed(b)
	cfg := *n.config()
	cfg.MaxEntries, cfg.MaxEntriesPerSource = size, size
	if _, err := n.Reload(cfg); err != nil {
		b.Fatal(err)
	}
	for i := range size {
		benchAnnounce(b, k, benchFrame(i))
	}
	return n, k
}

func benchAnnounce(b *testing.B, k *keeper, frame []byte) {
	nt, err := readAnnouncement(frame, 1, 16<<10, registry.Source{Addr: netip.AddrFrom4([4]byte{10})}, "")
	if err != nil {
		b.Fatal(err)
	}
	if err := k.note(context.Background(), nt, time.Now()); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkLookup(b *testing.B) {
	for _, size := range []int{1, 100, 1_000, 10_000, 100_000} {
		n, _ := benchServer(b, size)
		for name, service := range map[string]string{"one": "viirs_0", "all": ""} {
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				req := transport.Request{Parts: 1, Body: fmt.Appendf(nil,
					`pytroll://oper/ns request safusr@lx1 2024-05-17T09:41:12.345678 v1.01 application/json {"service": %q}`, service)}
				b.ReportAllocs()
				var reply []byte
				for b.Loop() {
					reply = n.answer(reply[:0], req, false)
				}
			})
		}
	}
}

// BenchmarkRenew is what an announcement costs that changes nothing, as nearly all do: recognised, and read where it cannot be.
func BenchmarkRenew(b *testing.B) {
	n, k := benchServer(b, 1_000)
	frame := benchFrame(500)
	b.Run("known", func(b *testing.B) {
		hearFrame(b, n, k, string(frame), time.Now())
		b.ReportAllocs()
		for b.Loop() {
			if !hearFrame(b, n, k, string(frame), time.Now()) {
				b.Fatal("not known")
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			benchAnnounce(b, k, frame)
		}
	})
}

// BenchmarkRestore is what a start costs with a state, for each publisher; BenchmarkSave what it costs to write one.
func BenchmarkRestore(b *testing.B) {
	for _, size := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			path := benchState(b, size)
			for b.Loop() {
				n, k := fuzzed(b)
				cfg := *n.config()
				cfg.MaxEntries, cfg.MaxEntriesPerSource = size, size
				n.setConfig(cfg)
				n.registry.Configure(tableConfig(cfg))
				n.saver.path = path
				if !k.restore(time.Now()) || n.registry.Len() != size {
					b.Fatal(n.registry.Len())
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(size), "ns/entry")
		})
	}
}

func BenchmarkSave(b *testing.B) {
	for _, size := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			n, _ := benchServer(b, size)
			n.saver.path = filepath.Join(b.TempDir(), "state")
			for b.Loop() {
				if !n.saver.save() {
					b.Fatal("not saved")
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(size), "ns/entry")
		})
	}
}

func benchState(b *testing.B, size int) string {
	n, _ := benchServer(b, size)
	n.saver.path = filepath.Join(b.TempDir(), "state")
	if !n.saver.save() {
		b.Fatal("not saved")
	}
	return n.saver.path
}
