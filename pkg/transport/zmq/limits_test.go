//go:build linux

package zmq

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/internal/testbed"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"golang.org/x/sys/unix"
)

// isClosed waits until the other side has closed the connection.
func (p rawPeer) isClosed() {
	p.t.Helper()
	if _, err := io.Copy(io.Discard, p); errors.Is(err, os.ErrDeadlineExceeded) {
		p.t.Fatal("the connection is not closed")
	}
}

// pours sends part again and again, until the connection is closed, and fails the test where that takes too much.
func (p rawPeer) pours(part []byte) {
	p.t.Helper()
	const enough = 64 << 20
	chunk := []byte(strings.Repeat(string(part), 1+64<<10/len(part)))
	for sent := 0; sent < enough; sent += len(chunk) {
		if _, err := p.Write(chunk); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				p.t.Fatal("the connection is not closed")
			}
			return
		}
	}
	p.t.Fatal("it takes more and more")
}

// TestEndlessMessage: a message that never ends is not kept; its sender is cut, and others are served.
func TestEndlessMessage(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 1000, 60_000} {
		part := rawFrame(1, strings.Repeat("p", size))
		e := newExposed(t, "plain")
		for kind, to := range map[string]transport.Endpoint{"SUB": e.publisher.Endpoint(), "DEALER": e.replier.Endpoint()} {
			if kind == "SUB" && size > maxTopic {
				continue // too long for a topic
			}
			peer := dialRaw(t, to)
			peer.greet(property("Socket-Type", kind))
			peer.pours(part)
			// Commands between the parts, which end no message.
			peer = dialRaw(t, to)
			peer.greet(property("Socket-Type", kind))
			peer.pours(append(part, rawFrame(4, rawPing)...))
		}
		e.serves(t, "plain")
	}
}

// TestEndlessMessageOfPublisher: likewise where we have connected, by peers of all versions.
func TestEndlessMessageOfPublisher(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ greeting, part, message string }{
		"ZMTP 1":           {"\x01\x00", "\x05\x01part", "\x06\x00hello"},
		"ZMTP 1, long":     {"\xff\x00\x00\x00\x00\x00\x00\x00\x04\x00abc", "\xff\x00\x00\x00\x00\x00\x00\x00\x05\x01part", "\xff\x00\x00\x00\x00\x00\x00\x00\x06\x00hello"},
		"ZMTP 2":           {"\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x01\x01\x00\x00", "\x01\x04part", "\x00\x05hello"},
		"ZMTP 3":           {"", "\x01\x04part", "\x00\x05hello"},
		"ZMTP 3, commands": {"", "\x01\x04part" + string(rawFrame(4, rawPing)), "\x00\x05hello"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			must(t, err)
			defer l.Close()
			tr := newTransport(t, Options{})
			s, _ := subscriberTo(t, tr, transport.SubscriberConfig{}, endpoint(t, "tcp://"+l.Addr().String()))
			c, err := l.Accept()
			must(t, err)
			must(t, c.SetDeadline(time.Now().Add(patience)))
			peer := rawPeer{c, t}
			if tt.greeting == "" {
				must(t, peer.welcome())
			}
			// What comes byte by byte is the same.
			for _, b := range []byte(tt.greeting + tt.part + tt.part + tt.message) {
				_, err = c.Write([]byte{b})
				must(t, err)
			}
			_, err = c.Write([]byte(strings.Repeat(tt.message, 1000)))
			must(t, err)
			for got := 0; got < 1000; {
				frames, err := s.Receive(soon(t))
				must(t, err)
				for _, f := range frames {
					if string(f.Body) != "hello" {
						t.Fatalf("got %q", f.Body)
					}
				}
				got += len(frames)
			}
			peer.pours([]byte(tt.part))
			if diff := cmp.Diff(map[transport.Limit]uint64{transport.LimitParts: 1}, tr.LimitStats().Cut); diff != "" {
				t.Errorf("cut (-want +got):\n%s", diff)
			}
		})
	}
}

