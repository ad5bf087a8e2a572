package pubsub_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// scarce is a transport whose subscribers can't connect to the ports of publishers while there is no descriptor.
type scarce struct {
	transport.Transport
	none  atomic.Bool
	tries atomic.Int64
}

func (s *scarce) Subscriber(cfg transport.SubscriberConfig) (transport.Subscriber, error) {
	sub, err := s.Transport.Subscriber(cfg)
	return &scarceSubscriber{sub, s}, err
}

type scarceSubscriber struct {
	transport.Subscriber
	*scarce
}

func (s *scarceSubscriber) Connect(a transport.Address) error {
	if strings.Contains(a.Endpoint.String(), ":900") {
		if s.tries.Add(1); s.none.Load() {
			return syscall.EMFILE
		}
	}
	return s.Subscriber.Connect(a)
}

// TestConnectLater: a publisher that is found while there is no file descriptor left is connected to when there is one, without anybody telling of it again, unless it has gone by then.
func TestConnectLater(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		ns := w.startNameserver()
		core, logs := observer.New(zap.InfoLevel)
		network := &scarce{Transport: w.network.Transport(hostB)}
		node, err := pubsub.New(pubsub.Options{Transport: network, Group: w.network.Group(hostB), Logger: zap.New(core)})
		w.must(err)
		sub, err := node.Subscriber(services("viirs"))
		w.must(err)
		w.Cleanup(func() { w.close(sub) })
		pub := w.publisher(9001)
		network.none.Store(true)
		ns.add("tcp://10.0.0.1:9001", "viirs")
		ns.add("tcp://10.0.0.1:9002", "viirs")
		sleep(time.Minute)
		if tries := network.tries.Load(); uris(sub) != "" || tries < 10 || tries > 24 {
			t.Errorf("connected to %q after %d attempts", uris(sub), tries)
		}
		ns.remove("tcp://10.0.0.1:9002", "viirs")
		sleep(time.Minute)
		network.none.Store(false)
		sleep(11 * time.Second)
		if got := uris(sub); got != "tcp://10.0.0.1:9001" {
			t.Errorf("connected to %q", got)
		}
		w.publish(pub, "/1")
		if diff := cmp.Diff([]string{"/1"}, w.arrived(sub)); diff != "" {
			t.Errorf("received (-want +got):\n%s", diff)
		}
		if got := lines(logs); got != "publisher passed over|publisher passed over|publisher added" {
			t.Errorf("logged %q", got)
		}
		before := network.tries.Load()
		sleep(time.Hour)
		if tries := network.tries.Load(); tries != before {
			t.Errorf("%d more attempts", tries-before)
		}
	})
}

// TestFoundOnce: a publisher that can't be connected to at first, and then is since a nameserver tells of it again, is told of as found once: it is not tried once more.
func TestFoundOnce(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		ns := w.startNameserver()
		network := &scarce{Transport: w.network.Transport(hostB)}
		node, err := pubsub.New(pubsub.Options{Transport: network, Group: w.network.Group(hostB)})
		w.must(err)
		var told []string
		o := services("viirs")
		o.Found = func(e discovery.Entry, there bool) {
			told = append(told, fmt.Sprintf("%s %t", e.SupportedVersion, there))
		}
		sub, err := node.Subscriber(o)
		w.must(err)
		w.Cleanup(func() { w.close(sub) })
		w.publisher(9001)
		network.none.Store(true)
		ns.add("tcp://10.0.0.1:9001", "viirs")
		sleep(500 * time.Millisecond)
		network.none.Store(false)
		ns.replace("tcp://10.0.0.1:9001", "viirs", "supported_message_version", "v1.2")
		sleep(time.Minute)
		if diff := cmp.Diff([]string{"v1.2 true"}, told); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
	})
}
