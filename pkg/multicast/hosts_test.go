package multicast_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

func TestBetweenHosts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, group, receiver, sender, joined string
	}{
		{"by route", group, "", "", "eth0 lo"},
		{"by address", group, "10.77.0.1", "10.77.0.2", "eth0"},
		{"receiver by address", group, "10.77.0.1", "", "eth0"},
		{"sender by address", group, "", "10.77.0.2", "eth0 lo"},
		{"broadcast", "", "", "", ""},
		{"broadcast by address", "", "10.77.0.1", "10.77.0.2", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			hosts := testbed.NewHosts(t, 2)
			r := startReceiver(t, hosts[0], tt.group, tt.receiver, tt.joined)
			s := startSender(t, hosts[1], tt.group, tt.sender)
			s.sends("one")
			r.expect("received one from 10.77.0.2")
		})
	}
}

// arrives sends until the datagram is received: the bridge takes a moment to know of a cable again.
func arrives(t *testing.T, s, r *program, received string) {
	t.Helper()
	datagram, _, _ := strings.Cut(received, " ")
	testbed.WaitFor(t, received, func() bool {
		s.sends(datagram)
		return slices.Contains(r.Lines(), "received "+received)
	})
}

// By address, no route is needed.
func TestWithoutRoute(t *testing.T) {
	t.Parallel()
	hosts := testbed.NewHosts(t, 2)
	for _, h := range hosts {
		h.Run("ip", "route", "del", "default")
	}
	r := startReceiver(t, hosts[0], group, "10.77.0.1", "eth0")
	s := startSender(t, hosts[1], group, "10.77.0.2")
	s.sends("one")
	r.expect("received one")
	r.never("warn")
}

func TestRouteComesLate(t *testing.T) {
	t.Parallel()
	hosts := testbed.NewHosts(t, 2)
	for _, h := range hosts {
		h.Run("ip", "route", "del", "default")
	}
	r := startReceiver(t, hosts[0], group, "", "lo")
	r.WaitLine(0, "warn", "no network for multicast", "network is unreachable")
	s := startSender(t, hosts[1], group, "")
	s.fails("one", "network is unreachable")
	hosts[1].Run("ip", "route", "add", "default", "dev", "eth0")
	s.sends("two")
	hosts[0].Run("ip", "route", "add", "default", "dev", "eth0")
	r.expect("joined multicast group", `"iface":"eth0"`)
	r.expect("network for multicast is back")
	s.sends("three")
	r.expect("received three")
	r.never("received two")
}

// The host hears itself while there is no network, and is told all the same.
func TestOnlyLoopback(t *testing.T) {
	t.Parallel()
	for name, group := range map[string]string{"group": group, "broadcast": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := testbed.NewHosts(t, 1)[0]
			h.Run("ip", "link", "del", "eth0")
			joined := "lo"
			if group == "" {
				joined = ""
			}
			r := startReceiver(t, h, group, "", joined)
			s := startSender(t, h, group, "")
			s.fails("one", "network is unreachable")
			r.expect("received one from 127.0.0.1")
			local := startReceiver(t, h, group, "127.0.0.1", joined)
			startSender(t, h, group, "127.0.0.1").sends("two")
			local.expect("received two")
			r.expect("received two")
		})
	}
}

// The kernel keeps a membership while its interface is down: nothing is left and joined again, so nothing is missed.
func TestLinkDownAndUp(t *testing.T) {
	t.Parallel()
	for name, iface := range map[string]string{"by route": "", "by address": "10.77.0.1"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hosts := testbed.NewHosts(t, 2)
			joined := "eth0 lo"
			if iface != "" {
				joined = "eth0"
			}
			r := startReceiver(t, hosts[0], group, iface, joined)
			own := startSender(t, hosts[0], group, iface)
			far := startSender(t, hosts[1], group, "")
			for i := range 2 {
				hosts[0].Run("ip", "link", "set", "eth0", "down")
				r.expect("warn", "no network for multicast")
				own.fails("down", "network is unreachable")
				hosts[0].Run("ip", "link", "set", "eth0", "up")
				hosts[0].Run("ip", "route", "add", "default", "dev", "eth0")
				r.expect("network for multicast is back")
				own.sends("own")
				r.expect("received own from 10.77.0.1")
				arrives(t, far, r, fmt.Sprintf("far%d from 10.77.0.2", i))
			}
			r.never("left multicast group")
		})
	}
}

// A cable that is pulled further away is noticed by nobody, and nothing needs to be done when it is back.
func TestCutAndHeal(t *testing.T) {
	t.Parallel()
	hosts := testbed.NewHosts(t, 2)
	r := startReceiver(t, hosts[0], group, "", "eth0 lo")
	s := startSender(t, hosts[1], group, "")
	s.sends("one")
	r.expect("received one")
	hosts[0].Cut()
	s.sends("two")
	hosts[0].Heal()
	arrives(t, s, r, "three from 10.77.0.2")
	r.never("received two")
	r.never("warn")
}

