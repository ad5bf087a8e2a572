package main

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

// What publishers send.
const (
	interval = 20 * time.Millisecond // between two messages
	bigEach  = 10                    // so many messages are small for one that is not
	small    = 500                   // bytes of filling
	big      = 18_000
)

// numbered is the data of a message.
type numbered struct {
	Publisher string `json:"publisher"`
	Number    int    `json:"number"` // from 1 on
	Filling   string `json:"filling"`
}

// filling is what message number of a publisher must hold.
func filling(number int) string {
	size := small
	if number%bigEach == 0 {
		size = big
	}
	return strings.Repeat(string(rune('a'+number%26)), size)
}

// sent is what a publisher tells.
type sent struct {
	URI   string `json:"uri"`
	Count int64  `json:"count"`
}

// publish sends numbered messages at a steady pace until ctx ends.
func publish(ctx context.Context, p *party) error {
	o := pubsub.PublisherOptions{Name: p.name, Aliases: []string{p.service}, Advertise: loopback}
	if !p.multicast {
		o.Nameservers = []string{loopback}
	}
	pub, err := p.node.Publisher(o)
	if err != nil {
		return err
	}
	var count atomic.Int64
	p.report.is(func() any { return sent{pub.URI(), count.Load()} })
	tick := time.NewTicker(p.slowed(interval))
	defer tick.Stop()
	for err == nil {
		select {
		case <-ctx.Done():
			return pub.Close()
		case <-tick.C:
		}
		number := int(count.Load()) + 1
		// Not ctx: what was begun is sent.
		err = pub.Publish(context.WithoutCancel(ctx), "/soak/"+p.name, "file", numbered{p.name, number, filling(number)})
		count.Add(1)
	}
	return err
}
