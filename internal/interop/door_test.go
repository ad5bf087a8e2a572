package interop

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

// The networks of TestDoors.
const (
	lan1 = iota
	wan
	lan2
)

// outage is how long the link between the sites is down: longer than what is under way waits for, or anybody's heartbeat.
const outage = time.Minute

// lan is a network with Python peers, and a relay as door to the WAN.
type lan struct {
	version   speaker // of its Python peers
	network   int
	inside    *machine // where publisher and subscriber are
	gate      *machine // where nameserver and relay are
	keys      keyring
	settings  string // of the relay
	relay     *testbed.Process
	publisher *testbed.Process
	ask       io.Writer // takes texts that the publisher is to send
	out       *flow     // what its publishers send, as it arrives at the other site
	since     int       // the message of out from which on none may be missing
}

// TestDoors connects two sites by examples/relay/door.toml: plain inside, encrypted over the WAN, in both directions, with Python peers that find the
// relays by name. Then the link is cut for a minute, publishers move to another port, and the relays are restarted one by one; the subscribers live on.
func TestDoors(t *testing.T) {
	t.Parallel()
	d := newDoors(t)
	first, second := d.sites[0], d.sites[1]
	d.flows(t, "start")
	first.samples(t) // from one side: the same from the other would be messages that come back
	wire, inner := first.gate.capture(t, wan), first.gate.capture(t, lan1)
	strangers := d.strangers(t)
	d.undisturbed(t)

	second.gate.host.CutFrom(wan)
	<-time.After(outage) // the time is what is tested
	second.gate.host.Heal()
	d.flows(t, "link down for "+outage.String())
	d.undisturbed(t)

	for _, s := range d.sites {
		s.inside.end(t, s.publisher)
		s.publish(t, movedPort)
	}
	d.flows(t, "publishers on another port")
	d.undisturbed(t)

	for _, s := range d.sites {
		s.gate.end(t, s.relay)
		s.relay = s.gate.relay(t, s.settings)
		d.flows(t, "relay restarted")
	}
	d.undisturbed(t)

	for _, s := range d.sites {
		s.inside.end(t, s.publisher)
		s.out.check(t)
	}
	for _, s := range strangers {
		s.check(t)
	}
	if got := wire.seen(t); got.Segments == 0 || got.Readable != 0 {
		t.Errorf("on the WAN: %+v, want segments, none readable", got)
	}
	if got := inner.seen(t); got.Readable == 0 {
		t.Errorf("within the site: %+v, want readable ones, or nothing was looked at", got)
	}
}

// magic is what every message begins with.
const magic = "pytroll:/"

// doors are two sites and somebody on the WAN between them.
type doors struct {
	sites    [2]*lan
	stranger *machine
}

func newDoors(t *testing.T) *doors {
	t.Helper()
	machines := newNetworks(t, []int{lan1}, []int{lan1, wan}, []int{wan}, []int{lan2, wan}, []int{lan2})
	d := &doors{stranger: machines[2], sites: [2]*lan{
		{version: "1.16", network: lan1, inside: machines[0], gate: machines[1]},
		{version: "1.13", network: lan2, inside: machines[4], gate: machines[3]},
	}}
	for _, s := range d.sites {
		s.keys = keyring(filepath.Join(s.gate.dir, "keys"))
		if err := os.MkdirAll(s.keys.file("clients"), 0o755); err != nil {
			t.Fatal(err)
		}
		s.gate.pair(t, ours, s.keys, "door")
	}
	example, err := os.ReadFile("../../examples/relay/door.toml")
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range d.sites {
		far := d.sites[1-i]
		s.gate.admit(t, s.keys, "far", far.keys.file("door.key"))
		s.settings = strings.NewReplacer(
			"/etc/posttroll/keys/door.key_secret", s.keys.file("door.key_secret"),
			"/etc/posttroll/keys/relay.example.org.key", far.keys.file("door.key"),
			"/etc/posttroll/clients", s.keys.file("clients"),
			"relay.example.org", far.gate.addressOn(wan),
			"10.0.0.1", s.gate.addressOn(s.network),
		).Replace(string(example))
		s.gate.nameserver(t, ours, multicast)
		s.relay = s.gate.relay(t, s.settings)
	}
	for i, s := range d.sites {
		far := d.sites[1-i]
		sub := far.inside.peer(t, "subscriber.py", string(s.version), "from_outside", "--nameserver", far.gate.addressOn(far.network), "--texts")
		s.out = &flow{sub: far.inside.start(t, sub)}
		s.publish(t, firstPort)
	}
	return d
}

