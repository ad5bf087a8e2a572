package relay_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/relay"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// noting is a transport that notes the keep-alive of what is made.
type noting struct {
	transport.Transport
	mu    sync.Mutex
	noted []transport.KeepAlive
}

func (n *noting) note(o transport.SocketOptions) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.noted = append(n.noted, o.KeepAlive)
}

func (n *noting) Publisher(cfg transport.PublisherConfig) (transport.Publisher, error) {
	n.note(cfg.SocketOptions)
	return n.Transport.Publisher(cfg)
}

func (n *noting) Subscriber(cfg transport.SubscriberConfig) (transport.Subscriber, error) {
	n.note(cfg.SocketOptions)
	return n.Transport.Subscriber(cfg)
}

// Keep-alive is on for sources and sinks, unless it is turned off; what is set counts.
func TestKeepAlive(t *testing.T) {
	t.Parallel()
	usual := transport.KeepAlive{Mode: transport.KeepAliveOn, Idle: time.Minute, Interval: 15 * time.Second, Count: 4}
	for _, tt := range []struct {
		name      string
		set, want transport.KeepAlive
	}{
		{"not set", transport.KeepAlive{}, usual},
		{"on", transport.KeepAlive{Mode: transport.KeepAliveOn}, usual},
		{"off", transport.KeepAlive{Mode: transport.KeepAliveOff, Count: 3}, transport.KeepAlive{Mode: transport.KeepAliveOff, Count: 3}},
		{"times", transport.KeepAlive{Idle: time.Hour, Interval: time.Second},
			transport.KeepAlive{Mode: transport.KeepAliveOn, Idle: time.Hour, Interval: time.Second, Count: 4}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			network := &noting{Transport: newNetwork(t).Transport(host(1))}
			r, err := relay.New(configOf(route("a", 9100, uri(2, 9000))), relay.Options{Transport: network, Settings: pubsub.Settings{KeepAlive: tt.set}})
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Listen(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]transport.KeepAlive{tt.want, tt.want}, network.noted); diff != "" {
				t.Errorf("sink and source (-want +got):\n%s", diff)
			}
		})
	}
}
