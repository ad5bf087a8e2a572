package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/internal/testbed"
	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/multicast"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/zmq"
)

// victim is a running nameserverd, and what talks to it.
type victim struct {
	t                      *testing.T
	process                *testbed.Process
	lookups, feed, signups int // ports
	secure                 [3]int
	client                 shown // the key of one who is admitted
	network                *zmq.Transport
	sender                 *multicast.Sender
	changes                transport.Subscriber
	checks                 int
}

// startVictim starts one, with more variables for its environment.
func startVictim(t *testing.T, environ ...string) *victim {
	t.Helper()
	v := &victim{t: t, lookups: testbed.FreePort(t), feed: testbed.FreePort(t), signups: testbed.FreeUDPPort(t)}
	var err error
	v.network, err = zmq.New(zmq.Options{})
	v.must(err)
	t.Cleanup(func() { v.must(v.network.Close()) })
	cfg := multicast.DefaultConfig()
	cfg.Port, cfg.Interface = v.signups, netip.MustParseAddr("127.0.0.1")
	v.sender, err = multicast.NewSender(cfg)
	v.must(err)
	t.Cleanup(func() { v.must(v.sender.Close()) })
	v.changes, err = v.network.Subscriber(transport.SubscriberConfig{})
	v.must(err)
	v.must(v.changes.Subscribe(""))
	v.must(v.changes.Connect(v.at(v.feed)))

	keys := v.makeKeys()
	cmd := exec.Command(program)
	cmd.Env = append(append(os.Environ(), keys...), "GORACE=atexit_sleep_ms=0", "POSTTROLL_MULTICAST_INTERFACE=127.0.0.1", "POSTTROLL_BIND_ADDRESSES=127.0.0.1",
		"POSTTROLL_FEED_ANNOUNCE_INTERVAL=0s", "POSTTROLL_FEED_HEARTBEAT=1s", "POSTTROLL_WITHDRAW_GRACE=0s", fmt.Sprint("POSTTROLL_NAMESERVER_PORT=", v.lookups),
		fmt.Sprint("POSTTROLL_ADDRESS_PUBLISH_PORT=", v.feed), fmt.Sprint("POSTTROLL_BROADCAST_PORT=", v.signups))
	cmd.Env = append(cmd.Env, environ...)
	v.process = testbed.Start(t, cmd)
	v.process.WaitLine(0, `"ready"`)
	v.fed() // a heartbeat: the feed is connected
	return v
}

// makeKeys makes the keys of the nameserver and of one client, and returns the settings for them.
func (v *victim) makeKeys() []string {
	dir := v.t.TempDir()
	var pairs [2]curve.KeyPair
	for i, name := range []string{"server", "alice"} {
		cert, err := curve.Generate()
		v.must(err)
		v.must(cert.WritePair(dir, name, curve.WriteOptions{}))
		pairs[i] = cert.KeyPair
	}
	for i := range v.secure {
		v.secure[i] = testbed.FreePort(v.t)
	}
	v.client = shown{client: "alice", pair: pairs[1], server: pairs[0].Public}
	return []string{
		"POSTTROLL_SERVER_SECRET_KEY_FILE=" + curve.SecretPath(dir, "server"),
		"POSTTROLL_CLIENTS_PUBLIC_KEYS_DIRECTORY=" + dir, // the server's own key there is one more client's
		fmt.Sprint("POSTTROLL_SECURE_ZMQ_NAMESERVER_PORT=", v.secure[0]),
		fmt.Sprint("POSTTROLL_SECURE_BROADCAST_PORT=", v.secure[1]),
		fmt.Sprint("POSTTROLL_SECURE_ADDRESS_PUBLISH_PORT=", v.secure[2]),
	}
}

func (v *victim) must(err error) {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
}

func (v *victim) at(port int) transport.Address {
	ep, err := transport.ConnectEndpoint(fmt.Sprintf("tcp://127.0.0.1:%d", port))
	v.must(err)
	return transport.Address{Endpoint: ep}
}

func (v *victim) ask(port int, frame string) string {
	v.t.Helper()
	return v.askWith(shown{}, port, frame)
}

