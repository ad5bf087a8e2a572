package multicast_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/pytroll/posttroll-go/internal/testbed"
	"github.com/pytroll/posttroll-go/pkg/multicast"
	"go.uber.org/zap"
)

// Part that this test's program plays on a host: "receive" or "send", then the group and the interface.
const role = "MULTICAST_ROLE"

// play plays a part until it is killed.
func play(part string) {
	words := strings.Split(part, ",")
	cfg := multicast.DefaultConfig()
	cfg.Group = words[1]
	if words[2] != "" {
		cfg.Interface = netip.MustParseAddr(words[2])
	}
	run := playReceiver
	if words[0] == "send" {
		run = playSender
	}
	if err := run(cfg); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// playReceiver prints what it logs and what it receives.
func playReceiver(cfg multicast.Config) error {
	cfg.Logger = zap.NewExample()
	r, err := multicast.Listen(cfg)
	if err != nil {
		return err
	}
	fmt.Println("ready", strings.Join(r.Interfaces(), " "))
	for {
		datagram, from, err := r.Receive(context.Background())
		if err != nil {
			return err
		}
		fmt.Printf("received %s from %s\n", datagram, from.Addr())
	}
}

// playSender sends each line of its standard input and prints how that went.
func playSender(cfg multicast.Config) error {
	s, err := multicast.NewSender(cfg)
	if err != nil {
		return err
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		err := s.Send(context.Background(), lines.Bytes())
		fmt.Printf("%s: no network %t: %v\n", lines.Text(), errors.Is(err, multicast.ErrNoNetwork), err)
	}
	return s.Close()
}

// program is this test's program on a host.
type program struct {
	*testbed.Process
	t     *testing.T
	stdin io.Writer
	next  int // line to go on from
}

func start(t *testing.T, h *testbed.Host, part, group, iface string) *program {
	t.Helper()
	cmd := h.Command(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), role+"="+strings.Join([]string{part, group, iface}, ","))
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	return &program{Process: testbed.Start(t, cmd), t: t, stdin: stdin}
}

const group = "225.0.0.212"

// startReceiver returns when it is ready and joined on the interfaces named.
func startReceiver(t *testing.T, h *testbed.Host, group, iface, joined string) *program {
	t.Helper()
	p := start(t, h, "receive", group, iface)
	line := p.expect("ready")
	if got := strings.TrimSpace(strings.TrimPrefix(line, "ready")); got != joined {
		t.Errorf("joined on %q, want %q", got, joined)
	}
	return p
}

func startSender(t *testing.T, h *testbed.Host, group, iface string) *program {
	t.Helper()
	return start(t, h, "send", group, iface)
}

// expect waits for the next line with these parts.
func (p *program) expect(parts ...string) string {
	p.t.Helper()
	line, next := p.WaitLine(p.next, parts...)
	p.next = next
	return line
}

// send sends a datagram and returns how that went.
func (p *program) send(datagram string) string {
	p.t.Helper()
	if _, err := io.WriteString(p.stdin, datagram+"\n"); err != nil {
		p.t.Fatal(err)
	}
	return strings.TrimPrefix(p.expect(datagram+":"), datagram+": ")
}

// sends sends a datagram, which must go well.
func (p *program) sends(datagram string) {
	p.t.Helper()
	if got := p.send(datagram); got != "no network false: <nil>" {
		p.t.Errorf("send %s: %s", datagram, got)
	}
}

// fails sends a datagram, which must fail for want of a network, with that cause.
func (p *program) fails(datagram, cause string) {
	p.t.Helper()
	if got := p.send(datagram); !strings.HasPrefix(got, "no network true: send to ") || !strings.HasSuffix(got, cause) {
		p.t.Errorf("send %s: %s, want no network for %q", datagram, got, cause)
	}
}

// never fails the test when a line with these parts has been written.
func (p *program) never(parts ...string) {
	p.t.Helper()
	for _, line := range p.Lines() {
		found := true
		for _, part := range parts {
			found = found && strings.Contains(line, part)
		}
		if found {
			p.t.Errorf("got %q", line)
		}
	}
}
