package interop

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

// lateSettings are those of a relay that keeps messages for subscribers that have just come.
const lateSettings = `
handshake_interval = "1s"

[[route]]
name = "late"

  [route.source]
  services = ["viirs"]

  [route.sink]
  port = 9100
  queue = 10000
  last_message = true
  replay_port = 9101
  replay_messages = 10000
`

// Where the relay is, for those who are given its address.
const (
	livePort   = "tcp://localhost:9100"
	replayPort = "tcp://localhost:9101"
)

// fence is a message that nobody asks for but to learn what has come before it.
const fence = "pytroll://fence info u@h 2024-05-17T09:41:12 v1.01"

// lateComers are a Python publisher, a relay that keeps what it sends, and a Python subscriber that was there from the beginning.
type lateComers struct {
	*machine
	relayed *testbed.Process
	out     flow
	ask     io.Writer
}

func (m *machine) lateComers(t *testing.T, settings string) *lateComers {
	t.Helper()
	l := &lateComers{machine: m}
	l.nameserver(t, ours, multicast)
	l.relayed = l.relay(t, lateSettings+settings)
	return l
}

// publish starts the publisher once sub has subscribed, which so gets all that the relay passes on, and waits until messages come to it.
func (l *lateComers) publish(t *testing.T, sub *testbed.Process) {
	t.Helper()
	testbed.WaitFor(t, "the first subscriber", func() bool { return countersOf(t, l.relayed).Subscribers == 1 })
	cmd := l.peer(t, "publisher.py", "1.16", "viirs", "--asked", "--verbose", "--subject", "/counter")
	var err error
	if l.ask, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	l.out = flow{pubs: []*testbed.Process{l.start(t, cmd)}, sub: sub}
	testbed.WaitFor(t, "a first message", func() bool {
		l.send(t, "1")
		return len(l.out.received()) > 0
	})
}

// send has the publisher send texts; a number means as many messages of its own.
func (l *lateComers) send(t *testing.T, texts ...string) {
	t.Helper()
	if _, err := fmt.Fprintln(l.ask, strings.Join(texts, "\n")); err != nil {
		t.Fatal(err)
	}
}

// listener is a Python subscriber that was given addresses. More can be asked of it while it runs.
type listener struct {
	*testbed.Process
	t    *testing.T
	more io.Writer
}

func (m *machine) listener(t *testing.T, env []string, args ...string) *listener {
	t.Helper()
	cmd := m.peer(t, "listener.py", args...)
	cmd.Env = append(cmd.Env, env...)
	l := &listener{t: t}
	var err error
	if l.more, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	l.Process = m.start(t, cmd)
	return l
}

// request has it subscribe to one more topic, or connect to one more address.
func (l *listener) request(words ...string) {
	l.t.Helper()
	if _, err := fmt.Fprintln(l.more, strings.Join(words, " ")); err != nil {
		l.t.Fatal(err)
	}
}

func (l *listener) received() []string { return after(l.Lines(), receivedPrefix) }

// await waits until as many texts have come as are wanted, and checks that they are these.
func (l *listener) await(want ...string) {
	l.t.Helper()
	testbed.WaitFor(l.t, "messages for a listener", func() bool { return len(l.received()) >= len(want) })
	if diff := cmp.Diff(want, l.received()); diff != "" {
		l.t.Errorf("%s got (-want +got):\n%s", l.Cmd, diff)
	}
}

// fenced subscribes to fence, which was sent, and checks that want and nothing else has come before it.
func (l *listener) fenced(want []string) {
	l.t.Helper()
	l.request("topic", fence)
	l.await(append(slices.Clone(want), fence)...)
}

// samples are messages as they are sent at real sites.
func samples(t *testing.T) []string {
	t.Helper()
	texts, err := os.ReadFile("../../examples/messages.txt")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(texts)), "\n")
}

// under returns the texts that begin with topic and that newcomers get: heartbeats are not kept.
func under(topic string, texts []string) (found []string) {
	for _, text := range texts {
		if strings.HasPrefix(text, topic) && !strings.HasPrefix(text, "pytroll://heartbeat") {
			found = append(found, text)
		}
	}
	return found
}

