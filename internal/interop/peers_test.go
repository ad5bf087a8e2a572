package interop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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

// python returns the command for one of the peers.
func python(script string, args ...string) *exec.Cmd {
	return exec.Command(pythonPath, append([]string{filepath.Join(peersDir, script)}, args...)...)
}

// program returns the command for one of our programs.
func program(name string, args ...string) *exec.Cmd {
	return exec.Command(filepath.Join(programsDir, name), args...)
}

// nameserver starts a nameserver and waits until it serves.
func (m *machine) nameserver(t *testing.T, who speaker, announced network, env ...string) *process {
	t.Helper()
	var flags []string
	if announced == designated {
		flags = append(flags, "--no-multicast")
	}
	name := "nameserver " + string(who)
	if who != ours {
		p := m.run(t, name, python("nameserver.py", append([]string{string(who)}, flags...)...))
		m.awaitLines(t, p, "readiness", func(lines []string) bool { return len(lines) > 0 })
		return p
	}
	cmd := program("nameserverd", append(flags, "--verbose", "--config", m.emptyFile(t))...)
	ready := m.notifySocket(t)
	cmd.Env = append(env, "NOTIFY_SOCKET="+ready.LocalAddr().String())
	p := m.run(t, name, cmd)
	awaitReady(t, ready, p)
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
func (m *machine) notifySocket(t *testing.T) *net.UnixConn {
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

func awaitReady(t *testing.T, conn *net.UnixConn, p *process) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4096)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			t.Fatalf("%s is not ready: %v\n%s", p.name, err, p.output())
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
	announced network
}

// publisher starts a publisher that sends a numbered message every 100 ms.
func (m *machine) publisher(t *testing.T, who speaker, pub publication, env ...string) *process {
	t.Helper()
	var flags []string
	for _, s := range pub.services {
		flags = append(flags, "--alias", s)
	}
	if pub.announced == designated {
		flags = append(flags, "--nameserver", "localhost")
	}
	name := fmt.Sprintf("publisher %s (%s)", pub.name, who)
	if who != ours {
		if pub.datetimes {
			flags = append(flags, "--datetimes")
		}
		return m.run(t, name, python("publisher.py", append([]string{string(who), pub.name}, flags...)...))
	}
	cmd := program("ptctl", append([]string{"publish", "--name", pub.name, "--interval", "100ms"}, flags...)...)
	cmd.Env = env
	lines, w := io.Pipe()
	cmd.Stdin = lines
	go func() {
		for number := 1; ; number++ {
			if _, err := fmt.Fprintln(w, pub.line(number)); err != nil {
				return // the program has ended
			}
		}
	}()
	t.Cleanup(func() { lines.Close() })
	return m.run(t, name, cmd)
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

// subscriber starts a subscriber to a service.
func (m *machine) subscriber(t *testing.T, who speaker, service string) *process {
	t.Helper()
	name := fmt.Sprintf("subscriber %s (%s)", service, who)
	if who != ours {
		return m.run(t, name, python("subscriber.py", string(who), service))
	}
	return m.run(t, name, program("ptctl", "subscribe", "--verbose", "--service", service, "--json"))
}

// received is a message as subscribers print it, ours and the Python ones alike. Python ones also print lines in which nothing of
// this stands, for each publisher that they add or remove.
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
func (m *machine) awaitMessage(t *testing.T, sub *process, pub publication) {
	t.Helper()
	var got received
	m.awaitLines(t, sub, "message from "+pub.name, func(lines []string) bool {
		for _, line := range lines {
			got = received{}
			if err := json.Unmarshal([]byte(line), &got); err != nil {
				t.Fatalf("%s printed %q: %v", sub.name, line, err)
			}
			if got.Data.Publisher == pub.name {
				return true
			}
		}
		return false
	})
	pub.check(t, got)
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