// An interface that is made anew has lost its memberships, also where it gets the index that it had.
func TestInterfaceMadeAnew(t *testing.T) {
	t.Parallel()
	for name, iface := range map[string]string{"by route": "", "by address": "10.1.0.1"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := testbed.NewHosts(t, 1)[0]
			h.Run("ip", "link", "del", "eth0")
			create := func(index string) {
				h.Run("ip", "link", "add", "e0", "index", index, "type", "veth", "peer", "name", "e1")
				h.Run("ip", "addr", "add", "10.1.0.1/24", "dev", "e0")
				h.Run("ip", "link", "set", "e1", "up")
				h.Run("ip", "link", "set", "e0", "up")
				h.Run("ip", "route", "add", "default", "dev", "e0")
			}
			create("70")
			joined := "e0 lo"
			if iface != "" {
				joined = "e0"
			}
			r := startReceiver(t, h, group, iface, joined)
			s := startSender(t, h, group, iface)
			s.sends("one")
			r.expect("received one from 10.1.0.1")
			// Anew at once, with the same index and with another.
			for _, index := range []string{"70", "71"} {
				h.Run("ip", "link", "del", "e0")
				create(index)
				r.expect("left multicast group", `"iface":"e0"`)
				r.expect("joined multicast group", `"iface":"e0"`)
				s.sends("again")
				r.expect("received again from 10.1.0.1")
			}
			h.Run("ip", "link", "del", "e0")
			r.expect("left multicast group", `"iface":"e0"`)
			r.expect("warn", "no network for multicast")
			create("71")
			r.expect("joined multicast group", `"iface":"e0"`)
			r.expect("network for multicast is back")
			s.sends("back")
			r.expect("received back from 10.1.0.1")
		})
	}
}

// Both ends follow an address that comes late and moves.
func TestAddressComesAndMoves(t *testing.T) {
	t.Parallel()
	h := testbed.NewHosts(t, 1)[0]
	h.Run("ip", "link", "add", "e0", "type", "veth", "peer", "name", "e1")
	h.Run("ip", "link", "set", "e0", "up")
	h.Run("ip", "link", "set", "e1", "up")
	r := startReceiver(t, h, group, "10.77.0.99", "")
	r.WaitLine(0, "warn", "interface 10.77.0.99: cannot assign requested address")
	s := startSender(t, h, group, "10.77.0.99")
	s.fails("one", "cannot assign requested address")
	h.Run("ip", "addr", "add", "10.77.0.99/24", "dev", "eth0")
	r.expect("joined multicast group", `"iface":"eth0"`)
	s.sends("two")
	r.expect("received two from 10.77.0.99")
	h.Run("ip", "addr", "del", "10.77.0.99/24", "dev", "eth0")
	r.expect("warn", "no network for multicast")
	s.fails("three", "cannot assign requested address")
	h.Run("ip", "addr", "add", "10.77.0.99/24", "dev", "e0")
	r.expect("joined multicast group", `"iface":"e0"`)
	r.expect("left multicast group", `"iface":"eth0"`)
	s.sends("four")
	r.expect("received four from 10.77.0.99")
}

// Where the route to the group moves, the receiver goes along.
func TestRouteMoves(t *testing.T) {
	t.Parallel()
	h := testbed.NewHosts(t, 1)[0]
	h.Run("ip", "link", "add", "e0", "type", "veth", "peer", "name", "e1")
	h.Run("ip", "addr", "add", "10.1.0.1/24", "dev", "e0")
	h.Run("ip", "link", "set", "e0", "up")
	h.Run("ip", "link", "set", "e1", "up")
	r := startReceiver(t, h, group, "", "eth0 lo")
	s := startSender(t, h, group, "")
	h.Run("ip", "route", "add", "224.0.0.0/4", "dev", "e0")
	r.expect("joined multicast group", `"iface":"e0"`)
	r.expect("left multicast group", `"iface":"eth0"`)
	s.sends("one")
	r.expect("received one from 10.1.0.1")
}

// What another program has joined elsewhere is not received (Linux would hand it over), and the one trap is as documented.
func TestOnlyWhatWasJoined(t *testing.T) {
	t.Parallel()
	h := testbed.NewHosts(t, 1)[0]
	local := startReceiver(t, h, group, "127.0.0.1", "lo")
	everywhere := startReceiver(t, h, group, "", "eth0 lo")
	startSender(t, h, group, "").sends("one")
	everywhere.expect("received one")
	startSender(t, h, group, "127.0.0.1").sends("two")
	everywhere.expect("received two")
	local.expect("received two")
	local.never("received one")
}
