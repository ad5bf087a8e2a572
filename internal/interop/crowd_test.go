package interop

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

// crowd is Python publishers that send when they are asked, and subscribers that must get each message of all of them once, and in the order of its
// publisher.
type crowd struct {
	names []string // of the publishers
	asks  []io.Writer
	subs  []*testbed.Process
	asked int // of each publisher
}

// publisher adds one.
func (c *crowd) publisher(t *testing.T, m *machine, name, service string) {
	t.Helper()
	cmd := m.peer(t, "publisher.py", "1.16", name, "--alias", service, "--asked")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	m.start(t, cmd)
	c.names, c.asks = append(c.names, name), append(c.asks, stdin)
}

// subscriber adds a Python one to a service that the nameserver on a host knows.
func (c *crowd) subscriber(t *testing.T, m *machine, service, nameserver string) {
	t.Helper()
	c.subs = append(c.subs, m.start(t, m.peer(t, "subscriber.py", "1.16", service, "--nameserver", nameserver, "--count")))
}

// ask has each publisher send count messages.
func (c *crowd) ask(t *testing.T, count int) {
	t.Helper()
	c.asked += count
	for i, w := range c.asks {
		if _, err := fmt.Fprintln(w, count); err != nil {
			t.Fatalf("ask %s: %v", c.names[i], err)
		}
	}
}

// connect has messages sent until some of each publisher have come to each subscriber: from then on none may be missing.
func (c *crowd) connect(t *testing.T) {
	t.Helper()
	testbed.WaitFor(t, "all subscribers to hear of all publishers", func() bool {
		c.ask(t, 1)
		return !slices.ContainsFunc(c.subs, func(sub *testbed.Process) bool { return heard(t, sub) < len(c.names) })
	})
	c.awaitAll(t)
}

// heard returns of how many publishers a subscriber has had messages.
func heard(t *testing.T, sub *testbed.Process) int {
	t.Helper()
	for _, line := range slices.Backward(sub.Lines()) {
		if !strings.HasPrefix(line, `{"last": `) {
			continue
		}
		var counts struct{ Last map[string]int }
		if err := json.Unmarshal([]byte(line), &counts); err != nil {
			t.Fatalf("%s printed %q: %v", sub.Cmd, line, err)
		}
		return len(counts.Last)
	}
	return 0
}

// awaitAll waits until all that was asked for has come to all subscribers, each message once.
func (c *crowd) awaitAll(t *testing.T) {
	t.Helper()
	want := counts{last: make(map[string]int)}
	for _, name := range c.names {
		want.last[name] = c.asked
	}
	for _, sub := range c.subs {
		sub.WaitLine(0, want.String())
	}
}

// send has each publisher send rounds times burst messages. The next burst begins when all of this one have come: so no queue overflows that holds
// the bursts of all publishers. One whose limit is n messages holds no more than n/2 for sure: libzmq tells its sender of what
// was taken out when that is half of the limit.
func (c *crowd) send(t *testing.T, rounds, burst int) {
	t.Helper()
	for range rounds {
		c.ask(t, burst)
		c.awaitAll(t)
	}
}
