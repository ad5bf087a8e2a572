package interop

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

// relay starts a relay with a file of settings, and waits until messages flow.
func (m *machine) relay(t *testing.T, settings string, env ...string) *testbed.Process {
	t.Helper()
	file := filepath.Join(m.dir, "relay.toml")
	if err := os.WriteFile(file, []byte(settings), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := m.program("ptrelay", "--verbose", "--config", file)
	ready := notifySocket(t)
	cmd.Env = append(cmd.Env, "NOTIFY_SOCKET="+ready.LocalAddr().String(), "POSTTROLL_CONTROL_SOCKET=none") // that would be outside of the test
	cmd.Env = append(cmd.Env, env...)
	p := m.start(t, cmd)
	awaitReady(t, ready)
	return p
}

// counters are some of a route's.
type counters struct {
	Duplicates  int
	Dropped     map[string]int
	Subscribers int
}

// countersOf asks a relay of one route for its counters.
func countersOf(t *testing.T, relay *testbed.Process) (c counters) {
	t.Helper()
	from := len(relay.Lines())
	if err := relay.Cmd.Process.Signal(syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	line, _ := relay.WaitLine(from, `"message":"counters"`)
	if err := json.Unmarshal([]byte(line), &c); err != nil {
		t.Fatalf("%s printed %q: %v", relay.Cmd, line, err)
	}
	return c
}

// flow is what Python publishers send, one after the other, and a Python subscriber gets, text by text.
type flow struct {
	pubs []*testbed.Process
	sub  *testbed.Process
}

// What the peers print before the texts that they send and get.
const (
	sentPrefix     = "sent "
	receivedPrefix = "received "
)

// sent returns what has been sent by now.
func (f *flow) sent() []string {
	var all []string
	for _, pub := range f.pubs {
		all = append(all, after(pub.Lines(), sentPrefix)...)
	}
	return all
}

// received returns what has arrived by now.
func (f *flow) received() []string { return after(f.sub.Lines(), receivedPrefix) }

// after returns what stands behind prefix in the lines that begin with it.
func after(lines []string, prefix string) []string {
	var found []string
	for _, line := range lines {
		if rest, ok := strings.CutPrefix(line, prefix); ok {
			found = append(found, rest)
		}
	}
	return found
}

// await waits until a message has arrived that was sent after await was called. It returns which one, counted from 0.
func (f *flow) await(t *testing.T) int {
	t.Helper()
	before := positions(f.sent())
	for from := 0; ; {
		line, next := f.sub.WaitLine(from, receivedPrefix)
		text := strings.TrimPrefix(line, receivedPrefix)
		if _, old := before[text]; !old {
			return f.find(t, text)
		}
		from = next
	}
}

// find returns which message was sent as text, once the publisher's line about it has been read.
func (f *flow) find(t *testing.T, text string) (at int) {
	t.Helper()
	testbed.WaitFor(t, "the publisher to tell of "+text, func() bool {
		var found bool
		at, found = positions(f.sent())[text]
		return found
	})
	return at
}

func positions(texts []string) map[string]int {
	at := make(map[string]int)
	for i, text := range texts {
		at[text] = i
	}
	return at
}

// undisturbed waits until what is sent now arrives, and checks that nothing is missing since message first.
func (f *flow) undisturbed(t *testing.T, first int) {
	t.Helper()
	last := f.await(t)
	arrived := positions(f.received())
	for i, text := range f.sent()[:last] {
		if _, ok := arrived[text]; i >= first && !ok {
			t.Errorf("message %d is missing, %d has arrived: %s", i, last, text)
		}
	}
}

// check checks that what has arrived is what was sent, byte by byte and in this order, none of it twice. The publishers have ended.
func (f *flow) check(t *testing.T) {
	t.Helper()
	sent, last := positions(f.sent()), -1
	for _, text := range f.received() {
		at, ok := sent[text]
		switch {
		case !ok:
			t.Errorf("arrived and was never sent: %s", text)
		case at <= last:
			t.Errorf("arrived again, or too late: %s", text)
		}
		last = max(last, at)
	}
	if last < 0 {
		t.Error("nothing arrived")
	}
}
