package interop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pytroll/posttroll-go/internal/testbed"
)

// speaker is a program's kind: ours, or a version of Python posttroll.
type speaker string

const ours speaker = "go"

// versions are those of Python posttroll that the peers speak.
var versions = []speaker{"1.11", "1.13", "1.16"}

// network says how publishers announce themselves.
type network string

const (
	multicast  network = "multicast"
	designated network = "designated"
)

// nameserver starts a nameserver and waits until it serves.
func (m *machine) nameserver(t *testing.T, who speaker, announced network, env ...string) *testbed.Process {
	t.Helper()
	var flags []string
	if announced == designated {
		flags = append(flags, "--no-multicast")
	}
	if who != ours {
		cmd := m.peer(t, "nameserver.py", append([]string{string(who)}, flags...)...)
		cmd.Env = append(cmd.Env, env...)
		p := m.start(t, cmd)
		p.WaitLine(0, "ready")
		return p
	}
	cmd := m.program("nameserverd", append(flags, "--verbose", "--config", m.emptyFile(t))...)
	ready := notifySocket(t)
	cmd.Env = append(append(cmd.Env, env...), "NOTIFY_SOCKET="+ready.LocalAddr().String())
	p := m.start(t, cmd)
	awaitReady(t, ready)
	return p
}

// emptyFile returns a configuration file in which nothing is set, so that those of the host don't count.
func (m *machine) emptyFile(t *testing.T) string {
	t.Helper()
	name := filepath.Join(m.dir, "empty.toml")
	if err := os.WriteFile(name, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// notifySocket listens where a daemon tells its service manager that it is ready.
func notifySocket(t *testing.T) *net.UnixConn {
	t.Helper()
	// The directory of a test may have too long a name for a socket.
	dir, err := os.MkdirTemp("", "interop")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "notify"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func awaitReady(t *testing.T, conn *net.UnixConn) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(testbed.Patience)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4096)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			t.Fatalf("the nameserver is not ready: %v", err)
		}
		if slices.Contains(strings.Split(string(buf[:n]), "\n"), "READY=1") {
			return
		}
	}
}

// publication is what a publisher is called and sends.
type publication struct {
	name      string
	services  []string // aliases
	datetimes bool     // a datetime stands in the data
	port      int      // 0: a free one
	announced network
}

// publisher starts a publisher that sends a numbered message every 100 ms.
func (m *machine) publisher(t *testing.T, who speaker, pub publication, env ...string) *testbed.Process {
	t.Helper()
	var flags []string
	for _, s := range pub.services {
		flags = append(flags, "--alias", s)
	}
	if pub.announced == designated {
		flags = append(flags, "--nameserver", "localhost")
	}
	if pub.port != 0 {
		flags = append(flags, "--port", strconv.Itoa(pub.port))
	}
	var cmd *exec.Cmd
	if who == ours {
		cmd = m.program("ptctl", append([]string{"publish", "--verbose", "--name", pub.name, "--interval", "100ms"}, flags...)...)
		cmd.Stdin = m.lines(t, pub)
	} else {
		if pub.datetimes {
			flags = append(flags, "--datetimes")
		}
		cmd = m.peer(t, "publisher.py", append([]string{string(who), pub.name}, flags...)...)
	}
	cmd.Env = append(cmd.Env, env...)
	return m.start(t, cmd)
}

// lines returns a file with more messages than any test waits for.
func (m *machine) lines(t *testing.T, pub publication) *os.File {
	t.Helper()
	name := filepath.Join(m.dir, pub.name+".jsonl")
	var b bytes.Buffer
	for number := range 3000 { // five minutes
		fmt.Fprintln(&b, pub.line(number+1))
	}
	if err := os.WriteFile(name, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// line is a message as a line of JSON, the same that the Python publisher sends.
func (pub publication) line(number int) string {
	var start string
	if pub.datetimes {
		start = `, "start_time": "2024-05-17T09:26:03.700000"`
	}
	return fmt.Sprintf(`{"subject": "/counter", "type": "file", "data": {"publisher": %q, "number": %d, "station": "norrköping", "ratio": 0.5, "sensor": ["viirs"]%s}}`,
		pub.name, number, start)
}

// subscriber starts a subscriber to a service that the nameserver on a host knows.
func (m *machine) subscriber(t *testing.T, who speaker, service, nameserver string, env ...string) *testbed.Process {
	t.Helper()
	var cmd *exec.Cmd
	if who == ours {
		cmd = m.program("ptctl", "subscribe", "--verbose", "--service", service, "--nameserver", nameserver, "--json")
	} else {
		cmd = m.peer(t, "subscriber.py", string(who), service, "--nameserver", nameserver)
	}
	cmd.Env = append(cmd.Env, env...)
	return m.start(t, cmd)
}

// received is a message as subscribers print it, ours and the Python ones alike.
type received struct {
	Subject string
	Type    string
	Version string
	Data    struct {
		Publisher string
		Number    int
		Station   string
		Ratio     float64
		Sensor    []string
		Start     json.RawMessage `json:"start_time"`
	}
}

// awaitMessage waits until sub has received a message of pub, which must be what pub sends.
func awaitMessage(t *testing.T, sub *testbed.Process, pub publication) {
	t.Helper()
	awaitMessageFrom(t, sub, 0, pub)
}

// awaitMessageFrom does so from a line on, and returns the number of the line behind the message.
func awaitMessageFrom(t *testing.T, sub *testbed.Process, from int, pub publication) int {
	t.Helper()
	line, next := sub.WaitLine(from, fmt.Sprintf(`"publisher": %q`, pub.name))
	var got received
	if err := json.Unmarshal([]byte(line), &got); err != nil {
		t.Fatalf("%s printed %q: %v", sub.Cmd, line, err)
	}
	pub.check(t, got)
	return next
}

// check compares what was received with what was sent.
func (pub publication) check(t *testing.T, got received) {
	t.Helper()
	want := received{Subject: "/counter", Type: "file", Version: got.Version}
	want.Data.Publisher = pub.name
	want.Data.Number = max(got.Data.Number, 1)
	want.Data.Station = "norrköping"
	want.Data.Ratio = 0.5
	want.Data.Sensor = []string{"viirs"}
	if pub.datetimes {
		want.Data.Start = json.RawMessage(`"2024-05-17T09:26:03.700000"`)
	}
	// Python peers mark what is a datetime to them.
	if inner, ok := bytes.CutPrefix(got.Data.Start, []byte(`{"$dt": `)); ok {
		got.Data.Start = bytes.TrimSuffix(inner, []byte(`}`))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("message of %s (-want +got):\n%s", pub.name, diff)
	}
}
