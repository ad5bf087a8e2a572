package zmq

import (
	"errors"
	"io"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/transporttest"
)

// TestForgedProperties: what a peer says of itself in its handshake does not stand for what libzmq and the authenticator say of it.
func TestForgedProperties(t *testing.T) {
	t.Parallel()
	forged := []string{
		property("Peer-Address", "192.0.2.66"), property("User-Id", "99:"+transporttest.NewKey(t).Public.String()), property("__fd", "1"),
	}
	for _, bind := range []string{"tcp://127.0.0.1:0", "tcp://*:0", "ipc://*"} {
		for name, gate := range map[string]*askedGate{"open": nil, "gated": {}} {
			t.Run(bind+" "+name, func(t *testing.T) {
				t.Parallel()
				tr := newTransport(t, Options{})
				var security transport.ServerSecurity
				if gate != nil {
					security.Gate = gate
				}
				p, err := tr.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, bind), Security: security})
				must(t, err)
				for _, properties := range [][]string{forged, nil} {
					c := dialRaw(t, p.Endpoint())
					c.greet(append(properties, property("Socket-Type", "SUB"))...)
					must(t, c.send("\x01topic"))
				}
				must(t, p.WaitSubscribed(soon(t), "topic", 2))
				if got := p.Clients(); len(got) != 2 {
					t.Errorf("clients are %v, want two", got)
				}
				for _, c := range p.Clients() {
					if c.Identity != "" || c.Addr.IsValid() && !c.Addr.Addr().IsLoopback() {
						t.Errorf("client is %+v", c)
					}
				}

				r, err := tr.Replier(transport.ReplierConfig{Endpoint: endpoint(t, bind), Security: security})
				must(t, err)
				c := dialRaw(t, r.Endpoint())
				c.greet(append(forged, property("Socket-Type", "DEALER"))...)
				_, err = c.Write(append(rawFrame(1, ""), rawFrame(0, "who am I?")...))
				must(t, err)
				got, err := r.Receive(soon(t))
				must(t, err)
				if got[0].Identity != "" || got[0].From.IsValid() && !got[0].From.IsLoopback() {
					t.Errorf("request is %+v", got[0])
				}
				if gate == nil {
					return
				}
				gate.mu.Lock()
				defer gate.mu.Unlock()
				for _, c := range gate.asked {
					if !c.Key.IsZero() || c.Addr.IsValid() && !c.Addr.IsLoopback() {
						t.Errorf("asked about %+v", c)
					}
				}
			})
		}
	}
}

// TestWaysAroundTheGate: other versions of ZMTP, other mechanisms, and what comes before the handshake is over lead nobody in.
func TestWaysAroundTheGate(t *testing.T) {
	t.Parallel()
	const signature = "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f"
	const ready, topic = "\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x03SUB", "\x00\x01\x01"
	nobody := transporttest.NewGate()
	nobody.RefuseAddr(netip.MustParseAddr("127.0.0.1"), true)
	for name, bytes := range map[string]string{
		"unversioned":        "\x01\x00\x02\x00\x01",
		"ZMTP 1.0":           signature + "\x00\x01\x00\x02\x00\x01",
		"ZMTP 2.0":           signature + "\x01\x02\x00\x00" + topic,
		"ZMTP 2.1":           signature + "\x02\x02\x00\x00" + topic,
		"NULL":               string(zmtpGreeting("NULL")) + ready + topic,
		"NULL, topic first":  string(zmtpGreeting("NULL")) + topic,
		"NULL, SUBSCRIBE":    string(zmtpGreeting("NULL")) + "\x04\x0a\x09SUBSCRIBE" + ready,
		"NULL, PING":         string(zmtpGreeting("NULL")) + "\x04\x07\x04PING\x00\x00" + ready + topic,
		"PLAIN":              string(zmtpGreeting("PLAIN")) + "\x04\x08\x05HELLO\x00\x00\x04\x1c\x08INITIATE\x0bSocket-Type\x00\x00\x00\x03SUB" + topic,
		"GSSAPI":             string(zmtpGreeting("GSSAPI")) + topic,
		"no mechanism":       string(zmtpGreeting("")) + topic,
		"CURVE, READY first": string(zmtpGreeting("CURVE")) + ready + topic,
		"CURVE, topic first": string(zmtpGreeting("CURVE")) + topic,
	} {
		for _, backend := range []transport.Backend{transport.Plain, transport.Secure} {
			t.Run(string(backend)+" "+name, func(t *testing.T) {
				t.Parallel()
				p, err := newTransport(t, Options{}).Publisher(transport.PublisherConfig{
					Endpoint: endpoint(t, "tcp://127.0.0.1:0"), Backend: backend,
					Security: transport.ServerSecurity{Key: transporttest.NewKey(t), Gate: nobody}, SocketOptions: quick,
				})
				must(t, err)
				c := dialRaw(t, p.Endpoint())
				_, _ = c.Write([]byte(bytes)) // the other side may have had enough before all is written
				must(t, c.SetDeadline(time.Now().Add(patience)))
				if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
					t.Error("the connection is not closed")
				}
				if got := p.Stats().Access; got.Admitted > 0 || len(p.Subscriptions()) > 0 {
					t.Errorf("it got in: %+v, %v", got, p.Subscriptions())
				}
			})
		}
	}
}
