package testbed

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// maxHosts is more than any test needs.
const maxHosts = 16

// setUpTime bounds the making of hosts.
const setUpTime = 20 * time.Second

// Host is one of several hosts in network namespaces. See [NewHosts].
type Host struct {
	Name string     // h1, h2, …
	Addr netip.Addr // of its interface eth0: 10.77.0.1/24, 10.77.0.2/24, …

	port string // of the bridge
	wire *wire
}

// wire is what connects hosts: a bridge in a network namespace of its own, and the process that holds this namespace and the names of the
// hosts' ones. They vanish with it.
type wire struct {
	t   testing.TB
	pid int
}

// NewHosts makes count hosts that are connected by a bridge, gone with the test. Each has loopback, and eth0 with a default route. All is in
// namespaces of its own: nothing is seen on the machine, nothing reaches the machine's network, and nothing is left when the
// test dies. It takes root, or a kernel that gives namespaces to everybody, and iproute2 and util-linux; the test ends where
// these are missing.
func NewHosts(t testing.TB, count int) []*Host {
	t.Helper()
	if count < 1 || count > maxHosts {
		t.Fatalf("NewHosts(%d): want 1 to %d", count, maxHosts)
	}
	for _, tool := range []string{"unshare", "nsenter", "ip"} {
		if _, err := exec.LookPath(tool); err != nil {
			Unavailable(t, "network namespaces: %v (install iproute2 and util-linux)", err)
		}
	}
	w := &wire{t: t}
	var hosts []*Host
	for i := range count {
		n := strconv.Itoa(i + 1)
		hosts = append(hosts, &Host{
			Name: "h" + n, Addr: netip.AddrFrom4([4]byte{10, 77, 0, byte(i + 1)}), port: "p" + n, wire: w,
		})
	}
	if err := w.lay(hosts); err != nil {
		Unavailable(t, "network namespaces: %v", err)
	}
	for _, h := range hosts {
		h.waitPlugged()
	}
	return hosts
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
	b.WriteString("mount -t tmpfs tmpfs /run; mkdir /run/netns\nip link add br0 type bridge; ip link set br0 up\n")
	for _, h := range hosts {
		fmt.Fprintf(&b, "ip netns add %s; ip link add %s master br0 type veth peer name eth0 netns %s; ip link set %s up\n",
			h.Name, h.port, h.Name, h.port)
		for _, command := range []string{"link set lo up", "addr add " + h.Addr.String() + "/24 dev eth0", "link set eth0 up", "route add default dev eth0"} {
			fmt.Fprintf(&b, "ip -n %s %s\n", h.Name, command)
		}
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

// Cut pulls the host's cable at the far end: nothing gets through any more, and no host notices.
func (h *Host) Cut() {
	h.wire.t.Helper()
	h.wire.ip("link", "set", h.port, "nomaster")
}

// Heal plugs it in again.
func (h *Host) Heal() {
	h.wire.t.Helper()
	h.wire.ip("link", "set", h.port, "master", "br0")
	h.waitPlugged()
}

// waitPlugged waits until the bridge carries what the host sends: it learns of a cable some moments after ip has returned.
func (h *Host) waitPlugged() {
	h.wire.t.Helper()
	WaitFor(h.wire.t, "the bridge to forward for "+h.Name, func() bool {
		return strings.Contains(h.wire.ip("-details", "link", "show", h.port), "state forwarding")
	})
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