// askWith shows keys.
func (v *victim) askWith(keys shown, port int, frame string) string {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.t.Context(), patience)
	defer cancel()
	answer, err := v.network.Request(ctx, keys.address(v.at(port).Endpoint), []byte(frame), keys.options())
	v.must(err)
	return string(answer)
}

// datagram sends one of any size, which is not to the group, but received all the same.
func (v *victim) datagram(frame string) {
	v.t.Helper()
	c, err := net.Dial("udp4", fmt.Sprintf("127.0.0.1:%d", v.signups))
	v.must(err)
	_, err = c.Write([]byte(frame))
	v.must(err)
	v.must(c.Close())
}

// fed waits for the next messages of the change feed.
func (v *victim) fed() (all string) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.t.Context(), patience)
	defer cancel()
	frames, err := v.changes.Receive(ctx)
	v.must(err)
	for _, f := range frames {
		all += string(f.Body) + "\n"
	}
	return all
}

// checkServes announces a publisher in each way, finds both in each way, and hears of them on the feed.
func (v *victim) checkServes() {
	v.t.Helper()
	v.checks++
	name := fmt.Sprint("check", v.checks)
	uris := []string{fmt.Sprintf("tcp://10.0.0.1:%d", v.checks), fmt.Sprintf("tcp://10.0.0.2:%d", v.checks)}
	say := func(typ string) {
		var frames [2]string
		for i, uri := range uris {
			m, err := discovery.Announcement{Name: name, URI: uri, Services: []string{name}}.Message(typ, message.Encoder{})
			v.must(err)
			frames[i] = m.String()
		}
		v.must(v.sender.Send(v.t.Context(), []byte(frames[0])))
		if got := v.ask(v.signups, frames[1]); got != "ok" {
			v.t.Fatalf("registration answered with %q", got)
		}
	}
	say(discovery.TypeInfo)
	var heard string
	for !strings.Contains(heard, `"`+uris[0]+`"`) || !strings.Contains(heard, `"`+uris[1]+`"`) {
		heard += v.fed()
	}
	query := requestHead + `{"service": "` + name + `"}`
	for _, reply := range []string{v.ask(v.lookups, query), v.askWith(v.client, v.secure[0], query)} {
		if strings.Count(reply, `"URI"`) != 2 || !strings.Contains(reply, uris[0]) || !strings.Contains(reply, uris[1]) {
			v.t.Fatalf("lookup of %v: %s", uris, reply)
		}
	}
	if got := v.askWith(v.client, v.secure[1], announceHead+`{"URI": "tcp://10.0.0.3:1", "service": ["alice"]}`); got != "ok" {
		v.t.Fatalf("registration with a key answered with %q", got)
	}
	say(discovery.TypeWithdraw)
}

// raw connects to a port, writes, and stays connected until the test ends.
func (v *victim) raw(port int, text string) {
	v.t.Helper()
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	v.must(err)
	v.t.Cleanup(func() { _ = c.Close() }) // the other end may have closed it
	// It may be cut while it writes: that is one of the right answers.
	_ = c.SetWriteDeadline(time.Now().Add(time.Second))
	_, _ = c.Write([]byte(text))
}

// resident is the memory in use, in MB.
func (v *victim) resident() int {
	v.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", v.process.Cmd.Process.Pid))
	v.must(err)
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kB, err := strconv.Atoi(strings.Fields(rest)[0])
	v.must(err)
	return kB >> 10
}

func (v *victim) files() int {
	v.t.Helper()
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", v.process.Cmd.Process.Pid))
	v.must(err)
	return len(files)
}

const (
	hostileHead  = "u@h 2024-05-17T09:41:12 v1.01 application/json "
	announceHead = "pytroll://address/x info " + hostileHead
	requestHead  = "pytroll://oper/ns request " + hostileHead
)

func deep(levels int) string { return strings.Repeat("[", levels) + strings.Repeat("]", levels) }

