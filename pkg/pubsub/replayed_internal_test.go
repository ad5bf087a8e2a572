package pubsub

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// sending is a socket that looks at what is there when frames are sent.
type sending struct {
	transport.Publisher

	look func()
}

func (s sending) Send(context.Context, []byte) error { s.look(); return nil }

func (s sending) SendBatch(_ context.Context, frames [][]byte) (int, error) {
	s.look()
	return len(frames), nil
}

// TestReplayHasWhatIsSent: a subscriber that has had the first message of a batch, and asks for the replay at once, must find the others.
func TestReplayHasWhatIsSent(t *testing.T) {
	t.Parallel()
	var found []int
	p := &Publisher{lax: true, late: late{replay: newReplayed(Replay{}.withDefaults())}}
	p.socket = sending{look: func() { found = append(found, len(p.late.replay.under("pytroll:/"))) }}
	if err := p.SendFrame(t.Context(), frame("/a", "1")); err != nil {
		t.Fatal(err)
	}
	if _, err := p.SendFrames(t.Context(), [][]byte{frame("/a", "2"), frame("/a", "3")}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{1, 3}, found); diff != "" {
		t.Errorf("messages for the replay, while others are sent (-want +got):\n%s", diff)
	}
}
