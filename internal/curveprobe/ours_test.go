package curveprobe_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap/zaptest"

	"github.com/pytroll/posttroll-go/internal/curveprobe"
	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/transporttest"
	"github.com/pytroll/posttroll-go/pkg/transport/zmq"
)

// network makes a transport that lives as long as the test.
func network(t *testing.T) *zmq.Transport {
	t.Helper()
	tr, err := zmq.New(zmq.Options{Logger: zaptest.NewLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tr.Close(); err != nil {
			t.Error(err)
		}
	})
	return tr
}

// publisher binds one of this suite.
func publisher(t *testing.T, backend transport.Backend, key curve.KeyPair, gate transport.Gate) transport.Publisher {
	t.Helper()
	p, err := network(t).Publisher(transport.PublisherConfig{
		Endpoint: endpoint0(t), Backend: backend,
		Security:      transport.ServerSecurity{Key: key, Gate: gate},
		SocketOptions: transport.SocketOptions{HandshakeInterval: 500 * time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func endpoint0(t *testing.T) transport.Endpoint {
	t.Helper()
	e, err := transport.ParseEndpoint("tcp://127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestOurPublisher asks publishers of this suite. One that refuses answers 300, so that the end of the connection may come at once or when its patience
// ends.
func TestOurPublisher(t *testing.T) {
	t.Parallel()
	server, client, stranger := transporttest.NewKey(t), transporttest.NewKey(t), transporttest.NewKey(t)
	refusing := transporttest.NewGate().Admit("client", client.Public)
	refusing.RefuseAddr(netip.MustParseAddr("127.0.0.1"), true)
	for name, tt := range map[string]struct {
		backend transport.Backend
		gate    transport.Gate
		server  curve.PublicKey
		client  curve.KeyPair
		want    []curveprobe.Outcome // any of them
	}{
		"admitted":         {transport.Secure, transporttest.NewGate().Admit("client", client.Public), server.Public, client, []curveprobe.Outcome{curveprobe.Admitted}},
		"stranger":         {transport.Secure, transporttest.NewGate(), server.Public, stranger, []curveprobe.Outcome{curveprobe.NoVerdict, curveprobe.ClosedOnKey}},
		"address refused":  {transport.Secure, refusing, server.Public, client, []curveprobe.Outcome{curveprobe.NoVerdict, curveprobe.ClosedOnKey}},
		"wrong server key": {transport.Secure, transporttest.NewGate().Admit("client", client.Public), stranger.Public, client, []curveprobe.Outcome{curveprobe.WrongServerKey}},
		"plain":            {transport.Plain, nil, server.Public, client, []curveprobe.Outcome{curveprobe.PlainServer}},
		"plain with gate":  {transport.Plain, transporttest.NewGate(), server.Public, client, []curveprobe.Outcome{curveprobe.PlainServer}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pub := publisher(t, tt.backend, server, tt.gate)
			got, err := curveprobe.Probe{Endpoint: pub.Endpoint(), ServerKey: tt.server, ClientKey: tt.client}.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(tt.want, got.Outcome) {
				t.Errorf("got %+v, want one of %q", got, tt.want)
			}
			if got.Outcome == curveprobe.NoVerdict && got.Took() > 5*time.Second {
				t.Errorf("took %v: the publisher's handshake interval is half a second", got.Took())
			}
		})
	}
}

// TestOurReplier sees what it is of one that answers requests.
func TestOurReplier(t *testing.T) {
	t.Parallel()
	server, client := transporttest.NewKey(t), transporttest.NewKey(t)
	rep, err := network(t).Replier(transport.ReplierConfig{
		Endpoint: endpoint0(t), Backend: transport.Secure,
		Security: transport.ServerSecurity{Key: server, Gate: transporttest.NewGate().Admit("client", client.Public)},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := curveprobe.Probe{Endpoint: rep.Endpoint(), ServerKey: server.Public, ClientKey: client}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(found{curveprobe.Admitted, "CURVE", "ROUTER", "", toInitiate}, of(got)); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}