// hostileFrames are sent as request, as registration and as datagram.
func hostileFrames() []string {
	frames := []string{
		"", "\x00", "hello", "GET / HTTP/1.1\r\n\r\n", "pytroll:/", "pytroll://address/x info u@h", strings.Repeat("\xff", 30_000), strings.Repeat("pytroll:/ ", 3000),
		"pytroll://address/\xff info " + hostileHead + `{"URI": "tcp://h:1", "service": ["x"]}`,
		"pytroll://address/\x1b[2J\x00 info " + hostileHead + `{"URI": "tcp://h:2", "service": ["x"]}`,
		"pytroll://address info " + hostileHead + `{"URI": "tcp://h:3", "service": []}`,
		`pytroll://address/x info u@h yesterday v1.01 application/json {"URI": "tcp://h:1", "service": ["x"]}`,
		`pytroll://address/x info u@h 0001-01-01T00:00:00+23:59 v1.01 application/json {"URI": "tcp://h:4", "service": ["x"]}`,
		`pytroll://address/x info u@h 9999-12-31T23:59:59.999999-23:59 v1.2 application/json {"URI": "tcp://h:5", "service": ["x"], "t": "9999-12-31T23:59:59-23:59"}`,
		`pytroll://address/x info u@h 2024-05-17 zzz application/json {"URI": "tcp://h:1", "service": ["x"]}`,
		`pytroll://address/x info u@h 2024-05-17 ` + "\x00" + ` application/json {"URI": "tcp://h:6", "service": ["x"]}`,
		"pytroll://address/x info u@h 2024-05-17 v1.01 application/json", "pytroll://address/x info u@h 2024-05-17 v1.01 ",
		announceHead + "[]", announceHead + "{", announceHead + "17", announceHead + "null", announceHead + deep(15_000),
		announceHead + `{"URI": "tcp://h:7", "service": ["x"], "deep": ` + deep(31) + `}`,
		announceHead + `{"URI": 1, "URI": "tcp://h:8", "service": 1, "service": ["x"]}`,
		announceHead + `{"URI": "tcp://h:9", "service": ["` + strings.Repeat(`x", "`, 4000) + `"]}`,
		announceHead + `{"URI": "tcp://h:10", "service": ["x"], "extra": "` + strings.Repeat("y", 900) + `"}`,
		announceHead + `{"URI": "tcp://h:11", "service": ["x"], "status": false, "name": {}, "receive_time": 0}`,
		requestHead + deep(15_000), requestHead + `{"service": "x", "a": ` + deep(300) + "}",
	}
	for _, uri := range []string{"inproc://x", "ipc:///tmp/x", "pgm://eth0;239.0.0.1:5", "epgm://x:5", "udp://1.2.3.4:5", "tcp://h", "tcp://*:1", "tcp://h:0", "tcp://h\\u0000:5",
		"tcp://h:5\\n", "tcp://eth0;1.2.3.4:5", "", "h:5"} {
		frames = append(frames, announceHead+`{"URI": "`+uri+`", "service": ["x"]}`)
	}
	for _, key := range []string{"URI", "service", "supported_message_version", "backend"} {
		for _, value := range []string{"1", "null", "true", "NaN", "[]", "{}", "[[]]", `["a", 1]`, `"2024-01-01"`, `"\ud800"`, `["\ud800"]`, `"\u001b[31m\r\n"`, strings.Repeat("1", 4301)} {
			frames = append(frames, announceHead+`{"URI": "tcp://h:12", "service": ["x"], "`+key+`": `+value+`}`, requestHead+`{"`+key+`": `+value+`}`)
		}
	}
	return frames
}

