// Subscribe_topic prints where the files are that "a_service" tells of under /viirs/sdr: only messages whose subject begins so
// leave the publisher. The filter drops those of other types; their data is never decoded.
//
//	go run ./examples/subscribe_topic
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/pytroll/posttroll-go/examples/program"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

func main() { program.Main(subscribe) }

// file is what we want to know of a message.
type file struct {
	URI   string       `json:"uri"`
	Start message.Time `json:"start_time"`
}

func subscribe(ctx context.Context, node *pubsub.Node) (err error) {
	sub, err := node.Subscriber(pubsub.SubscriberOptions{
		Services: []string{"a_service"},
		Topics:   []string{"/viirs/sdr"},
		Filter:   func(m *message.Message) bool { return m.Type() == "file" },
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sub.Close()) }()

	for msg, err := range sub.Messages(ctx) {
		var f file
		if err == nil {
			err = msg.Unmarshal(&f)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			continue
		}
		fmt.Println(f.Start, f.URI)
	}
	return nil
}
