package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pytroll/posttroll-go/internal/testbed"
	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/multicast"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/zmq"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){program: func() {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
		defer stop()
		os.Exit(run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
	}})
}

// patience is how long scripts wait for what is to come.
const patience = 20 * time.Second

func TestScripts(t *testing.T) {
	t.Parallel()
	network, err := zmq.New(zmq.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := network.Close(); err != nil {
			t.Error(err)
		}
	})
	testscript.Run(t, testscript.Params{
		Dir:      "testdata/script",
		Deadline: time.Now().Add(3 * patience),
		Setup:    func(env *testscript.Env) error { return setUp(t, env, network) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"announce": announce, "withdraw": withdraw, "listed": listed, "garbage": garbage, "hold": hold,
			"hangup": hangup, "terminate": terminate, "ended": ended, "exits": exits, "logged": logged,
			"notify": notify, "heard": heard,
			"keys": makeKeys, "authorize": authorize, "revoke": revoke, "as": as, "unanswered": unanswered,
		},
	})
}

// script is what the commands of one script share.
type script struct {
	network *zmq.Transport
	plain   ports
	secure  ports
	next    ports
	feed    int
	shown   shown     // keys, in requests
	told    time.Time // to stop
	manager *manager
}

// key finds it.
type key struct{}

// setUp gives a script ports of its own, which the programs find in its environment, and keeps everything else of this host out of it.
func setUp(t *testing.T, env *testscript.Env, network *zmq.Transport) error {
	s := &script{
		network: network,
		plain:   ports{testbed.FreePort(t), testbed.FreeUDPPort(t)},
		secure:  ports{testbed.FreePort(t), testbed.FreePort(t)},
		next:    ports{testbed.FreePort(t), testbed.FreePort(t)},
		feed:    testbed.FreePort(t),
	}
	s.shown.ports = s.plain
	env.Values[key{}] = s
	for name, port := range map[string]int{
		"NAMESERVER_PORT": s.plain.lookups, "ADDRESS_PUBLISH_PORT": s.feed, "BROADCAST_PORT": s.plain.register,
		"SECURE_ZMQ_NAMESERVER_PORT": s.secure.lookups, "SECURE_BROADCAST_PORT": s.secure.register,
		"NEXT_LOOKUP_PORT": s.next.lookups, "NEXT_REGISTRATION_PORT": s.next.register,
		"SECURE_ADDRESS_PUBLISH_PORT": testbed.FreePort(t), "NEXT_FEED_PORT": testbed.FreePort(t),
	} {
		env.Setenv("POSTTROLL_"+name, strconv.Itoa(port))
	}
	env.Setenv("GORACE", "atexit_sleep_ms=0") // or programs with the race detector take a second to end
	env.Setenv("POSTTROLL_MULTICAST_INTERFACE", "127.0.0.1")
	env.Setenv("POSTTROLL_BIND_ADDRESSES", "127.0.0.1")
	env.Setenv("POSTTROLL_FEED_ADDRESS", "127.0.0.1")
	env.Setenv("RUNTIME_DIRECTORY", filepath.Join(env.WorkDir, "run")) // for pid files
	return os.Mkdir(filepath.Join(env.WorkDir, "run"), 0o700)
}

func of(ts *testscript.TestScript) *script { return ts.Value(key{}).(*script) }

// usage ends the script unless cond holds.
func usage(ts *testscript.TestScript, neg, cond bool, text string) {
	if neg || !cond {
		ts.Fatalf("usage: %s", text)
	}
}

// announce announces a publisher by multicast or directly.
func announce(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) >= 3, "announce multicast|directly URI SERVICE...")
	speak(ts, args, discovery.TypeInfo)
}

// withdraw takes it back.
func withdraw(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) >= 3, "withdraw multicast|directly URI SERVICE...")
	speak(ts, args, discovery.TypeWithdraw)
}

func speak(ts *testscript.TestScript, args []string, typ string) {
	a := discovery.Announcement{Name: args[2], URI: args[1], Services: args[2:], Backend: of(ts).shown.backend()}
	m, err := a.Message(typ, message.Encoder{})
	ts.Check(err)
	switch args[0] {
	case "multicast":
		sendDatagram(ts, m.Bytes())
	case "directly":
		if got := request(ts, of(ts).shown.ports.register, m.Bytes()); got != "ok" {
			ts.Fatalf("registration answered with %q", got)
		}
	default:
		ts.Fatalf("unknown way %q", args[0])
	}
}

func sendDatagram(ts *testscript.TestScript, frame []byte) {
	cfg := multicast.DefaultConfig()
	cfg.Port, cfg.Interface = of(ts).plain.register, netip.MustParseAddr("127.0.0.1")
	sender, err := multicast.NewSender(cfg)
	ts.Check(err)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ts.Check(errors.Join(sender.Send(ctx, frame), sender.Close()))
}

