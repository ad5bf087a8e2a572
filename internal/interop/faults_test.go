package interop

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

const (
	// faultMaxAge is the age at which entries expire, and faultTime how long what is stopped or cut off is so: long enough for all to expire.
	faultMaxAge = 10 * time.Second
	faultTime   = 30 * time.Second
)

// faultSite is a nameserver, publishers and subscribers on a host each. A fault is done to one of them; what must be so after each is in healthy.
type faultSite struct {
	t                               *testing.T
	server, publishing, subscribing *machine
	env                             []string // of the nameserver
	nameserver                      *testbed.Process
	pubs                            []publication
	publishers                      []*testbed.Process
	subs                            []*testbed.Process // ours, and a Python one
}

// newFaultSite starts everything and waits until every subscriber hears every publisher: those of their own host by multicast, ours and Python's, and one that registers
// directly.
func newFaultSite(t *testing.T, env ...string) *faultSite {
	t.Helper()
	return newFaultSiteOn(t, newMachines(t, 3), env...)
}

// newFaultSiteOn does so on these machines.
func newFaultSiteOn(t *testing.T, machines []*machine, env ...string) *faultSite {
	t.Helper()
	s := &faultSite{t: t, server: machines[0], publishing: machines[1], subscribing: machines[2]}
	s.env = append([]string{"POSTTROLL_MAX_AGE=" + faultMaxAge.String()}, env...)
	s.nameserver = s.server.nameserver(t, ours, multicast, s.env...)
	s.publish(s.publishing, ours, multicast)
	s.publish(s.publishing, "1.16", multicast)
	s.publish(s.server, ours, designated)
	s.subs = []*testbed.Process{
		s.subscribing.subscriber(t, ours, "service", s.server.address()),
		s.subscribing.subscriber(t, "1.16", "service", s.server.address()),
	}
	s.flows()
	return s
}

func (s *faultSite) publish(m *machine, who speaker, announced network) *testbed.Process {
	s.t.Helper()
	pub := publication{name: fmt.Sprint("publisher-", len(s.pubs)), services: []string{"service"}, announced: announced}
	s.pubs = append(s.pubs, pub)
	p := m.publisher(s.t, who, pub)
	s.publishers = append(s.publishers, p)
	return p
}

// flows waits for a message that is sent from now on, from each publisher to each subscriber.
func (s *faultSite) flows() {
	s.t.Helper()
	for _, sub := range s.subs {
		from := len(sub.Lines())
		for _, pub := range s.pubs {
			awaitMessageFrom(s.t, sub, from, pub)
		}
	}
}

// healthy waits until lookups find everybody, messages flow, and one that has just come is heard: it registers, and the change feed tells of it.
func (s *faultSite) healthy() {
	s.t.Helper()
	s.listed()
	s.flows()
	s.publish(s.publishing, ours, multicast)
	s.flows()
	s.listed()
}

// listed waits until a lookup finds all publishers, and nobody else.
func (s *faultSite) listed() {
	s.t.Helper()
	var got []string
	testbed.WaitFor(s.t, "the nameserver to know all publishers", func() bool {
		var err error
		got, err = s.lookup()
		return err == nil && len(got) == len(s.pubs)
	})
	for _, pub := range s.pubs {
		if !slices.ContainsFunc(got, func(line string) bool { return strings.Contains(line, strconv.Quote(pub.name)) }) {
			s.t.Errorf("%s is not found: %q", pub.name, got)
		}
	}
}

// lookup returns what is found, a line for each publisher.
func (s *faultSite) lookup() ([]string, error) {
	s.t.Helper()
	out, err := s.subscribing.program("ptctl", "lookup", "service", "--nameserver", s.server.address(), "--json", "--timeout", "2s").Output()
	return strings.Split(strings.TrimSpace(string(out)), "\n"), err
}

// nobodyLeft checks that no subscriber was ever told that a publisher is gone.
func (s *faultSite) nobodyLeft() {
	s.t.Helper()
	for _, sub := range s.subs {
		for _, line := range sub.Lines() {
			if strings.Contains(line, "publisher removed") || strings.HasPrefix(line, `{"removed": `) {
				s.t.Errorf("%s was told: %s", sub.Cmd, line)
			}
		}
	}
}

// nothingLost checks that of each publisher every message has come to our subscriber since its first one.
func (s *faultSite) nothingLost() {
	s.t.Helper()
	seen := counts{last: make(map[string]int)}
	for _, line := range s.subs[0].Lines() {
		var got received
		if json.Unmarshal([]byte(line), &got) == nil && got.Data.Number > 0 {
			seen.add(numberedData{got.Data.Publisher, got.Data.Number})
		}
	}
	if seen.wrong > 0 || len(seen.last) != len(s.pubs) {
		s.t.Errorf("%s", &seen)
	}
}

func tell(t *testing.T, p *testbed.Process, sig syscall.Signal) {
	t.Helper()
	if err := p.Cmd.Process.Signal(sig); err != nil {
		t.Fatalf("%s: %v", p.Cmd, err)
	}
}