// samples has the publisher send messages as they are sent at real sites, and waits until they have arrived.
func (s *lan) samples(t *testing.T) {
	t.Helper()
	texts, err := os.ReadFile("../../examples/messages.txt")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.ask.Write(texts); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(texts)), "\n")
	s.out.sub.WaitLine(0, receivedPrefix+lines[len(lines)-1])
}

// Ports of publishers.
const (
	firstPort = 9110
	movedPort = 9111
)

// publish starts the publisher of the site.
func (s *lan) publish(t *testing.T, port int) {
	t.Helper()
	cmd := s.inside.peer(t, "publisher.py", string(s.version), "publisher", "--alias", "viirs", "--verbose", "--port", strconv.Itoa(port))
	var err error
	if s.ask, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	s.publisher = s.inside.start(t, cmd)
	s.out.pubs = append(s.out.pubs, s.publisher)
}

// flows waits until messages flow in both directions.
func (d *doors) flows(t *testing.T, since string) {
	t.Helper()
	begun := time.Now()
	for _, s := range d.sites {
		s.since = s.out.await(t)
	}
	t.Logf("%s: messages flow after %s", since, time.Since(begun))
}

// undisturbed checks that all that was sent since then arrives.
func (d *doors) undisturbed(t *testing.T) {
	t.Helper()
	for _, s := range d.sites {
		s.out.undisturbed(t, s.since)
	}
}

// stranger is somebody on the WAN who tries to get what is sent inside.
type stranger struct {
	*testbed.Process
	refused string // what it says when it was refused; "": nobody answers it at all
}

// check checks that the stranger was refused and got nothing.
func (s stranger) check(t *testing.T) {
	t.Helper()
	if s.refused != "" {
		s.WaitLine(0, s.refused)
	}
	if got := after(s.Lines(), magic); len(got) > 0 {
		t.Errorf("%s got %q", s.Cmd, got)
	}
}

// strangers try without keys, with a key that nobody knows, and at the port that is for the inner network.
func (d *doors) strangers(t *testing.T) []stranger {
	t.Helper()
	m, gate := d.stranger, d.sites[0].gate
	own := keyring(filepath.Join(m.dir, "keys"))
	if err := os.Mkdir(string(own), 0o755); err != nil {
		t.Fatal(err)
	}
	m.pair(t, ours, own, "client")
	subscribe := func(port string, env ...string) *testbed.Process {
		cmd := m.program("ptctl", "subscribe", "--verbose", "--address", "tcp://"+gate.addressOn(wan)+":"+port)
		cmd.Env = append(cmd.Env, env...)
		return m.start(t, cmd)
	}
	return []stranger{
		{subscribe("9200"), "handshake"},
		{subscribe("9200", "POSTTROLL_BACKEND="+secure,
			"POSTTROLL_CLIENT_SECRET_KEY_FILE="+own.file("client.key_secret"),
			"POSTTROLL_SERVER_PUBLIC_KEY_FILE="+d.sites[0].keys.file("door.key")), "handshake"},
		{subscribe("9201"), ""},
	}
}

// capture is what reads along at a network interface.
type capture struct {
	*testbed.Process
	machine *machine
}

// capture reads along at the machine's interface on a network.
func (m *machine) capture(t *testing.T, network int) capture {
	t.Helper()
	_, device := m.host.On(network)
	p := m.start(t, m.peer(t, "capture.py", device, magic))
	p.WaitLine(0, "ready")
	return capture{p, m}
}

// captured is what went by.
type captured struct {
	Frames   int // of Ethernet
	Segments int // of TCP
	Readable int // those with the beginning of a message
}

// seen ends the capture and returns what it saw.
func (c capture) seen(t *testing.T) (seen captured) {
	t.Helper()
	c.machine.end(t, c.Process)
	lines := c.Lines()
	if last := lines[len(lines)-1]; json.Unmarshal([]byte(last), &seen) != nil {
		t.Errorf("%s printed %q", c.Cmd, last)
	}
	t.Logf("%s: %+v", c.Cmd, seen)
	return seen
}
