package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pytroll/posttroll-go/internal/scripttest"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

// newPublisher binds a publisher for the rest of the script.
func newPublisher(ts *testscript.TestScript, neg bool, args []string) {
	scripttest.Usage(ts, neg, len(args) == 2, "publisher NAME PORT")
	pub, err := of(ts).node.Publisher(pubsub.PublisherOptions{Address: "tcp://127.0.0.1:" + args[1], Announce: pubsub.AnnounceNone})
	ts.Check(err)
	of(ts).publishers[args[0]] = pub
	ts.Defer(func() {
		if err := pub.Close(); err != nil {
			ts.Logf("close publisher %s: %v", args[0], err)
		}
	})
}

func publisherOf(ts *testscript.TestScript, name string) *pubsub.Publisher {
	pub := of(ts).publishers[name]
	if pub == nil {
		ts.Fatalf("no publisher %s", name)
	}
	return pub
}

// newSubscriber connects a subscriber for the rest of the script.
func newSubscriber(ts *testscript.TestScript, neg bool, args []string) {
	scripttest.Usage(ts, neg, len(args) == 2, "subscriber NAME PORT")
	sub, err := of(ts).node.Subscriber(pubsub.SubscriberOptions{
		Addresses: pubsub.URIs("tcp://127.0.0.1:" + args[1]), Topics: []string{message.Magic},
	})
	ts.Check(err)
	of(ts).subscribers[args[0]] = sub
	ts.Defer(func() {
		if err := sub.Close(); err != nil {
			ts.Logf("close subscriber %s: %v", args[0], err)
		}
	})
}

// flows publishes messages until one of them has come to a subscriber, byte for byte.
func flows(ts *testscript.TestScript, neg bool, args []string) {
	scripttest.Usage(ts, neg, len(args) == 3 && of(ts).subscribers[args[1]] != nil, "flows PUBLISHER SUBSCRIBER SUBJECT")
	pub, sub := publisherOf(ts, args[0]), of(ts).subscribers[args[1]]
	ctx, cancel := context.WithTimeout(context.Background(), scripttest.Patience)
	defer cancel()
	var sent [][]byte
	for n := 0; ctx.Err() == nil; n++ {
		m, err := message.New(args[2], "file", map[string]any{"uid": strconv.Itoa(n), "now": time.Now().UnixNano()})
		ts.Check(err)
		sent = append(sent, m.Bytes())
		ts.Check(pub.Send(ctx, m))
		if receives(ts, ctx, sub, sent) {
			return
		}
	}
	ts.Fatalf("nothing of %s came to %s", args[0], args[1])
}

// receives waits a moment for one of the messages that were sent; others are passed over.
func receives(ts *testscript.TestScript, ctx context.Context, sub *pubsub.Subscriber, sent [][]byte) bool {
	moment, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	for {
		m, err := sub.Receive(moment)
		if errors.Is(err, context.DeadlineExceeded) {
			return false
		}
		ts.Check(err)
		if slices.ContainsFunc(sent, func(frame []byte) bool { return bytes.Equal(frame, m.Bytes()) }) {
			return true
		}
	}
}

// asked waits until somebody has subscribed to what a publisher has, or nobody has any more.
func asked(ts *testscript.TestScript, neg bool, args []string) {
	scripttest.Usage(ts, false, len(args) == 1, "[!] asked PUBLISHER")
	pub := publisherOf(ts, args[0])
	scripttest.Eventually(ts, func() error {
		if got := pub.Subscriptions(); (len(got) > 0) == neg {
			return fmt.Errorf("subscriptions at %s: %v", args[0], got)
		}
		return nil
	})
}

// stays checks that the connections of a publisher are those that they were when "stays" was first called for it.
func stays(ts *testscript.TestScript, neg bool, args []string) {
	scripttest.Usage(ts, neg, len(args) == 1, "stays PUBLISHER")
	var now []string
	for _, c := range publisherOf(ts, args[0]).Clients() {
		now = append(now, c.Addr.String())
	}
	slices.Sort(now)
	variable := "STAYS_" + args[0]
	was := cmp.Or(ts.Getenv(variable), strings.Join(now, " "))
	if was == "" || was != strings.Join(now, " ") {
		ts.Fatalf("connections to %s: %q, were %q", args[0], now, was)
	}
	ts.Setenv(variable, was)
}
