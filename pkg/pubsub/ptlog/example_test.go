package ptlog_test

import (
	"context"
	"fmt"
	"log"
	"net/netip"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/pubsub/ptlog"
	"github.com/pytroll/posttroll-go/pkg/transport/inmem"
)

func ExampleNewCore() {
	network := inmem.NewNetwork()
	defer network.Close()
	node, err := pubsub.New(pubsub.Options{Transport: network.Transport(netip.MustParseAddr("10.0.0.1"))})
	if err != nil {
		log.Fatal(err)
	}
	pub, err := node.Publisher(pubsub.PublisherOptions{Port: 9000, Announce: pubsub.AnnounceNone})
	if err != nil {
		log.Fatal(err)
	}
	defer pub.Close()
	sub, err := node.Subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs("tcp://10.0.0.1:9000"), Topics: []string{"pytroll:/log/"}})
	if err != nil {
		log.Fatal(err)
	}
	defer sub.Close()

	// To what a program logs with, warnings and worse are added as messages.
	logger := zap.NewNop().WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core {
		return zapcore.NewTee(core, ptlog.NewCore(pub, zapcore.WarnLevel))
	}))
	logger.Named("collector").Warn("segment missing", zap.Int("segment", 7))

	msg, err := sub.Receive(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(msg.Subject(), msg.Type(), string(msg.RawData()))
	// Output: log/WARNING/collector log.warning segment missing {"segment": 7}
}
