package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pytroll/posttroll-go/internal/scripttest"
	"github.com/pytroll/posttroll-go/internal/testbed"
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/multicast"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/zmq"
)

func TestMain(m *testing.M) {
	scripttest.Main(m, program, func() int { return run(daemon.Signals(), os.Args[1:], os.Environ(), os.Stdout, os.Stderr) })
}

// patience is how long scripts wait for what is to come.
const patience = scripttest.Patience

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
	testscript.Run(t, scripttest.Params(
		func(env *testscript.Env) error { return setUp(t, env, network) },
		map[string]scripttest.Command{
			"announce": announce, "withdraw": withdraw, "listed": listed, "garbage": garbage,
			"authorize": authorize, "revoke": revoke, "as": as, "unanswered": unanswered,
		}))
}

// script is what the commands of one script share.
type script struct {
	network *zmq.Transport
	plain   ports
	secure  ports
	next    ports
	feed    int
	shown   shown // keys, in requests
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
	env.Setenv("HTTP", strconv.Itoa(testbed.FreePort(t)))
	env.Setenv("POSTTROLL_MULTICAST_INTERFACE", "127.0.0.1")
	env.Setenv("POSTTROLL_BIND_ADDRESSES", "127.0.0.1")
	env.Setenv("POSTTROLL_FEED_ADDRESS", "127.0.0.1")
	return scripttest.RuntimeDirectory(env)
}

func of(ts *testscript.TestScript) *script { return ts.Value(key{}).(*script) }

// announce announces a publisher by multicast or directly.
func announce(ts *testscript.TestScript, neg bool, args []string) {
	scripttest.Usage(ts, neg, len(args) >= 3, "announce multicast|directly URI SERVICE...")
	speak(ts, args, discovery.TypeInfo)
}

// withdraw takes it back.
func withdraw(ts *testscript.TestScript, neg bool, args []string) {
	scripttest.Usage(ts, neg, len(args) >= 3, "withdraw multicast|directly URI SERVICE...")
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
	scripttest.Usage(ts, neg, len(args) >= 1, "listed SERVICE [URI...]")
	query := lookup(ts, args[0])
	scripttest.Eventually(ts, func() error {
		if got := uris(ts, request(ts, of(ts).shown.ports.lookups, query)); !slices.Equal(got, args[1:]) {
			return fmt.Errorf("listed as %q: %q, want %q", args[0], got, args[1:])
		}
		return nil
	})
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
	scripttest.Usage(ts, neg, len(args) == 0, "garbage")
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