// TestOldPeers: ZMTP 1 and 2 tell of no connection, so that nobody could say whose topics are too many.
func TestOldPeers(t *testing.T) {
	t.Parallel()
	e := newExposed(t, "plain")
	for name, greeting := range map[string]string{
		"ZMTP 1":       "\x01\x00",
		"ZMTP 1, long": "\xff\x00\x00\x00\x00\x00\x00\x00\x04\x00abc",
		"ZMTP 1, new":  "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x00\x02",
		"ZMTP 2":       "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x01\x02\x00\x00",
		"HTTP":         "GET / HTTP/1.1\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			peer := dialRaw(t, e.publisher.Endpoint())
			_, err := peer.Write([]byte(greeting))
			must(t, err)
			peer.isClosed()
		})
	}
	tr := e.publisher.(*publisher).owner
	if diff := cmp.Diff(map[transport.Limit]uint64{transport.LimitProtocol: 5}, tr.LimitStats().Cut); diff != "" {
		t.Errorf("cut (-want +got):\n%s", diff)
	}
}

// dialFrom connects from an address of this host.
func dialFrom(t *testing.T, from string, to transport.Endpoint) rawPeer {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: patience}
	c, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(to.String(), "tcp://"))
	must(t, err)
	t.Cleanup(func() { c.Close() })
	must(t, c.SetDeadline(time.Now().Add(patience)))
	return rawPeer{c, t}
}

// TestShares: one address does not take what others need, and what it gives back it gets again. Nobody is cut for it.
func TestShares(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.WarnLevel)
	tr := newTransport(t, Options{MaxConnections: 20, MaxPerSource: 12, Logger: zap.New(core)})
	p, err := tr.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0")})
	must(t, err)
	refused := make(map[transport.Limit]uint64)
	expect := func(accepted int) {
		t.Helper()
		testbed.WaitFor(t, "the connections", func() bool { return tr.LimitStats().Accepted == accepted })
		if diff := cmp.Diff(refused, tr.LimitStats().Refused); diff != "" {
			t.Errorf("refused (-want +got):\n%s", diff)
		}
	}
	open := func(from string, n int) (all []rawPeer) {
		for range n {
			peer := dialFrom(t, from, p.Endpoint())
			peer.greet(property("Socket-Type", "SUB"))
			all = append(all, peer)
		}
		return all
	}
	shut := func(from string, n int, why transport.Limit) {
		t.Helper()
		for range n {
			dialFrom(t, from, p.Endpoint()).isClosed()
		}
		refused[why] += uint64(n)
	}
	first := open("127.0.0.1", 12)
	shut("127.0.0.1", 3, transport.LimitSource)
	expect(12)
	// Three quarters are taken by two: each gets more only while it has less than is free, and so leaves something to the next one.
	open("127.0.0.2", 4)
	expect(16)
	shut("127.0.0.2", 2, transport.LimitSource)
	shut("127.0.0.1", 1, transport.LimitSource)
	open("127.0.0.3", 2)
	shut("127.0.0.3", 1, transport.LimitSource)
	open("127.0.0.4", 1)
	shut("127.0.0.4", 1, transport.LimitSource)
	expect(19)
	open("127.0.0.5", 1)
	shut("127.0.0.6", 1, transport.LimitConnections)
	expect(20)
	for _, peer := range first {
		must(t, peer.ping()) // is still there
	}
	must(t, first[0].Close())
	must(t, first[1].Close())
	expect(18)
	open("127.0.0.6", 1)
	expect(19)
	for _, l := range logs.All() {
		t.Log(l.Message, l.ContextMap())
	}
	testbed.WaitFor(t, "the log", func() bool { return logs.FilterMessage(limitLines[0].text).Len() == 1 })
}

