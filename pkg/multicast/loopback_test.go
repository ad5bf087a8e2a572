package multicast_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pytroll/posttroll-go/internal/testbed"
	"github.com/pytroll/posttroll-go/pkg/multicast"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if part := os.Getenv(role); part != "" {
		play(part)
		return
	}
	goleak.VerifyTestMain(m)
}

var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// onLoopback is a group of its own on loopback: what is sent there reaches no other test and leaves no machine.
func onLoopback(t testing.TB) multicast.Config {
	t.Helper()
	return multicast.Config{
		Group:     fmt.Sprintf("239.%d.%d.%d", rand.N(256), rand.N(256), rand.N(256)),
		Port:      testbed.FreeUDPPort(t),
		Interface: loopback,
	}
}

func listen(t testing.TB, cfg multicast.Config) *multicast.Receiver {
	t.Helper()
	r, err := multicast.Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Errorf("close receiver: %v", err)
		}
	})
	return r
}

func sender(t testing.TB, cfg multicast.Config) *multicast.Sender {
	t.Helper()
	s, err := multicast.NewSender(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close sender: %v", err)
		}
	})
	return s
}

// receive waits for one datagram.
func receive(t *testing.T, r *multicast.Receiver) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testbed.Patience)
	defer cancel()
	got, from, err := r.Receive(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if from.Addr() != loopback || from.Port() == 0 {
		t.Errorf("from %s, want a port of 127.0.0.1", from)
	}
	return got
}

func TestLoopback(t *testing.T) {
	t.Parallel()
	group, broadcast := onLoopback(t), onLoopback(t)
	broadcast.Group = ""
	for name, cfg := range map[string]multicast.Config{"group": group, "broadcast": broadcast} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Two receivers on one host get everything.
			receivers := []*multicast.Receiver{listen(t, cfg), listen(t, cfg)}
			s := sender(t, cfg)
			for _, want := range [][]byte{[]byte("x"), {}, bytes.Repeat([]byte("y"), multicast.MaxSend)} {
				if err := s.Send(t.Context(), want); err != nil {
					t.Fatal(err)
				}
				for _, r := range receivers {
					if diff := cmp.Diff(want, receive(t, r)); diff != "" {
						t.Errorf("received (-want +got):\n%s", diff)
					}
				}
			}
			if diff := cmp.Diff(multicast.Stats{Received: 3}, receivers[0].Stats()); diff != "" {
				t.Errorf("stats (-want +got):\n%s", diff)
			}
		})
	}
}

func TestGroupsAreApart(t *testing.T) {
	t.Parallel()
	one, other := onLoopback(t), onLoopback(t)
	other.Port = one.Port
	r := listen(t, one)
	listen(t, other)
	for _, cfg := range []multicast.Config{other, one} {
		if err := sender(t, cfg).Send(t.Context(), []byte(cfg.Group)); err != nil {
			t.Fatal(err)
		}
	}
	if got := string(receive(t, r)); got != one.Group {
		t.Errorf("received what was sent to %s", got)
	}
}

func TestSendRefusesLongDatagrams(t *testing.T) {
	t.Parallel()
	err := sender(t, onLoopback(t)).Send(t.Context(), make([]byte, multicast.MaxSend+1))
	tooLong, ok := errors.AsType[*multicast.TooLongError](err)
	if !ok || *tooLong != (multicast.TooLongError{Size: 1025, Limit: 1024}) {
		t.Fatalf("got %v, want a TooLongError", err)
	}
	if want := "datagram of 1025 bytes is above the limit of 1024"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

// The largest that UDP can carry arrives whole: a foreign sender need not keep to 1024 bytes.
func TestReceivesTheLongest(t *testing.T) {
	t.Parallel()
	cfg := onLoopback(t)
	r := listen(t, cfg)
	conn, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, uint16(cfg.Port))))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	want := bytes.Repeat([]byte("z"), 65507)
	if _, err := conn.Write(want); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, receive(t, r)) {
		t.Error("the datagram did not arrive as it was")
	}
}

