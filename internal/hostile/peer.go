package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport/zmq"
)

// peerCommand makes the program be a publisher and a subscriber of package pubsub, in a process of their own: what ends them must not end us.
const peerCommand = "peer"

// runPeer publishes lines of in as messages and prints those that come, until in ends. Its arguments are ports: those of the nameserver, and where to publish.
func runPeer(ctx context.Context, args []string, in io.Reader, out io.Writer) (err error) {
	if len(args) != 4 {
		return errors.New("peer takes four ports")
	}
	var ports [4]int
	for i, arg := range args {
		if ports[i], err = strconv.Atoi(arg); err != nil {
			return err
		}
	}
	log, err := zap.NewProduction()
	if err != nil {
		return err
	}
	network, err := zmq.New(zmq.Options{Logger: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, network.Close()) }()
	node, err := pubsub.New(pubsub.Options{Transport: network, Logger: log, Settings: pubsub.Settings{
		NameserverPort: ports[0], AddressPublishPort: ports[1], BroadcastPort: ports[2], MulticastInterface: netip.MustParseAddr(home),
	}})
	if err != nil {
		return err
	}
	pub, err := node.Publisher(pubsub.PublisherOptions{Name: serviceGo, Address: at(ports[3]), Nameservers: []string{home}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pub.Close()) }()
	sub, err := node.Subscriber(pubsub.SubscriberOptions{Services: []string{serviceCtl, serviceGo}, Nameservers: []string{home}})
	if err != nil {
		return err
	}
	printed := make(chan error, 1)
	go func() { printed <- printMessages(ctx, sub, out) }()
	defer func() { err = errors.Join(err, sub.Close(), <-printed) }()
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if err := pub.SendText(ctx, lines.Text()); err != nil {
			return err
		}
	}
	return lines.Err()
}

// printMessages prints messages until the subscriber is closed. What is none is passed over.
func printMessages(ctx context.Context, sub *pubsub.Subscriber, out io.Writer) error {
	for m, err := range sub.Messages(ctx) {
		if err != nil {
			continue
		}
		if _, err := fmt.Fprintln(out, m); err != nil {
			return err
		}
	}
	return nil
}