// hostileBytes are written to every port as they are.
func hostileBytes() []string {
	greeting := "\xff" + strings.Repeat("\x00", 8) + "\x7f\x03\x00NULL" + strings.Repeat("\x00", 48)
	ready := func(kind string) string {
		return "\x04" + string(rune(22+len(kind))) + "\x05READY\x0bSocket-Type\x00\x00\x00" + string(rune(len(kind))) + kind
	}
	huge := string(binary.BigEndian.AppendUint64([]byte{2}, 1<<62))
	return []string{
		"", "\xff", "GET / HTTP/1.1\r\n\r\n", strings.Repeat("\xff", 5000), greeting[:30], greeting, strings.Replace(greeting, "NULL", "EVIL", 1),
		"\x01\x00", "\xff" + strings.Repeat("\x00", 7) + "\x01\x7f\x01\x00", greeting + ready("REQ")[:5], greeting + "\x04\xff" + strings.Repeat("A", 255),
		greeting + ready("PUB") + "\x00\x05hello", greeting + ready("REQ") + huge, greeting + ready("SUB") + huge, greeting + ready("REQ") + "\x01\x00\x01\x01x",
		greeting + ready("SUB") + "\x00\x02\x01t\x00\x02\x00u\x00\x00", greeting + ready("DEALER") + "\x00\x05hello\x01\x00\x00\x00",
		greeting + ready("SUB") + "\x02\x00\x00\x00\x00\x00\x10\x00\x00\x01" + strings.Repeat("t", 1<<20),
		greeting + ready("REQ") + "\x01\x00\x02\x00\x00\x00\x00\x01\x00\x00\x00" + strings.Repeat("r", 1<<20),

		curveGreeting, curveGreeting[:40], curveGreeting + hello, curveGreeting + hello + hello, curveGreeting + hello[:100],
		curveGreeting + "\x04\x06\x05HELLO", curveGreeting + "\x06" + huge[1:], curveGreeting + ready("REQ"), curveGreeting + "\x00\x05hello",
		curveGreeting + hello + "\x04\x09\x08INITIATE", curveGreeting + hello + "\x04\xff\x08INITIATE" + strings.Repeat("\xff", 246),
	}
}

// The beginning of a handshake of CURVE (ZeroMQ RFC 26), and a first word that no key fits.
var (
	curveGreeting = "\xff" + strings.Repeat("\x00", 8) + "\x7f\x03\x00CURVE" + strings.Repeat("\x00", 47)
	hello         = "\x04\xc8\x05HELLO\x01\x00" + strings.Repeat("\x00", 72) + strings.Repeat("k", 32+8+80)
)

// TestHostile throws at the real program what once ended, blocked or filled a nameserver, Python's or ours. After each, it serves.
func TestHostile(t *testing.T) {
	t.Parallel()
	v := startVictim(t)
	v.checkServes()
	files := v.files()
	for _, frame := range hostileFrames() {
		if got, err := message.Decode([]byte(v.ask(v.lookups, frame))); err != nil || got.Type() != "info" {
			t.Fatalf("%.200q answered with %v, %v", frame, got, err)
		}
		if got := v.ask(v.signups, frame); got != "ok" {
			t.Fatalf("%.200q answered with %q", frame, got)
		}
		v.datagram(frame)
		v.checkServes()
	}
	for _, frame := range []string{strings.Repeat("\xff", 60_000), strings.Repeat("pytroll:/ ", 6000), announceHead + deep(30_000)} { // longer than the ports take
		v.datagram(frame)
		v.checkServes()
	}
	t.Run("connections", func(t *testing.T) {
		outer := v.t
		v.t = t
		defer func() { v.t = outer }()
		for _, bytes := range hostileBytes() {
			for _, port := range append(v.secure[:], v.lookups, v.feed, v.signups) {
				v.raw(port, bytes)
			}
			v.checkServes()
		}
		for range 300 { // and say nothing
			v.raw(v.lookups, "")
			v.raw(v.secure[0], curveGreeting+hello)
		}
		v.checkServes()
	})
	// Those connections are closed now.
	testbed.WaitFor(t, "files to be closed", func() bool { return v.files() <= files+16 })
	if mb := v.resident(); mb > 200 {
		t.Errorf("takes %d MB", mb)
	}
	var warnings int
	for _, line := range v.process.Lines() {
		if strings.Contains(line, `"warn"`) || strings.Contains(line, `"error"`) {
			warnings++
		}
		if len(line) > 2000 {
			t.Errorf("a line of %d bytes in the log: %.200s", len(line), line)
		}
	}
	if warnings > 30 {
		t.Errorf("%d warnings, want one for each reason", warnings)
	}
	told := time.Now()
	v.must(v.process.Cmd.Process.Signal(syscall.SIGTERM))
	if status := v.process.Wait(); status != 0 || time.Since(told) > time.Second {
		t.Errorf("ended with status %d after %s", status, time.Since(told))
	}
}