// request asks a port and returns the answer.
func request(ts *testscript.TestScript, port int, frame []byte) string {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ep, err := transport.ConnectEndpoint(fmt.Sprintf("tcp://127.0.0.1:%d", port))
	ts.Check(err)
	answer, err := of(ts).network.Request(ctx, of(ts).shown.address(ep), frame, of(ts).shown.options())
	if err != nil {
		ts.Fatalf("request to %s: %v", ep, err)
	}
	return string(answer)
}

// listed waits until a lookup of a service finds these publishers and no others. A nameserver that is still starting is waited for.
func listed(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) >= 1, "listed SERVICE [URI...]")
	query := lookup(ts, args[0])
	var got []string
	for end := time.Now().Add(patience); time.Now().Before(end); <-time.After(20 * time.Millisecond) {
		if got = uris(ts, request(ts, of(ts).shown.ports.lookups, query)); slices.Equal(got, args[1:]) {
			return
		}
	}
	ts.Fatalf("listed as %q: %q, want %q", args[0], got, args[1:])
}

// lookup is the request for a service.
func lookup(ts *testscript.TestScript, service string) []byte {
	query, err := message.New("/oper/ns", "request", map[string]any{"service": service})
	ts.Check(err)
	return query.Bytes()
}

func uris(ts *testscript.TestScript, reply string) []string {
	m, err := message.Decode([]byte(reply))
	ts.Check(err)
	found := []string{}
	var entries []struct{ URI string }
	if m.RawData() != nil {
		ts.Check(m.Unmarshal(&entries))
	}
	for _, e := range entries {
		found = append(found, e.URI)
	}
	return found
}

// garbage sends what nobody should send to every port, in every way.
func garbage(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) == 0, "garbage")
	s := of(ts)
	rubbish := []string{"", "\x00\xff\xfe", "hello", "GET / HTTP/1.1\r\n\r\n", "pytroll:/", strings.Repeat("\xff", 1000),
		"pytroll://address/x info u@h now v1.01 application/json {", "pytroll://oper/ns request u@h 2024-05-17 v1.01 text/ascii x"}
	for _, text := range rubbish {
		sendDatagram(ts, []byte(text))
		request(ts, s.shown.ports.lookups, []byte(text))
		if got := request(ts, s.shown.ports.register, []byte(text)); got != "ok" {
			ts.Fatalf("%q answered with %q", text, got)
		}
		for _, port := range []int{s.plain.lookups, s.plain.register, s.feed, s.secure.lookups, s.secure.register} {
			c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if errors.Is(err, syscall.ECONNREFUSED) && s.shown.client == "" {
				continue // no keys, no secure ports
			}
			ts.Check(err)
			if _, err := c.Write([]byte(text)); err != nil {
				ts.Logf("port %d would not have all of %q: %v", port, text, err)
			}
			ts.Check(c.Close())
		}
	}
}

// hold takes a port until the script ends.
func hold(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) == 1, "hold PORT")
	l, err := net.Listen("tcp", ":"+args[0])
	ts.Check(err)
	ts.Defer(func() {
		if err := l.Close(); err != nil {
			ts.Logf("close port %s: %v", args[0], err)
		}
	})
}

// hangup sends SIGHUP to the program in the background.
func hangup(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) == 0, "hangup")
	send(ts, syscall.SIGHUP)
}

// terminate sends SIGTERM, or another signal that ends it.
func terminate(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) <= 1, "terminate [INT]")
	of(ts).told = time.Now()
	if slices.Equal(args, []string{"INT"}) {
		send(ts, syscall.SIGINT)
		return
	}
	send(ts, syscall.SIGTERM)
}

func send(ts *testscript.TestScript, sig os.Signal) {
	background := ts.BackgroundCmds()
	if len(background) != 1 {
		ts.Fatalf("%d programs in the background", len(background))
	}
	ts.Check(background[0].Process.Signal(sig))
}

// ended checks, behind "wait", that stopping did not take long.
func ended(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) == 1, "ended DURATION")
	limit, err := time.ParseDuration(args[0])
	ts.Check(err)
	if took := time.Since(of(ts).told); took > limit {
		ts.Fatalf("stopping took %s", took)
	}
}

// exits runs a program and checks its status.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) >= 2, "exits STATUS PROGRAM [ARGUMENT...]")
	status := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		status = exit.ExitCode()
	}
	if want := args[0]; strconv.Itoa(status) != want {
		ts.Fatalf("status %d, want %s", status, want)
	}
}

// logged waits until a file has a line that matches.
func logged(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) == 2, "logged FILE REGEXP")
	re, err := regexp.Compile(args[1])
	ts.Check(err)
	var text []byte
	for end := time.Now().Add(patience); time.Now().Before(end); <-time.After(20 * time.Millisecond) {
		text, err = os.ReadFile(ts.MkAbs(args[0]))
		if err == nil && re.Match(text) {
			return
		}
	}
	ts.Fatalf("%s has no line that matches %s: %v\n%s", args[0], re, err, text)
}
