package inmem_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

func TestPushGoesInTurn(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		_, a, b := hosts(t)
		pull := func() transport.Puller {
			p, err := b.Puller(transport.PullerConfig{Address: address(t, "tcp://10.0.0.1:9000")})
			must(t, err)
			return p
		}
		first := pull()
		push, err := a.Pusher(endpoint(t, "tcp://*:9000"))
		must(t, err)
		second := pull()
		for _, f := range []string{"1", "2", "3"} {
			must(t, push.Send(t.Context(), []byte(f)))
		}
		must(t, first.Close())
		must(t, push.Send(t.Context(), []byte("4")))
		if diff := cmp.Diff([]string{"2", "4"}, arrived(t, second)); diff != "" {
			t.Errorf("received (-want +got):\n%s", diff)
		}
	})
}
