package interop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/dedup"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport/zmq"
)

// subscriberVariable makes this test's program a subscriber that counts, as one written in Go has it: its value is the service that is looked for
// on this host.
const subscriberVariable = "INTEROP_SUBSCRIBER"

// goSubscriber adds one that drops duplicates, on the host of the nameserver.
func (c *crowd) goSubscriber(t *testing.T, m *machine, service string) {
	t.Helper()
	cmd := m.command(os.Args[0])
	cmd.Env = append(cmd.Env, subscriberVariable+"="+service)
	c.subs = append(c.subs, m.start(t, cmd))
}

// subscribe receives messages of a service until it is told to end, and prints the same counts as the Python subscriber.
func subscribe(service string, out io.Writer) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	network, err := zmq.New(zmq.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, network.Close()) }()
	node, err := pubsub.New(pubsub.Options{Transport: network})
	if err != nil {
		return err
	}
	sub, err := node.Subscriber(pubsub.SubscriberOptions{
		Services: []string{service}, Duplicates: new(dedup.DefaultConfig()), Timeout: pause,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sub.Close()) }()
	counts, printed := counts{last: make(map[string]int)}, ""
	for m, err := range sub.Messages(ctx) {
		switch {
		case err == nil:
			var data numberedData
			if err := m.Unmarshal(&data); err != nil {
				return err
			}
			counts.add(data)
		case errors.Is(err, pubsub.ErrTimeout):
			if text := counts.String(); text != printed {
				printed = text
				if _, err := fmt.Fprintln(out, text); err != nil {
					return err
				}
			}
		case errors.Is(err, context.Canceled):
			return nil
		default:
			return err
		}
	}
	return nil
}

// pause is without messages when the counts are printed: whether one that waits is a duplicate nobody knows.
const pause = 10 * time.Millisecond

// numberedData is what the messages of Python publishers hold that matters here.
type numberedData struct {
	Publisher string `json:"publisher"`
	Number    int    `json:"number"`
}

// counts are the last number of each publisher, and how many messages since its first one did not have the number that was next.
type counts struct {
	last  map[string]int
	wrong int
}

func (c *counts) add(data numberedData) {
	if last, ok := c.last[data.Publisher]; ok && data.Number != last+1 {
		c.wrong++
		fmt.Fprintln(os.Stderr, data.Publisher, "sent", data.Number, "after", last)
	}
	c.last[data.Publisher] = data.Number
}

// String returns the counts as JSON, spaced as Python does.
func (c *counts) String() string {
	var last []string
	for _, name := range slices.Sorted(maps.Keys(c.last)) {
		last = append(last, fmt.Sprintf("%q: %d", name, c.last[name]))
	}
	return fmt.Sprintf(`{"last": {%s}, "wrong": %d}`, strings.Join(last, ", "), c.wrong)
}
