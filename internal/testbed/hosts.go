package testbed

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What is more than any test needs.
const (
	maxHosts    = 16
	maxNetworks = 8
)

// setUpTime bounds the making of hosts.
const setUpTime = 20 * time.Second

// Host is one of several hosts in network namespaces. See [NewHosts] and [NewNetworks].
type Host struct {
	Name string     // h1, h2, …
	Addr netip.Addr // of its interface eth0: 10.77.N.1/24, 10.77.N.2/24, … on network N

	cables []cable // the first is that of eth0
	wire   *wire
}

// cable connects a host to a network.
type cable struct {
	network int
	addr    netip.Addr
	device  string // on the host: eth0, eth1, …
	port    string // of the network's bridge
}

// wire is what connects hosts: a bridge for each network, in a network namespace of their own, and the process that holds this namespace and the
// names of the hosts' ones. They vanish with it.
type wire struct {
	t   testing.TB
	pid int
}

// NewHosts makes count hosts on one network. See [NewNetworks].
func NewHosts(t testing.TB, count int) []*Host {
	t.Helper()
	return NewNetworks(t, slices.Repeat([][]int{{0}}, max(count, 0))...)
}

// NewNetworks makes one host for each of plan, which lists the networks that it is on, by number from 0 on: those on the same one are
// connected by a bridge. Nothing is passed on from one network to another. Each host has loopback, and eth0, eth1, … in the order of its
// networks; its default route, which multicast takes too, is to the first. All is gone with the test.
//
// All is in namespaces of its own: nothing is seen on the machine, nothing reaches the machine's network, and nothing is left when the
// test dies. It takes root, or a kernel that gives namespaces to everybody, and iproute2 and util-linux; the test ends where
// these are missing.
func NewNetworks(t testing.TB, plan ...[]int) []*Host {
	t.Helper()
	if len(plan) < 1 || len(plan) > maxHosts {
		t.Fatalf("%d hosts, want 1 to %d", len(plan), maxHosts)
	}
	for _, tool := range []string{"unshare", "nsenter", "ip"} {
		if _, err := exec.LookPath(tool); err != nil {
			Unavailable(t, "network namespaces: %v (install iproute2 and util-linux)", err)
		}
	}
	w := &wire{t: t}
	var hosts []*Host
	for i, networks := range plan {
		hosts = append(hosts, newHost(t, w, i+1, networks))
	}
	if err := w.lay(hosts); err != nil {
		Unavailable(t, "network namespaces: %v", err)
	}
	for _, h := range hosts {
		h.waitPlugged()
	}
	return hosts
}

func newHost(t testing.TB, w *wire, number int, networks []int) *Host {
	t.Helper()
	h := &Host{Name: "h" + strconv.Itoa(number), wire: w}
	for i, network := range networks {
		if network < 0 || network >= maxNetworks {
			t.Fatalf("network %d of host %d, want 0 to %d", network, number, maxNetworks-1)
		}
		h.cables = append(h.cables, cable{
			network: network,
			addr:    netip.AddrFrom4([4]byte{10, 77, byte(network), byte(number)}),
			device:  "eth" + strconv.Itoa(i),
			port:    fmt.Sprintf("p%d-%d", number, network),
		})
	}
	if len(h.cables) == 0 {
		t.Fatalf("host %d is on no network", number)
	}
	h.Addr = h.cables[0].addr
	return h
}

// On returns the host's address on a network, and the name of its interface there. The test fails where it has none.
func (h *Host) On(network int) (addr netip.Addr, device string) {
	h.wire.t.Helper()
	c := h.cable(network)
	return c.addr, c.device
}

func (h *Host) cable(network int) cable {
	h.wire.t.Helper()
	i := slices.IndexFunc(h.cables, func(c cable) bool { return c.network == network })
	if i < 0 {
		h.wire.t.Fatalf("%s is not on network %d", h.Name, network)
	}
	return h.cables[i]
}

