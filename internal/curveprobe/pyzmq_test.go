package curveprobe_test

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/internal/curveprobe"
	"github.com/pytroll/posttroll-go/internal/testbed"
	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// keys are those of a server, of a client that it admits, and of somebody else.
type keys struct {
	directory                 string
	server, client, strangers *curve.Certificate
}

func newKeys(t *testing.T) keys {
	t.Helper()
	k := keys{directory: t.TempDir()}
	for _, to := range []**curve.Certificate{&k.server, &k.client, &k.strangers} {
		cert, err := curve.Generate()
		if err != nil {
			t.Fatal(err)
		}
		*to = cert
	}
	if err := k.server.WritePair(k.directory, "server", curve.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	return k
}

// clients makes the folder of the clients that a server admits.
func (k keys) clients(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := k.client.WritePublic(dir, "client", curve.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// pyzmq starts a server in Python and returns where it is.
func (k keys) pyzmq(t *testing.T, kind, socket string) transport.Endpoint {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), testbed.Python(t), "testdata/server.py", kind, socket,
		curve.SecretPath(k.directory, "server"), k.clients(t))
	if _, err := cmd.StdinPipe(); err != nil { // stays open as long as the program runs
		t.Fatal(err)
	}
	p := testbed.Start(t, cmd)
	port, _ := p.WaitLine(0, "")
	return endpoint(t, "tcp://127.0.0.1:"+strings.TrimSpace(port))
}

func endpoint(t *testing.T, text string) transport.Endpoint {
	t.Helper()
	e, err := transport.ConnectEndpoint(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// found is what a test compares of a report.
type found struct {
	Outcome    curveprobe.Outcome
	Mechanism  string
	SocketType string
	Status     string
	Stages     []curveprobe.Stage
}

func of(r curveprobe.Report) found {
	f := found{r.Outcome, r.Mechanism, r.SocketType, r.Status, nil}
	for _, s := range r.Steps {
		f.Stages = append(f.Stages, s.Stage)
	}
	return f
}

// The stages up to one.
var (
	toConnect  = []curveprobe.Stage{curveprobe.Resolve, curveprobe.Connect}
	toGreeting = append(toConnect[:2:2], curveprobe.Greeting)
	toHello    = append(toGreeting[:3:3], curveprobe.Hello)
	toInitiate = append(toHello[:4:4], curveprobe.Initiate)
)

// TestPyzmq asks servers that libzmq and pyzmq make.
func TestPyzmq(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	const short = time.Second
	right := func(p *curveprobe.Probe) {}
	wrongServer := func(p *curveprobe.Probe) { p.ServerKey = k.strangers.Public }
	stranger := func(p *curveprobe.Probe) { p.ClientKey = k.strangers.KeyPair }
	patient := func(d time.Duration) func(*curveprobe.Probe) {
		return func(p *curveprobe.Probe) { p.Timeout = d }
	}
	admitted := func(socket string) found { return found{curveprobe.Admitted, "CURVE", socket, "", toInitiate} }
	for name, tt := range map[string]struct {
		kind, socket string
		probe        func(*curveprobe.Probe)
		want         found
	}{
		"open":                       {"open", "PUB", right, admitted("PUB")},
		"open to a stranger":         {"open", "PUB", stranger, admitted("PUB")},
		"allowed, PUB":               {"allowed", "PUB", right, admitted("PUB")},
		"allowed, XPUB":              {"allowed", "XPUB", right, admitted("XPUB")},
		"allowed, REP":               {"allowed", "REP", right, admitted("REP")},
		"allowed, ROUTER":            {"allowed", "ROUTER", right, admitted("ROUTER")},
		"allowed, PULL":              {"allowed", "PULL", right, admitted("PULL")},
		"any key":                    {"any", "PUB", stranger, admitted("PUB")},
		"stranger":                   {"allowed", "PUB", stranger, found{curveprobe.NotAdmitted, "CURVE", "", "400", toInitiate}},
		"address denied":             {"denied-address", "PUB", right, found{curveprobe.NotAdmitted, "CURVE", "", "400", toInitiate}},
		"wrong server key":           {"allowed", "PUB", wrongServer, found{curveprobe.WrongServerKey, "CURVE", "", "", toHello}},
		"answer 400":                 {"400", "REP", right, found{curveprobe.NotAdmitted, "CURVE", "", "400", toInitiate}},
		"answer 500":                 {"500", "REP", right, found{curveprobe.AuthenticatorFailed, "CURVE", "", "500", toInitiate}},
		"authenticator hangs":        {"hangs", "PUB", patient(short), found{curveprobe.NoVerdict, "CURVE", "", "", toInitiate}},
		"no authenticator, enforced": {"enforced", "PUB", right, found{curveprobe.ClosedOnKey, "CURVE", "", "", toInitiate}},
		"NULL":                       {"null", "PUB", right, found{curveprobe.PlainServer, "NULL", "", "", toGreeting}},
		"PLAIN":                      {"plain", "PUB", right, found{curveprobe.PlainServer, "PLAIN", "", "", toGreeting}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := curveprobe.Probe{Endpoint: k.pyzmq(t, tt.kind, tt.socket), ServerKey: k.server.Public, ClientKey: k.client.KeyPair, Timeout: testbed.Patience}
			tt.probe(&p)
			got, err := p.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, of(got)); diff != "" {
				t.Errorf("report (-want +got):\n%s\nof %+v", diff, got)
			}
			if got.Server.String() != strings.TrimPrefix(p.Endpoint.String(), "tcp://") || !got.Client.IsValid() {
				t.Errorf("got addresses %s and %s", got.Server, got.Client)
			}
		})
	}
}

// TestPyzmqAnswer300 has an authenticator answer 300. libzmq 4.3.4 closes the connection when the answer is there by the time that it looks for it at
// once, and says nothing when it comes later.
func TestPyzmqAnswer300(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	p := curveprobe.Probe{Endpoint: k.pyzmq(t, "300", "PUB"), ServerKey: k.server.Public, ClientKey: k.client.KeyPair, Timeout: time.Second}
	got, err := p.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := found{curveprobe.NoVerdict, "CURVE", "", "", toInitiate}
	if got.Outcome == curveprobe.ClosedOnKey {
		want.Outcome = curveprobe.ClosedOnKey
	}
	if diff := cmp.Diff(want, of(got)); diff != "" {
		t.Errorf("report (-want +got):\n%s\nof %+v", diff, got)
	}
}
