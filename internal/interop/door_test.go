package interop

import (
	"encoding/json"
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
	publisher publication
	out       *flow // what its publisher sends, as it arrives at the other site
}

// TestDoors connects two sites by examples/relay/door.toml: plain inside, encrypted over the WAN, in both directions, with Python peers that find the
// relays by name. Then the link is cut for a minute, publishers move to another port, and the relays are restarted one by one; the subscribers live on.
func TestDoors(t *testing.T) {
	t.Parallel()
	d := newDoors(t)
	first, second := d.sites[0], d.sites[1]
	both := []*flow{first.out, second.out}

	since := make([]int, len(both))
	flows := func(after string) {
		t.Helper()
		begun := time.Now()
		for i, f := range both {
			since[i] = f.await(t)
		}
		t.Logf("%s: messages flow again after %s", after, time.Since(begun))
	}
	complete := func() {
		t.Helper()
		for i, f := range both {
			f.undisturbed(t, since[i])
		}
	}
	flows("start")
	wire, inner := first.gate.capture(t, wan), first.gate.capture(t, lan1)
	strangers := d.strangers(t)
	complete()

	second.gate.host.CutFrom(wan)
	over := time.After(outage)
	<-over // the time is what is tested
	second.gate.host.Heal()
	flows("link down for " + outage.String())
	complete()

	for _, s := range d.sites {
		s.inside.end(t, s.out.pubs[0])
		s.publisher.port = 9111
		s.publish(t)
	}
	flows("publishers on another port")
	complete()

	for _, s := range d.sites {
		s.gate.end(t, s.relay)
		s.relay = s.gate.relay(t, s.settings)
		flows("relay restarted")
	}
	complete()

	for _, s := range d.sites {
		s.inside.end(t, s.out.pubs[1])
	}
	for _, f := range both {
		f.check(t)
	}
	for _, s := range strangers {
		if s.refused != "" {
			s.WaitLine(0, s.refused)
		}
		if got := after(s.Lines(), magic); len(got) > 0 {
			t.Errorf("%s got %q", s.Cmd, got)
		}
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
		s.publisher = publication{name: "publisher-" + strconv.Itoa(i+1), services: []string{"viirs"}, announced: multicast}
	}
	first, second := d.sites[0], d.sites[1]
	first.publish(t, "--lines", messages(t)) // from one side: what is the same from the other is a message that comes back
	second.publish(t)
	return d
}

// messages is the file with samples of what is sent at real sites.
func messages(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../../examples/messages.txt")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// publish starts the publisher of the site.
func (s *lan) publish(t *testing.T, flags ...string) {
	t.Helper()
	args := append([]string{string(s.version), s.publisher.name, "--alias", s.publisher.services[0], "--verbose"}, flags...)
	if s.publisher.port != 0 {
		args = append(args, "--port", strconv.Itoa(s.publisher.port))
	}
	s.out.pubs = append(s.out.pubs, s.inside.start(t, s.inside.peer(t, "publisher.py", args...)))
}

// stranger is somebody on the WAN who tries to get what is sent inside.
type stranger struct {
	*testbed.Process
	refused string // what it says when it was refused; "": nobody answers it at all
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
