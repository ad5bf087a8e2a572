package interop

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

// exampleTexts is what a Python publisher sends through the relay of an example, and what a Python subscriber gets.
type exampleTexts struct {
	file       string
	replace    []string // of its text: hosts
	publishers []examplePublisher
	subscriber speaker
	service    string // that the subscriber looks for
	want       []string
}

// examplePublisher sends texts, one after the other.
type examplePublisher struct {
	service string
	port    int // 0: a free one
	texts   []string
}

const sample = "pytroll://segment/SDR file u@h 2024-05-17T09:41:12 v1.01 application/json "

var relayExamples = []exampleTexts{{
	file: "gather.toml", subscriber: "1.16", service: "gather",
	publishers: []examplePublisher{
		{service: "viirs", texts: []string{sample + `{"uid":  "1"}`, strings.Replace(sample, "segment", "other", 1) + `{"uid": "2"}`}},
		{service: "avhrr", texts: []string{sample + `{"uid": "3"}`}},
	},
	want: []string{sample + `{"uid":  "1"}`, sample + `{"uid": "3"}`},
}, {
	file: "receptions.toml", subscriber: "1.16", service: "eumetcast",
	replace: []string{"reception-a.example.org:9010", "localhost:9010", "reception-b.example.org:9010", "localhost:9011"},
	publishers: []examplePublisher{
		{service: "a", port: 9010, texts: []string{sample + `{"uid": "1", "uri": "/a/1"}`}},
		{service: "b", port: 9011, texts: []string{sample + `{"uid": "1", "uri": "/b/1"}`, sample + `{"uid": "2", "uri": "/b/2"}`}},
	},
	want: []string{sample + `{"uid": "1", "uri": "/a/1"}`, sample + `{"uid": "2", "uri": "/b/2"}`},
}, {
	file: "test.toml", subscriber: "1.16", service: "from_prod",
	replace: []string{"prod.example.org:9100", "localhost:9100"},
	publishers: []examplePublisher{
		{service: "prod", port: 9100, texts: []string{strings.Replace(sample, " file ", " del ", 1) + `{"uid": "1"}`, sample + `{"uid": "2"}`}},
	},
	want: []string{strings.Replace(sample, "segment", "test/segment", 1) + `{"uid": "2"}`},
}, {
	file: "trollmoves.toml", subscriber: "1.13", service: "trollmoves_gateway",
	publishers: []examplePublisher{{service: "trollmoves_server", texts: []string{
		sample + `{"uri": "ssh://a.inside.example.org/san1/x.h5", "uid": "x.h5", "request_address": "10.0.0.1:9094", "orbit": 1}`,
	}}},
	want: []string{
		strings.Replace(sample, "u@h", "u@gateway.example.org", 1) +
			`{"uri": "ssh://gateway.example.org/san1/x.h5", "uid": "x.h5", "request_address": "gateway.example.org:19094", "orbit": 1}`,
	},
}, {
	file: "old_site.toml", subscriber: "1.11", service: "old_site",
	publishers: []examplePublisher{{service: "viirs", texts: []string{
		"pytroll://a file u@h 2024-05-17T09:41:12+00:00 v1.2 application/json " + `{"start_time": "2024-05-17T09:41:12+00:00"}`,
	}}},
	want: []string{"pytroll://a file u@h 2024-05-17T09:41:12 v1.01 application/json " + `{"start_time": "2024-05-17T09:41:12"}`},
}}

// TestRelayExamples runs the examples of doc/relay.md between Python peers that find the relay by name. TestDoors has the one that is
// missing here.
func TestRelayExamples(t *testing.T) {
	t.Parallel()
	run := []string{"door.toml"}
	for _, example := range relayExamples {
		run = append(run, example.file)
	}
	slices.Sort(run)
	var there []string
	for _, file := range exampleFiles(t) {
		there = append(there, filepath.Base(file))
	}
	if diff := cmp.Diff(there, run); diff != "" {
		t.Errorf("examples that are run (-there +run):\n%s", diff)
	}
	for _, example := range relayExamples {
		t.Run(example.file, func(t *testing.T) {
			t.Parallel()
			example.run(t)
		})
	}
}

