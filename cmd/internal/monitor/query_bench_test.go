package monitor

import (
	"fmt"
	"iter"
	"net/url"
	"testing"
	"time"
)

// BenchmarkQuery asks for what no publisher of a hundred thousand is, with as many patterns as there may be.
func BenchmarkQuery(b *testing.B) {
	all := make([]Publisher, 100_000)
	for i := range all {
		all[i] = NewPublisher(fmt.Sprintf("tcp://10.0.0.2:%d", i), []string{fmt.Sprint("service_", i), "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "b"}, time.Now())
	}
	l := &Listing{All: func() iter.Seq[Publisher] {
		return func(yield func(Publisher) bool) {
			for _, p := range all {
				if !yield(p) {
					return
				}
			}
		}
	}}
	for _, count := range []int{1, maxPatterns} {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			values := url.Values{}
			for range count {
				values.Add("name", "*a*a*a*a*a*x")
			}
			q, err := parseQuery(values, nil)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				l.page(q)
			}
		})
	}
}