// TestManyBehindOneAddress: what five hundred programs behind one address do that register anew every two seconds is no flood.
func TestManyBehindOneAddress(t *testing.T) {
	t.Parallel()
	tr := newTransport(t, Options{})
	r, err := tr.Replier(transport.ReplierConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0")})
	must(t, err)
	ctx, stop := context.WithCancel(t.Context())
	var answering, asking sync.WaitGroup
	answering.Go(func() {
		for {
			requests, err := r.Receive(ctx)
			if err != nil {
				return
			}
			for _, q := range requests {
				if err := r.Reply(q, []byte("ok")); err != nil {
					t.Error(err)
				}
			}
		}
	})
	for range 50 {
		asking.Go(func() {
			for range 10 {
				if _, err := tr.Request(ctx, transport.Address{Endpoint: r.Endpoint()}, []byte("here I am"), transport.SocketOptions{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	asking.Wait()
	stop()
	answering.Wait()
	if s := tr.LimitStats(); len(s.Refused) > 0 || len(s.Cut) > 0 {
		t.Errorf("limits were met: %+v", s)
	}
}

const noFilesChild = "POSTTROLL_TEST_NO_FILES"

// TestNoFiles: without descriptors newcomers are refused at once, those who are there are served, and it is over when there are some again. It is
// about a whole process: one of its own.
func TestNoFiles(t *testing.T) {
	if uri := os.Getenv(noFilesChild); uri != "" {
		runWithoutFiles(t, endpoint(t, uri))
		return
	}
	t.Parallel()
	for _, uri := range []string{"tcp://127.0.0.1:0", "ipc://" + filepath.Join(t.TempDir(), "p")} {
		scheme, _, _ := strings.Cut(uri, ":")
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			refusesWithoutFiles(t, uri)
		})
	}
}

func refusesWithoutFiles(t *testing.T, uri string) {
	exe, err := os.Executable()
	must(t, err)
	cmd := exec.CommandContext(t.Context(), exe, "-test.run=^TestNoFiles$", "-test.v")
	cmd.Env = append(os.Environ(), noFilesChild+"="+uri)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines := bufio.NewScanner(out)
	var at transport.Endpoint
	var first rawPeer
	for lines.Scan() {
		what, rest, _ := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		switch what {
		case "bound":
			at = endpoint(t, rest)
		case "lost": // even the one that is spare
			first = dialRaw(t, at)
			_, err = io.WriteString(in, "waits\n")
			must(t, err)
		case "out": // of files
			first.isClosed()
			for range 199 {
				dialRaw(t, at).isClosed()
			}
			_, err = io.WriteString(in, "refused\n")
			must(t, err)
		case "in":
			dialRaw(t, at).greet(property("Socket-Type", "SUB"))
			_, err = io.WriteString(in, "greeted\n")
			must(t, err)
		default:
			t.Log(lines.Text())
		}
	}
	must(t, cmd.Wait())
}

func runWithoutFiles(t *testing.T, at transport.Endpoint) {
	core, logs := observer.New(zap.WarnLevel)
	tr, peers := newTransport(t, Options{Logger: zap.New(core)}), newPeers(t)
	p, err := tr.Publisher(transport.PublisherConfig{Endpoint: at})
	must(t, err)
	old := peers.connected(zmq4.SUB, p.Endpoint())
	must(t, old.SetSubscribe("old"))
	must(t, p.WaitSubscribed(soon(t), "old", 1))
	in := bufio.NewScanner(os.Stdin)
	say := func(text string) { _, _ = os.Stdout.WriteString(text + "\n") }
	wait := func(want string) {
		t.Helper()
		if !in.Scan() || in.Text() != want {
			t.Fatalf("got %q, want %q", in.Text(), want)
		}
	}
	say("bound " + p.Endpoint().String())
	giveBack := takeFiles(t)
	before := cpuTime(t)
	restore := lowerFiles(t)
	say("lost")
	wait("waits")
	<-time.After(100 * time.Millisecond) // in which the spare one is given up, and is not to be had again
	restore()
	say("out")
	wait("refused")
	<-time.After(200 * time.Millisecond) // in which a loop would show
	if used := cpuTime(t) - before; used > 150*time.Millisecond {
		t.Errorf("%v of work for 200 refusals", used)
	}
	must(t, p.Send(t.Context(), []byte("old friend")))
	gets(t, old, "old friend")
	testbed.WaitFor(t, "the log", func() bool { return logs.FilterMessage(limitLines[2].text).Len() == 1 })
	giveBack()
	if got := tr.LimitStats().Refused[transport.LimitFiles]; got != 200 {
		t.Errorf("%d were refused, want 200", got)
	}
	say("in")
	wait("greeted")
}

// lowerFiles lowers the limit of files below those that are open.
func lowerFiles(t *testing.T) (restore func()) {
	t.Helper()
	var limit unix.Rlimit
	must(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &limit))
	few := limit
	few.Cur = 3
	must(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &few))
	return func() { must(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)) }
}

// takeFiles opens files until there are no descriptors.
func takeFiles(t *testing.T) (giveBack func()) {
	t.Helper()
	var limit unix.Rlimit
	must(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &limit))
	few := limit
	few.Cur = 256
	must(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &few))
	var all []int
	for {
		fd, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if errors.Is(err, syscall.EMFILE) {
			break
		}
		must(t, err)
		all = append(all, fd)
	}
	return func() {
		must(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &limit))
		for _, fd := range all {
			must(t, unix.Close(fd))
		}
	}
}