// TestFaultKilled kills the nameserver again and again, at any moment, while publishers come. It comes back with all it knew, and tells of those who came at such a moment
// once more when subscribers have connected to the change feed again: Python ones look up when they start and never again.
func TestFaultKilled(t *testing.T) {
	t.Parallel()
	s := newFaultSite(t, "POSTTROLL_STATE_FILE="+filepath.Join(t.TempDir(), "state.jsonl"))
	for range 4 {
		s.publish(s.publishing, ours, multicast)
		<-time.After(rand.N(1500 * time.Millisecond)) // the moment is what is tested
		s.server.kill(t, s.nameserver)
		s.nameserver = s.server.nameserver(t, ours, multicast, s.env...)
		s.listed()
	}
	s.healthy()
	s.nobodyLeft()
	s.nothingLost()
}

// TestFaultStopped stops a program for longer than entries live, without its knowledge, as a machine does that has no memory left or is suspended.
func TestFaultStopped(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		of   func(*faultSite) []*testbed.Process
	}{
		{"nameserver", func(s *faultSite) []*testbed.Process { return []*testbed.Process{s.nameserver} }},
		{"subscribers", func(s *faultSite) []*testbed.Process { return s.subs }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newFaultSite(t)
			for _, p := range tt.of(s) {
				tell(t, p, syscall.SIGSTOP)
			}
			<-time.After(faultTime) // the time is what is tested
			for _, p := range tt.of(s) {
				tell(t, p, syscall.SIGCONT)
			}
			s.healthy()
			s.nobodyLeft()
			s.nothingLost()
		})
	}
}

// TestFaultStoppedPublishers stops publishers for a minute, while more connect to them than they may let wait, so that nothing answers at their ports. They stay listed.
func TestFaultStoppedPublishers(t *testing.T) {
	t.Parallel()
	s := newFaultSite(t, "POSTTROLL_MAX_AGE=10m")
	s.listed()
	all, err := s.lookup()
	if err != nil {
		t.Fatal(err)
	}
	uris := make(map[string]string)
	for _, line := range all {
		var found struct{ Name, URI string }
		if err := json.Unmarshal([]byte(line), &found); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		uris[found.Name] = found.URI
	}
	stopped := []int{0, 2} // one that has a neighbor, and one on the nameserver's host
	for _, i := range stopped {
		tell(t, s.publishers[i], syscall.SIGSTOP)
	}
	crowd := s.subscribing.start(t, s.subscribing.peer(t, "crowd.py", uris[s.pubs[stopped[0]].name], uris[s.pubs[stopped[1]].name]))
	crowd.WaitLine(0, "nobody answers after")
	for begun := time.Now(); time.Since(begun) < 2*faultTime; {
		if got, err := s.lookup(); err != nil || len(got) != len(s.pubs) {
			t.Fatalf("after %s: found %q, %v", time.Since(begun), got, err)
		}
		<-time.After(time.Second)
	}
	for _, i := range stopped {
		tell(t, s.publishers[i], syscall.SIGCONT)
	}
	s.healthy()
	s.nobodyLeft()
}

// TestFaultStoppedRelay does so to a relay, and to its nameserver. Subscribers of the relay lose nothing.
func TestFaultStoppedRelay(t *testing.T) {
	t.Parallel()
	s := newFaultSite(t, "POSTTROLL_MAX_AGE=10m") // that of the relay's sink, which nobody could tell from one that is gone, is as long as ever
	// What has waited meanwhile goes out at once, and libzmq takes no more than half of a queue for sure.
	relay := s.server.relay(t, fmt.Sprintf("[[route]]\nname = \"gathered\"\n[route.source]\nservices = [\"service\"]\n[route.sink]\nadvertise = %q\nqueue = 5000\n", s.server.address()))
	s.subs = []*testbed.Process{
		s.subscribing.subscriber(t, ours, "gathered", s.server.address()),
		s.subscribing.subscriber(t, "1.16", "gathered", s.server.address()),
	}
	s.flows()
	for _, stopped := range [][]*testbed.Process{{relay}, {relay, s.nameserver}} {
		for _, p := range stopped {
			tell(t, p, syscall.SIGSTOP)
		}
		<-time.After(faultTime / 2) // the time is what is tested
		for _, p := range stopped {
			tell(t, p, syscall.SIGCONT)
		}
		s.healthy()
		s.nobodyLeft()
		s.nothingLost()
	}
}

// TestFaultInterface takes the nameserver's interface down, and with it all addresses' routes, for longer than entries live, and up again.
func TestFaultInterface(t *testing.T) {
	t.Parallel()
	s := newFaultSite(t)
	_, eth := s.server.host.On(0)
	s.server.host.Run("ip", "link", "set", eth, "down")
	<-time.After(faultTime / 2) // the time is what is tested; with a longer one TCP waits longer until it sends again than the test does
	s.server.host.Run("ip", "link", "set", eth, "up")
	s.server.host.Run("ip", "route", "add", "default", "dev", eth)
	s.healthy()
	s.nobodyLeft()
}