// TestLastMessage has Python subscribers of all versions come late to a relay that keeps the last message: each gets it alone, and then what all get. The
// one that was there from the beginning gets each message once.
func TestLastMessage(t *testing.T) {
	t.Parallel()
	l := newMachine(t).lateComers(t, "")
	there := l.listener(t, nil, livePort)
	l.publish(t, there.Process)
	for i, version := range versions {
		last := fmt.Sprintf("pytroll://segment/SDR file u@h 2024-05-17T09:41:12 v1.01 application/json {\"uid\":  \"%d\"}", i)
		next := strings.Replace(last, "SDR", "next", 1)
		l.send(t, last)
		there.WaitLine(0, last)

		byName := l.start(t, l.peer(t, "subscriber.py", string(version), "late", "--texts")) // asks for everything
		byName.WaitLine(0, receivedPrefix)
		byAddress := l.listener(t, nil, livePort, "--topic", "pytroll://segment", "--topic", "pytroll://nothing")
		byAddress.WaitLine(0, receivedPrefix)
		l.send(t, next)
		byAddress.await(last, next)
		byName.WaitLine(0, next)
		if diff := cmp.Diff([]string{last, next}, after(byName.Lines(), receivedPrefix)); diff != "" {
			t.Errorf("%s got (-want +got):\n%s", version, diff)
		}
		l.end(t, byName)
		l.end(t, byAddress.Process)
	}
	l.send(t, fence)
	there.WaitLine(0, fence)
	l.out.find(t, fence)
	l.out.check(t)
	l.out.undisturbedSince(t, there.received()[0])
}

// undisturbedSince checks that all that was sent from a message on has arrived.
func (f *flow) undisturbedSince(t *testing.T, first string) {
	t.Helper()
	sent := f.sent()
	if diff := cmp.Diff(sent[positions(sent)[first]:], f.received()); diff != "" {
		t.Errorf("arrived (-sent +arrived):\n%s", diff)
	}
}

// TestReplay has three Python subscribers take the replay of a relay, each what its topics cover, byte by byte and by itself: what is replayed to the
// others, and what is sent meanwhile, does not come to it. One that subscribes first, and takes the replay when messages come, misses none.
func TestReplay(t *testing.T) {
	t.Parallel()
	l := newMachine(t).lateComers(t, "")
	there := l.listener(t, nil, livePort)
	l.publish(t, there.Process)
	texts := samples(t)
	l.send(t, append(texts, fence)...)
	there.WaitLine(0, fence)
	kept := there.received() // since the first one that the relay passed on

	everything := l.listener(t, nil, replayPort)
	everything.WaitLine(0, fence)
	segments := l.listener(t, nil, replayPort, "--topic", "pytroll://segment")
	segments.WaitLine(0, receivedPrefix)
	two := l.listener(t, nil, replayPort, "--topic", "pytroll://request", "--topic", "pytroll://AAPP-HRPT")
	two.WaitLine(0, "AAPP")
	from := len(there.Lines())
	l.send(t, "1")
	there.WaitLine(from, receivedPrefix)

	everything.fenced(under("", kept))
	segments.fenced(under("pytroll://segment", texts))
	two.fenced(append(under("pytroll://AAPP-HRPT", texts), under("pytroll://request", texts)...)) // libzmq asks for topics in this order

	l.joinsWithoutGap(t)
}