// lay starts the process that holds the namespaces: a shell that makes them and then waits for more, until its standard
// input ends.
func (w *wire) lay(hosts []*Host) error {
	args := []string{"--net", "--mount"}
	if os.Geteuid() != 0 {
		args = append(args, "--user", "--map-root-user")
	}
	var stderr strings.Builder
	holder := exec.Command("unshare", append(args, "sh", "-e")...)
	holder.Stderr = &stderr
	dieWithTest(holder)
	stdin, err := holder.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := holder.StdoutPipe()
	if err != nil {
		return err
	}
	if err := holder.Start(); err != nil {
		return err
	}
	timer := time.AfterFunc(setUpTime, func() { _ = holder.Process.Kill() }) // fails when it has ended
	defer timer.Stop()
	_, err = stdin.Write([]byte(script(hosts)))
	if err == nil {
		_, err = bufio.NewReader(stdout).ReadString('\n')
	}
	if err != nil {
		err = errors.Join(err, stdin.Close(), holder.Wait())
		return fmt.Errorf("%v: %s", err, strings.TrimSpace(stderr.String()))
	}
	w.pid = holder.Process.Pid
	w.t.Cleanup(func() {
		if err := errors.Join(stdin.Close(), holder.Wait()); err != nil {
			w.t.Errorf("remove network namespaces: %v: %s", err, stderr.String())
		}
	})
	return nil
}

// script makes the namespaces. The tmpfs keeps their names off the machine's /run.
func script(hosts []*Host) string {
	var b strings.Builder
	b.WriteString("mount -t tmpfs tmpfs /run; mkdir /run/netns\n")
	laid := make(map[int]bool)
	for _, h := range hosts {
		fmt.Fprintf(&b, "ip netns add %s; ip -n %[1]s link set lo up\n", h.Name)
		for _, c := range h.cables {
			if !laid[c.network] {
				laid[c.network] = true
				fmt.Fprintf(&b, "ip link add br%d type bridge; ip link set br%[1]d up\n", c.network)
			}
			fmt.Fprintf(&b, "ip link add %s master br%d type veth peer name %s netns %s; ip link set %[1]s up\n", c.port, c.network, c.device, h.Name)
			fmt.Fprintf(&b, "ip -n %s addr add %s/24 dev %s; ip -n %[1]s link set %[3]s up\n", h.Name, c.addr, c.device)
		}
		fmt.Fprintf(&b, "ip -n %s route add default dev %s\n", h.Name, h.cables[0].device)
	}
	b.WriteString("echo ready\n")
	return b.String()
}

// Command prepares a command that runs on the host. It is killed when ctx ends.
func (h *Host) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	return h.wire.command(ctx, "root/run/netns/"+h.Name, name, args...)
}

// Run runs a command on the host and returns its output. When it fails, so does the test.
func (h *Host) Run(name string, args ...string) string {
	h.wire.t.Helper()
	return h.wire.run(h.Command(h.wire.t.Context(), name, args...))
}

// Cut pulls the host's cables at the far end: nothing gets through any more, and no host notices.
func (h *Host) Cut() {
	h.wire.t.Helper()
	for _, c := range h.cables {
		h.pull(c)
	}
}

// CutFrom pulls the cable to one network alone.
func (h *Host) CutFrom(network int) {
	h.wire.t.Helper()
	h.pull(h.cable(network))
}

func (h *Host) pull(c cable) {
	h.wire.t.Helper()
	h.wire.ip("link", "set", c.port, "nomaster")
}

// Heal plugs all cables in again.
func (h *Host) Heal() {
	h.wire.t.Helper()
	for _, c := range h.cables {
		h.wire.ip("link", "set", c.port, "master", "br"+strconv.Itoa(c.network))
	}
	h.waitPlugged()
}

// waitPlugged waits until the bridges carry what the host sends: they learn of a cable some moments after ip has returned.
func (h *Host) waitPlugged() {
	h.wire.t.Helper()
	for _, c := range h.cables {
		WaitFor(h.wire.t, "the bridge to forward for "+h.Name, func() bool {
			return strings.Contains(h.wire.ip("-details", "link", "show", c.port), "state forwarding")
		})
	}
}

// ip runs ip where the bridge is.
func (w *wire) ip(args ...string) string {
	w.t.Helper()
	return w.run(w.command(w.t.Context(), "ns/net", "ip", args...))
}

// command prepares a command in a network namespace, a path below the holder's directory in /proc.
func (w *wire) command(ctx context.Context, namespace, name string, args ...string) *exec.Cmd {
	proc := "/proc/" + strconv.Itoa(w.pid) + "/"
	enter := []string{"--net=" + proc + namespace}
	if os.Geteuid() != 0 {
		enter = append(enter, "--user="+proc+"ns/user", "--preserve-credentials")
	}
	cmd := exec.CommandContext(ctx, "nsenter", append(append(enter, "--", name), args...)...)
	dieWithTest(cmd)
	return cmd
}

func (w *wire) run(cmd *exec.Cmd) string {
	w.t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.t.Fatalf("%s: %v: %s", cmd, err, out)
	}
	return string(out)
}