func TestContextReleasesReceive(t *testing.T) {
	t.Parallel()
	cfg := onLoopback(t)
	r := listen(t, cfg)
	ctx, cancel := context.WithCancel(t.Context())
	began := make(chan struct{})
	time.AfterFunc(10*time.Millisecond, func() { close(began); cancel() })
	if _, _, err := r.Receive(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want %v", err, context.Canceled)
	}
	select {
	case <-began:
	default:
		t.Error("Receive returned before the context was cancelled")
	}
	if _, _, err := r.Receive(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	s := sender(t, cfg)
	if err := s.Send(ctx, []byte("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	// The next one works as if nothing had been.
	if err := s.Send(t.Context(), []byte("y")); err != nil {
		t.Fatal(err)
	}
	if got := string(receive(t, r)); got != "y" {
		t.Errorf("got %q, want %q", got, "y")
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	cfg := onLoopback(t)
	r, s := listen(t, cfg), sender(t, cfg)
	if err := s.Send(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	receive(t, r)
	blocked := make(chan error)
	go func() {
		_, _, err := r.Receive(t.Context())
		blocked <- err
	}()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if err := errors.Join(r.Close(), s.Close()); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
	all.Wait()
	if err := <-blocked; !errors.Is(err, net.ErrClosed) {
		t.Errorf("blocked Receive: got %v, want %v", err, net.ErrClosed)
	}
	if _, _, err := r.Receive(t.Context()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Receive: got %v, want %v", err, net.ErrClosed)
	}
	if err := s.Send(t.Context(), nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Send: got %v, want %v", err, net.ErrClosed)
	}
}

func TestPortTaken(t *testing.T) {
	t.Parallel()
	alone, err := net.ListenPacket("udp4", ":0") // without SO_REUSEADDR
	if err != nil {
		t.Fatal(err)
	}
	defer alone.Close()
	cfg := onLoopback(t)
	cfg.Port = alone.LocalAddr().(*net.UDPAddr).Port
	_, err = multicast.Listen(cfg)
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Fatalf("got %v, want %v", err, syscall.EADDRINUSE)
	}
	if want := fmt.Sprintf("bind udp port %d: bind: address already in use", cfg.Port); err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

// TestBuffer: who may have more than net.core.rmem_max has all that is asked for; others are told what they have.
func TestBuffer(t *testing.T) {
	t.Parallel()
	granted, wanted := listen(t, onLoopback(t)).Buffer()
	if granted <= 0 || granted > wanted {
		t.Errorf("granted %d of %d bytes", granted, wanted)
	}
	if runtime.GOOS == "linux" && mayForce(t) && granted != wanted {
		t.Errorf("granted %d of %d bytes, with CAP_NET_ADMIN", granted, wanted)
	}
}

// mayForce tells whether this process has CAP_NET_ADMIN.
func mayForce(t *testing.T) bool {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "\nCapEff:")
	var caps uint64
	if _, err := fmt.Sscanf(rest, "%x", &caps); err != nil {
		t.Fatal(err)
	}
	const netAdmin = 12
	return caps>>netAdmin&1 == 1
}

func TestInterfaces(t *testing.T) {
	t.Parallel()
	cfg := onLoopback(t)
	if diff := cmp.Diff([]string{"lo"}, listen(t, cfg).Interfaces()); diff != "" {
		t.Errorf("interfaces (-want +got):\n%s", diff)
	}
	cfg.Group = ""
	if got := listen(t, cfg).Interfaces(); got != nil {
		t.Errorf("got %q for broadcast, want none", got)
	}
}

// A peer in Python, made as the reference makes its sockets, shares the port and hears and is heard.
func TestPythonPeer(t *testing.T) {
	t.Parallel()
	python := testbed.Python(t)
	cfg := onLoopback(t)
	r := listen(t, cfg)
	peer := testbed.Start(t, exec.CommandContext(t.Context(), python, "testdata/peer.py", cfg.Group, strconv.Itoa(cfg.Port)))
	peer.WaitLine(0, "ready")
	if got, want := string(receive(t, r)), "from Python"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := sender(t, cfg).Send(t.Context(), []byte("from Go")); err != nil {
		t.Fatal(err)
	}
	peer.WaitLine(0, "received", "from Go")
	if got := peer.Wait(); got != 0 {
		t.Errorf("the peer ended with status %d", got)
	}
}