// joinsWithoutGap has a subscriber come while messages are sent.
func (l *lateComers) joinsWithoutGap(t *testing.T) {
	t.Helper()
	late := l.listener(t, nil, livePort, "--topic", "pytroll://counter")
	testbed.WaitFor(t, "a message for the one that has come", func() bool {
		l.send(t, "5")
		return len(late.received()) > 0
	})
	late.request("connect", replayPort)
	before := len(l.out.sent())
	testbed.WaitFor(t, "the replay", func() bool {
		l.send(t, "5")
		return len(late.received()) > before
	})
	last := "pytroll://counter/last info u@h 2024-05-17T09:41:12 v1.01"
	l.send(t, last)
	late.WaitLine(0, last)
	l.out.find(t, last)

	first := l.out.received()[0]
	sent := l.out.sent()
	want := under("pytroll://counter", sent[positions(sent)[first]:])
	got := positions(late.received())
	for _, text := range want {
		if _, ok := got[text]; !ok {
			t.Errorf("missed: %s", text)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %d messages, %d were sent", len(got), len(want))
	}
}

// secureLate are further settings of the sink. The keys of nameserver and publishers are nobody's: those are plain.
const secureLate = `
  backend = "secure_zmq"
  server_secret_key_file = "%[1]s/server.key_secret"
  clients_public_keys_directory = "%[1]s/clients"
`

// TestLateSecure has a relay that keeps messages behind CURVE: who is admitted gets them, strangers nothing, and neither does one whose key is taken
// back, until it is there again.
func TestLateSecure(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	k := m.keys(t, ours, "1.16")
	m.pair(t, ours, k, "friend")
	m.admit(t, k, "friend", k.file("friend.key"))
	m.pair(t, ours, k, "stranger")
	l := m.lateComers(t, fmt.Sprintf(secureLate, k))
	friend := m.listener(t, k.as("friend"), livePort)
	l.publish(t, friend.Process)
	l.send(t, fence)
	friend.WaitLine(0, fence)
	kept := friend.received()

	live, replay := m.listener(t, k.as("client"), livePort), m.listener(t, k.as("client"), replayPort)
	live.await(fence)
	replay.await(kept...)
	strangers := []*listener{
		m.listener(t, k.as("stranger"), livePort), m.listener(t, k.as("stranger"), replayPort),
		m.listener(t, nil, livePort), m.listener(t, nil, replayPort),
	}
	for _, stranger := range strangers {
		stranger.turnedAway()
	}

	m.revoke(t, k)
	live.turnedAway()
	replay.turnedAway()
	outside := m.listener(t, k.as("client"), replayPort)
	outside.turnedAway()
	l.send(t, "1")
	kept = append(kept, friend.next(len(kept)))
	m.listener(t, k.as("friend"), replayPort).await(kept...)
	live.await(fence)
	replay.await(kept[:len(kept)-1]...)
	for _, refused := range append(strangers, outside) {
		refused.await()
	}

	m.admit(t, k, "client", k.file("client.key"))
	live.await(fence, kept[len(kept)-1])
	outside.await(kept...)
	replay.await(append(kept[:len(kept)-1:len(kept)-1], kept...)...) // it has come back
}

// turnedAway waits until it is, or loses its connection.
func (l *listener) turnedAway() {
	l.t.Helper()
	l.WaitLine(0, "turned away")
}

// next waits until more than n messages have come, and returns the one behind n.
func (l *listener) next(n int) string {
	l.t.Helper()
	testbed.WaitFor(l.t, "one more message", func() bool { return len(l.received()) > n })
	return l.received()[n]
}

// as are the settings of a client with a key of its own.
func (k keyring) as(name string) []string {
	return append(k.client(secure), "POSTTROLL_CLIENT_SECRET_KEY_FILE="+k.file(name+".key_secret"))
}

// nextLate is the key that is to follow.
const nextLate = `
  next_server_secret_key_file = "%[1]s/next.key_secret"
  next_port = 9102
`

// TestLateNextKey has the key of a relay change: those who know only the next key get the last message at its port, and no replay, which has the
// present one alone.
func TestLateNextKey(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	k := m.keys(t, ours, "1.16")
	m.pair(t, ours, k, "next")
	l := m.lateComers(t, fmt.Sprintf(secureLate+nextLate, k))
	changed := append(k.as("client"), "POSTTROLL_SERVER_PUBLIC_KEY_FILE="+k.file("next.key"))

	there := m.listener(t, k.as("client"), livePort)
	l.publish(t, there.Process)
	l.send(t, fence)
	there.WaitLine(0, fence)
	kept := there.received()
	m.listener(t, k.as("client"), livePort).await(fence)
	m.listener(t, k.as("client"), replayPort).await(kept...)

	after := m.listener(t, changed, "tcp://localhost:9102")
	after.await(fence)
	outside := m.listener(t, changed, replayPort)
	outside.turnedAway()
	l.send(t, "1")
	after.await(fence, there.next(len(kept)))
	outside.await()
}
