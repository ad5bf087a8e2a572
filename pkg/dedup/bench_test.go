package dedup_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/dedup"
	"github.com/pytroll/posttroll-go/pkg/message"
)

// file is a message of the size that figures are given for, 748 bytes.
var file = head + json + `{"uid": "SVM13_j01.h5", "uri": "ssh://lxserv1.example.org/data/SVM13_j01.h5", "pad": "` + strings.Repeat("x", 587) + `"}`

// BenchmarkSee is a stream in which every message comes twice, in a window that is full.
func BenchmarkSee(b *testing.B) {
	for _, by := range []dedup.By{dedup.ByMessage, dedup.ByContent, dedup.ByUID} {
		b.Run(string(by), func(b *testing.B) {
			w := open(b, dedup.Config{By: by, Window: time.Hour})
			messages := make([]*message.Message, 2*dedup.DefaultMaxEntries)
			for i := range messages {
				messages[i] = decode(b, strings.Replace(file, "SVM13", numbered(i)[len(numbered(0))-2:], 1))
			}
			b.ReportAllocs()
			b.SetBytes(int64(len(file)))
			i := 0
			for b.Loop() {
				if _, err := w.See(messages[i/2%len(messages)], start); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}

// Knowing a message again by its bytes costs no memory.
func TestAllocations(t *testing.T) {
	m := decode(t, file)
	for _, by := range []dedup.By{dedup.ByMessage, dedup.ByContent} {
		w := open(t, dedup.Config{By: by})
		see(t, w, file, 0)
		got := testing.AllocsPerRun(100, func() {
			if v, err := w.See(m, start); v != dedup.Duplicate || err != nil {
				t.Fatal(v, err)
			}
		})
		if got > 0 {
			t.Errorf("%s: %v allocations", by, got)
		}
	}
}
