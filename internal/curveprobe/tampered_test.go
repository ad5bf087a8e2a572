package curveprobe

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/nacl/box"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/transporttest"
	"github.com/pytroll/posttroll-go/pkg/transport/zmq"
)

// guardedPublisher binds a publisher of this suite that admits one client.
func guardedPublisher(t *testing.T, server, client curve.KeyPair) transport.Publisher {
	t.Helper()
	tr, err := zmq.New(zmq.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tr.Close(); err != nil {
			t.Error(err)
		}
	})
	bind, err := transport.ParseEndpoint("tcp://127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p, err := tr.Publisher(transport.PublisherConfig{
		Endpoint: bind, Backend: transport.Secure,
		Security:      transport.ServerSecurity{Key: server, Gate: transporttest.NewGate().Admit("client", client.Public)},
		SocketOptions: transport.SocketOptions{HandshakeInterval: 300 * time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// talker is a client that says what a test makes of each word.
type talker struct {
	*handshake
	conn net.Conn
}

func newTalker(t *testing.T, to transport.Endpoint, server curve.PublicKey, client curve.KeyPair) *talker {
	t.Helper()
	h, err := newHandshake(server, client)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(to.String(), "tcp://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	w := &talker{h, conn}
	w.say(ourGreeting())
	if _, err := io.ReadFull(conn, make([]byte, greetingSize)); err != nil {
		t.Fatal(err)
	}
	return w
}

// say sends b. The other side may have closed the connection, which is seen when an answer is due.
func (w *talker) say(b []byte) { _, _ = w.conn.Write(b) }

// hears tells whether the answer is a command of that name; otherwise the connection was closed.
func (w *talker) hears(name string) (command, bool) {
	c, err := readCommand(w.conn)
	return c, err == nil && c.name == name
}

// message is a MESSAGE with that counter: Box[flags + payload](C'->S').
func (w *talker) message(counter uint64, payload string) []byte {
	var short [shortNonce]byte
	binary.BigEndian.PutUint64(short[:], counter)
	body := box.Seal(short[:], append([]byte{0}, payload...), nonceOf("CurveZMQMESSAGEC", short[:]), &w.peer, w.ownSecret)
	frame := append([]byte("\x07MESSAGE"), body...)
	return append([]byte{0, byte(len(frame))}, frame...)
}

// TestTamperedWords: a publisher of this suite takes no word of which one bit is wrong, and admits nobody whose words are another's.
func TestTamperedWords(t *testing.T) {
	t.Parallel()
	server, client, mallory := generate(t), generate(t), generate(t)
	p := guardedPublisher(t, server, client)
	flip := func(b []byte, at int) []byte {
		b = bytes.Clone(b)
		b[at] ^= 1
		return b
	}
	const helloProofAt = 2 + helloPadding + keySize + shortNonce
	for name, at := range map[string]int{"version": 0, "C'": 2 + helloPadding, "counter": helloProofAt - 1, "proof": helloProofAt, "end": -1} {
		w := newTalker(t, p.Endpoint(), server.Public, client)
		hello := w.hello()
		w.say(appendCommand(nil, "HELLO", flip(hello, (at+len(hello))%len(hello))))
		if _, ok := w.hears("WELCOME"); ok {
			t.Errorf("HELLO with another %s is taken", name)
		}
	}
	for name, at := range map[string]int{"cookie's nonce": 0, "cookie": longNonce, "cookie's end": cookieSize - 1, "counter": cookieSize + shortNonce - 1,
		"box": cookieSize + shortNonce, "client's key": cookieSize + shortNonce + box.Overhead, "vouch": cookieSize + shortNonce + box.Overhead + keySize + longNonce, "end": -1} {
		w := welcomed(t, p, server, client)
		initiate := w.initiate()
		w.say(appendCommand(nil, "INITIATE", flip(initiate, (at+len(initiate))%len(initiate))))
		if _, ok := w.hears("READY"); ok {
			t.Errorf("INITIATE with another %s is taken", name)
		}
	}

	// What the client said once, from another connection, and with another's secret.
	first := welcomed(t, p, server, client)
	said := first.initiate()
	second := welcomed(t, p, server, client)
	second.say(appendCommand(nil, "INITIATE", said))
	if _, ok := second.hears("READY"); ok {
		t.Error("INITIATE of another connection is taken")
	}
	forged := welcomed(t, p, server, curve.KeyPair{Public: client.Public, Secret: mallory.Secret})
	forged.say(appendCommand(nil, "INITIATE", forged.initiate()))
	if _, ok := forged.hears("READY"); ok {
		t.Error("the key of a client is taken without its secret")
	}
	if got := p.Stats().Access; got.Admitted != 0 {
		t.Errorf("%+v: want nobody", got)
	}
}

// welcomed is a client to which the publisher has said WELCOME.
func welcomed(t *testing.T, p transport.Publisher, server, client curve.KeyPair) *talker {
	t.Helper()
	w := newTalker(t, p.Endpoint(), server.Public, client)
	w.say(appendCommand(nil, "HELLO", w.hello()))
	c, ok := w.hears("WELCOME")
	if !ok {
		t.Fatal("no WELCOME")
	}
	if err := w.welcome(c.body); err != nil {
		t.Fatal(err)
	}
	return w
}

// TestTamperedMessages: what comes twice, or was changed on the way, ends the connection. libzmq with a monitor would leave it open now and then, with its
// descriptor, and read nothing more from it.
func TestTamperedMessages(t *testing.T) {
	t.Parallel()
	server, client := generate(t), generate(t)
	for name, words := range map[string]func(w *talker) [][]byte{
		"the same again":    func(w *talker) [][]byte { m := w.message(4, "\x01x"); return [][]byte{m, m} },
		"an older counter":  func(w *talker) [][]byte { return [][]byte{w.message(9, "\x01x"), w.message(8, "\x01y")} },
		"counter of ours":   func(w *talker) [][]byte { return [][]byte{w.message(2, "\x01x")} },
		"another bit":       func(w *talker) [][]byte { m := w.message(4, "\x01x"); m[len(m)-1] ^= 1; return [][]byte{m} },
		"not encrypted":     func(w *talker) [][]byte { return [][]byte{{0, 2, 1, 'x'}} },
		"a second INITIATE": func(w *talker) [][]byte { return [][]byte{appendCommand(nil, "INITIATE", w.initiate())} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := guardedPublisher(t, server, client)
			w := welcomed(t, p, server, client)
			w.say(appendCommand(nil, "INITIATE", w.initiate()))
			if _, ok := w.hears("READY"); !ok {
				t.Fatal("no READY")
			}
			w.say(w.message(3, "\x01before"))
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			if err := p.WaitSubscribed(ctx, "before", 1); err != nil {
				t.Fatal(err)
			}
			for _, m := range words(w) {
				w.say(m)
			}
			if _, err := io.Copy(io.Discard, w.conn); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("the connection stays")
			}
		})
	}
}