// TestFaultAddress gives the publishers' host another address. Ours are heard under the new one, and nobody is left that others still hear.
func TestFaultAddress(t *testing.T) {
	t.Parallel()
	s := newFaultSite(t)
	addr, eth := s.publishing.host.On(0)
	other := addr.As4()
	other[3] += 100
	moved := fmt.Sprintf("%d.%d.%d.%d", other[0], other[1], other[2], other[3])
	s.publishing.host.Run("ip", "addr", "del", addr.String()+"/24", "dev", eth)
	s.publishing.host.Run("ip", "addr", "add", moved+"/24", "dev", eth)
	s.publishing.host.Run("ip", "route", "replace", "default", "dev", eth)
	// Python publishers keep on announcing the address that they had at their start.
	s.pubs = slices.Delete(s.pubs, 1, 2)
	begun := time.Now()
	for { // publishers look every 30 s, and the lookup waits
		out, err := s.subscribing.program("ptctl", "lookup", s.pubs[0].name, "--nameserver", s.server.address(), "--json").CombinedOutput()
		if err == nil && strings.Contains(string(out), moved) {
			break
		}
		if time.Since(begun) > 2*faultTime {
			t.Fatalf("%s is not listed with its new address %s: %s", s.pubs[0].name, moved, out)
		}
		<-time.After(time.Second)
	}
	s.flows()
	s.publish(s.publishing, ours, multicast)
	s.flows()
}

// TestFaultAddressLate starts a relay before the address of its sink is there, as at the start of a host. It is heard when the address has come.
func TestFaultAddressLate(t *testing.T) {
	t.Parallel()
	machines := newMachines(t, 2)
	server, away := machines[0], machines[1]
	server.nameserver(t, ours, multicast)
	pub := publication{name: "publisher", services: []string{"service"}, announced: multicast}
	server.publisher(t, ours, pub)
	addr, eth := server.host.On(0)
	other := addr.As4()
	other[3] += 100
	late := netip.AddrFrom4(other)
	relay := server.relay(t, fmt.Sprintf("[[route]]\nname = \"gathered\"\n[route.source]\nservices = [\"service\"]\n[route.sink]\naddress = \"tcp://%s:9100\"\n", late))
	relay.WaitLine(0, "address is not there yet: nobody can connect before it is")
	sub := away.subscriber(t, ours, "gathered", server.address())
	python := away.subscriber(t, "1.16", "gathered", server.address())
	server.host.Run("ip", "addr", "add", late.String()+"/24", "dev", eth)
	awaitMessage(t, sub, pub)
	awaitMessage(t, python, pub)
}

// TestFaultDisk fills the disk that the state and the log are on. The nameserver serves on, and writes both again when there is room.
func TestFaultDisk(t *testing.T) {
	t.Parallel()
	s := newFaultSite(t)
	s.server.end(t, s.nameserver)
	disk := t.TempDir()
	p := s.startOnDisk(disk)
	s.healthy()
	// The disk is mounted where this nameserver alone sees it, and is reached through its root.
	inside := filepath.Join("/proc", strconv.Itoa(p.Cmd.Process.Pid), "root", disk)
	filler := filepath.Join(inside, "filler")
	state := filepath.Join(inside, "state.jsonl")
	testbed.WaitFor(t, "the state", func() bool { return holds(t, state, s.pubs) })
	fill(t, filler)
	s.healthy()
	<-time.After(3 * time.Second) // until it was tried to write, which is nowhere to be seen
	if holds(t, state, s.pubs) {
		t.Error("the state was written to a full disk")
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	s.healthy()
	testbed.WaitFor(t, "the state", func() bool { return holds(t, state, s.pubs) })
	testbed.WaitFor(t, "the log", func() bool {
		text, err := os.ReadFile(filepath.Join(inside, "log"))
		return err == nil && strings.Contains(string(text), `"state is written again"`)
	})
	s.nobodyLeft()
}

// startOnDisk starts the nameserver with its state and log on a small disk of its own.
func (s *faultSite) startOnDisk(at string) *testbed.Process {
	s.t.Helper()
	nameserverd := s.server.program("nameserverd", "--verbose", "--config", s.server.emptyFile(s.t), "--log", filepath.Join(at, "log"))
	// Its own arguments begin with those of nsenter, which shall enter the namespace of the network first.
	i := slices.Index(nameserverd.Args, "--")
	args := append([]string{"--mount", "sh", "-c", `mount -t tmpfs -o size=128k tmpfs "$0" && exec "$@"`, at}, nameserverd.Args[i+1:]...)
	cmd := s.server.command("unshare", args...)
	ready := notifySocket(s.t)
	cmd.Env = append(append(cmd.Env, s.env...), "NOTIFY_SOCKET="+ready.LocalAddr().String(), "POSTTROLL_STATE_FILE="+filepath.Join(at, "state.jsonl"))
	s.nameserver = s.server.start(s.t, cmd)
	awaitReady(s.t, ready)
	return s.nameserver
}

// fill writes until there is no room.
func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(make([]byte, 512))
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func holds(t *testing.T, name string, pubs []publication) bool {
	t.Helper()
	text, err := os.ReadFile(name)
	return err == nil && !slices.ContainsFunc(pubs, func(p publication) bool { return !strings.Contains(string(text), strconv.Quote(p.name)) })
}
