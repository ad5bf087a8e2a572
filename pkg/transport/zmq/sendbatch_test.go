package zmq

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// A subscriber that never reads loses messages of a batch for itself alone: the other one gets all, in their order, whole.
func TestSendBatchPastAFullQueue(t *testing.T) {
	t.Parallel()
	tr := newTransport(t, Options{})
	const rounds, size = 300, 60
	p, err := tr.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0"), SocketOptions: transport.SocketOptions{Queue: 100 * size}})
	must(t, err)
	stuck := newPeers(t).socket(zmq4.SUB)
	must(t, stuck.SetRcvhwm(1))
	must(t, stuck.SetSubscribe(""))
	must(t, stuck.Connect(p.Endpoint().String()))
	s, _ := subscriberTo(t, tr, transport.SubscriberConfig{}, p.Endpoint())
	must(t, p.WaitSubscribed(soon(t), "", 2))
	for round := range rounds {
		var frames [][]byte
		var want []string
		for i := range size {
			text := fmt.Sprintf("%d.%d %s", round, i, strings.Repeat("x", 3000))
			want, frames = append(want, text), append(frames, []byte(text))
		}
		if n, err := p.SendBatch(soon(t), frames); n != size || err != nil {
			t.Fatalf("sent %d, %v, want %d", n, err, size)
		}
		for i, got := range receiveAll(t, s, size) {
			if got != want[i] {
				t.Fatalf("got %.20q, want %.20q", got, want[i])
			}
		}
	}
	if got := p.Stats().Loss.Overflows; got == 0 {
		t.Error("no queue was ever full")
	}
}
