package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"sync"

	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

// subscribe receives messages of a service until ctx ends, and keeps account.
func subscribe(ctx context.Context, p *party) error {
	sub, err := p.node.Subscriber(pubsub.SubscriberOptions{
		Services: []string{p.service}, Nameservers: []string{loopback}, Topics: []string{"/soak"}, SilenceFactor: 3,
	})
	if err != nil {
		return err
	}
	var mu sync.Mutex
	accounts := ledger{}
	p.report.is(func() any {
		mu.Lock()
		defer mu.Unlock()
		return maps.Clone(accounts)
	})
	for m, err := range sub.Messages(ctx) {
		var data numbered
		if err == nil {
			err = m.Unmarshal(&data)
		}
		if ctx.Err() != nil {
			break
		}
		mu.Lock()
		if err != nil {
			fmt.Fprintln(os.Stderr, "bad message:", err)
			data = numbered{Publisher: "?"}
		}
		accounts.enter(data)
		mu.Unlock()
	}
	return sub.Close()
}
