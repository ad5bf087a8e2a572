package zmq

import (
	"context"
	"io"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// TestNothingIsLostOfWhatThereIsRoomFor: a subscriber that has taken all loses nothing of as much as its queue holds, however soon that comes. libzmq notes only once in a
// millisecond that there is room again.
func TestNothingIsLostOfWhatThereIsRoomFor(t *testing.T) {
	t.Parallel()
	const queue, rounds = 10, 500
	nothing := &transport.Welcome{Frames: func(string) [][]byte { return nil }}
	for name, tt := range map[string]struct {
		welcome *transport.Welcome
		send    func(context.Context, transport.Publisher, [][]byte) error
	}{
		"one by one":          {nil, sendOneByOne},
		"in batches":          {nil, sendBatch},
		"with a last message": {nothing, sendOneByOne},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := newTransport(t, Options{}).Publisher(transport.PublisherConfig{
				Endpoint: endpoint(t, "tcp://127.0.0.1:0"), Welcome: tt.welcome, SocketOptions: transport.SocketOptions{Queue: queue},
			})
			must(t, err)
			peer := rawSubscriber(t, p)
			var frames [][]byte
			size := 0
			for i := range queue {
				frames = append(frames, []byte{'a' + byte(i)})
				size += len(rawFrame(0, string(frames[i])))
			}
			got := make([]byte, size)
			for round := range rounds {
				must(t, tt.send(t.Context(), p, frames))
				if _, err := io.ReadFull(peer, got); err != nil {
					t.Fatalf("round %d of %d: %v", round, rounds, err)
				}
			}
			if lost := p.Stats().Loss.Overflows; lost > 0 {
				t.Errorf("%d messages met a full queue", lost)
			}
		})
	}
}

func sendOneByOne(ctx context.Context, p transport.Publisher, frames [][]byte) error {
	for _, frame := range frames {
		if err := p.Send(ctx, frame); err != nil {
			return err
		}
	}
	return nil
}

func sendBatch(ctx context.Context, p transport.Publisher, frames [][]byte) error {
	_, err := p.SendBatch(ctx, frames)
	return err
}