// TestRelayChecks has ptrelay check the examples, with keys where they look for them.
func TestRelayChecks(t *testing.T) {
	t.Parallel()
	if err := build(); err != nil {
		t.Fatal(err)
	}
	etc := t.TempDir()
	for _, dir := range []string{"keys", "clients"} {
		if err := os.Mkdir(filepath.Join(etc, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	runProgram(t, "ptkeys", "generate", "door", "-d", filepath.Join(etc, "keys"))
	runProgram(t, "ptkeys", "authorize", filepath.Join(etc, "keys", "door.key"), "-d", filepath.Join(etc, "clients"))
	if err := os.Link(filepath.Join(etc, "keys", "door.key"), filepath.Join(etc, "keys", "relay.example.org.key")); err != nil {
		t.Fatal(err)
	}
	for _, file := range exampleFiles(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		settings := filepath.Join(etc, filepath.Base(file))
		if err := os.WriteFile(settings, []byte(strings.ReplaceAll(string(text), "/etc/posttroll", etc)), 0o644); err != nil {
			t.Fatal(err)
		}
		if out := runProgram(t, "ptrelay", "--check", "--config", settings); strings.Contains(out, "warning") {
			t.Errorf("%s: %s", file, out)
		}
	}
}

// runProgram runs one of our programs to its end, which must be a good one, and returns what it says.
func runProgram(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(programsDir, name), args...)
	cmd.Env = []string{"HOME=" + t.TempDir()}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", cmd, err, out)
	}
	return string(out)
}

// exampleFiles returns the examples, sorted.
func exampleFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../examples/relay/*.toml")
	if err != nil || len(files) == 0 {
		t.Fatalf("examples: %v, %v", files, err)
	}
	return files
}

func (e exampleTexts) run(t *testing.T) {
	m := newMachine(t)
	settings, err := os.ReadFile(filepath.Join("../../examples/relay", e.file))
	if err != nil {
		t.Fatal(err)
	}
	m.nameserver(t, ours, multicast)
	m.relay(t, strings.NewReplacer(e.replace...).Replace(string(settings)))
	sub := m.start(t, m.peer(t, "subscriber.py", string(e.subscriber), e.service, "--texts"))
	var probes []*probe
	for _, pub := range e.publishers {
		probes = append(probes, newProbe(t, m, pub, sub))
	}
	for i, pub := range e.publishers {
		probes[i].await(t) // it is connected all the way
		for _, text := range pub.texts {
			probes[i].send(t, text)
		}
		probes[i].await(t) // what came before it has come
	}
	got := slices.DeleteFunc(after(sub.Lines(), receivedPrefix), func(text string) bool { return strings.Contains(text, probeSubject) })
	if diff := cmp.Diff(e.want, got); diff != "" {
		t.Errorf("came out (-want +got):\n%s", diff)
	}
}

// probeSubject is that of probes, within what the examples let pass.
const probeSubject = "/segment/probe"

// probe is a Python publisher whose numbered messages tell how far the others have come.
type probe struct {
	name string
	ask  io.Writer
	sub  *testbed.Process

	asked int // how many numbered messages were asked for
}

func newProbe(t *testing.T, m *machine, pub examplePublisher, sub *testbed.Process) *probe {
	t.Helper()
	args := []string{"1.16", pub.service, "--subject", probeSubject, "--asked"}
	if pub.port != 0 {
		args = append(args, "--port", strconv.Itoa(pub.port))
	}
	cmd := m.peer(t, "publisher.py", args...)
	ask, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	m.start(t, cmd)
	return &probe{name: pub.service, ask: ask, sub: sub}
}

func (p *probe) send(t *testing.T, request string) {
	t.Helper()
	if _, err := fmt.Fprintln(p.ask, request); err != nil {
		t.Fatalf("ask %s: %v", p.name, err)
	}
}

// await has numbered messages sent until one of them arrives.
func (p *probe) await(t *testing.T) {
	t.Helper()
	before := p.asked
	testbed.WaitFor(t, "a message of "+p.name, func() bool {
		p.asked++
		p.send(t, "1")
		return p.arrived(t) > before
	})
}

// arrived returns the number of the one that arrived last, 0 for none.
func (p *probe) arrived(t *testing.T) (number int) {
	t.Helper()
	for _, line := range slices.Backward(p.sub.Lines()) {
		_, rest, ok := strings.Cut(line, fmt.Sprintf(`"publisher": %q, "number": `, p.name))
		if !ok {
			continue
		}
		if _, err := fmt.Sscanf(rest, "%d", &number); err != nil {
			t.Fatalf("arrived: %s: %v", line, err)
		}
		return number
	}
	return 0
}
