package testbed_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/internal/testbed"
	"go.uber.org/goleak"
)

// Role in which this test's program runs on a host.
const role = "TESTBED_ROLE"

func TestMain(m *testing.M) {
	switch what := os.Getenv(role); what {
	case "":
		goleak.VerifyTestMain(m)
	case "listen":
		play(listen)
	default:
		play(func() error { return dial(what) })
	}
}

func play(part func() error) {
	if err := part(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

const port = "7000"

// listen accepts connections for ever.
func listen() error {
	l, err := net.Listen("tcp", ":"+port)
	if err != nil {
		return err
	}
	fmt.Println("listening")
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		if err := conn.Close(); err != nil {
			return err
		}
	}
}

func dial(addr string) error {
	conn, err := net.DialTimeout("tcp", net.JoinHostPort(addr, port), time.Second)
	if err != nil {
		return err
	}
	return conn.Close()
}

// self is this test's program in a role on a host.
func self(ctx context.Context, h *testbed.Host, part string) *exec.Cmd {
	cmd := h.Command(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), role+"="+part, "GORACE=atexit_sleep_ms=0")
	return cmd
}

func reaches(t *testing.T, from, to *testbed.Host) error {
	t.Helper()
	out, err := self(t.Context(), from, to.Addr.String()).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s to %s: %w: %s", from.Name, to.Name, err, out)
	}
	return nil
}

func TestHosts(t *testing.T) {
	t.Parallel()
	hosts := testbed.NewHosts(t, 3)
	for _, h := range hosts {
		testbed.Start(t, self(t.Context(), h, "listen")).WaitLine(0, "listening")
	}
	for _, from := range hosts {
		for _, to := range hosts {
			if err := reaches(t, from, to); err != nil {
				t.Error(err)
			}
		}
	}
	hosts[1].Cut()
	if err := reaches(t, hosts[0], hosts[1]); err == nil {
		t.Error("a host that was cut off answered")
	}
	if err := reaches(t, hosts[0], hosts[2]); err != nil {
		t.Error(err)
	}
	hosts[1].Heal()
	testbed.WaitFor(t, "the host that is back", func() bool { return reaches(t, hosts[0], hosts[1]) == nil })
}

// A host on two networks reaches both; nothing crosses from one to the other, and each cable can be pulled alone.
func TestNetworks(t *testing.T) {
	t.Parallel()
	hosts := testbed.NewNetworks(t, []int{0}, []int{0, 1}, []int{1})
	left, middle, right := hosts[0], hosts[1], hosts[2]
	for _, h := range hosts {
		testbed.Start(t, self(t.Context(), h, "listen")).WaitLine(0, "listening")
	}
	if addr, device := middle.On(1); addr.String() != "10.77.1.2" || device != "eth1" {
		t.Errorf("the middle is %s on %s of network 1", addr, device)
	}
	for _, pair := range [][2]*testbed.Host{{left, middle}, {middle, left}, {middle, right}} {
		if err := reaches(t, pair[0], pair[1]); err != nil {
			t.Error(err)
		}
	}
	if err := reaches(t, left, right); err == nil {
		t.Error("one network was reached from the other")
	}
	middle.CutFrom(1)
	if err := reaches(t, middle, right); err == nil {
		t.Error("a network that was cut off was reached")
	}
	if err := reaches(t, middle, left); err != nil {
		t.Error(err)
	}
	middle.Heal()
	testbed.WaitFor(t, "the network that is back", func() bool { return reaches(t, middle, right) == nil })
}

func TestHostsAreNotSeenOnTheMachine(t *testing.T) {
	t.Parallel()
	hosts := testbed.NewHosts(t, 2)
	out, err := exec.Command("ip", "netns", "list").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if strings.Contains(string(out), hosts[0].Name) {
		t.Errorf("the machine has a namespace %s", hosts[0].Name)
	}
	if got := hosts[0].Run("ip", "-o", "route"); !strings.Contains(got, "default dev eth0") {
		t.Errorf("routes of the host:\n%s", got)
	}
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, ifi := range interfaces {
		if ifi.Name == "br0" || ifi.Name == "p1-0" {
			t.Errorf("the machine has an interface %s", ifi.Name)
		}
	}
}
