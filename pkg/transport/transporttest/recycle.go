package transporttest

import (
	"fmt"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// testRecycle: frames that are lent stay as they are until the next call of Receive, whatever comes in meanwhile.
func testRecycle(t *testing.T, b *bench) {
	p := b.publisher(Any)
	s := b.subscriber(transport.SubscriberConfig{Recycle: true}, "", p)
	const rounds, each = 40, 150
	frame := func(i int) string { return fmt.Sprintf("message %d %0*d", i, i*i%2500, i) }
	sent, got := 0, 0
	send := func() {
		for range each {
			b.send(p, frame(sent))
			sent++
		}
	}
	send()
	for got < rounds*each {
		frames, err := s.Receive(b.context())
		b.must(err)
		if sent < rounds*each {
			send()
			b.eventually("more has come in", func() bool { return s.Stats().Received == uint64(sent) })
		}
		for _, f := range frames {
			if want := frame(got); string(f.Body) != want {
				t.Fatalf("frame %d: got %.40q, want %.40q", got, f.Body, want)
			}
			got++
		}
	}
	large := string(make([]byte, 1<<20))
	b.send(p, large, "small")
	b.expect(s, large, "small")
}
