package zmq

import (
	"crypto/rand"
	"encoding/binary"
	"io"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"golang.org/x/crypto/nacl/box"
)

// rawCurve speaks CurveZMQ (rfc.zeromq.org/spec/26) by hand, and so says what libzmq never would, or when it never would.
type rawCurve struct {
	rawPeer
	public, secret *[32]byte // for this connection
	key            [32]byte  // that the two for this connection make
	nonce          uint64
	end            string // how the nonces of its messages end
}

func newRawCurve(p rawPeer, end string) *rawCurve {
	p.t.Helper()
	public, secret, err := box.GenerateKey(rand.Reader)
	must(p.t, err)
	return &rawCurve{rawPeer: p, public: public, secret: secret, end: end}
}

// meet greets the server that has this key, up to its WELCOME, and returns the INITIATE that is to follow.
func (p rawPeer) meet(server curve.PublicKey, client curve.KeyPair, kind string) (c *rawCurve, initiate []byte) {
	p.t.Helper()
	c = newRawCurve(p, "C")
	serverKey := (*[32]byte)(&server)
	nonce, short := c.next("CurveZMQHELLO---")
	hello := "\x05HELLO\x01\x00" + string(make([]byte, 72)) + string(c.public[:]) + short
	hello = string(box.Seal([]byte(hello), make([]byte, 64), nonce, serverKey, c.secret))
	_, err := p.Write(append(zmtpGreeting("CURVE"), rawFrame(4, hello)...))
	must(p.t, err)

	theirs := make([]byte, greetingBytes+2+168)
	_, err = io.ReadFull(p, theirs)
	must(p.t, err)
	welcome := theirs[greetingBytes+2:]
	opened, ok := box.Open(nil, welcome[24:], (*[24]byte)([]byte("WELCOME-"+string(welcome[8:24]))), serverKey, c.secret)
	if !ok {
		p.t.Fatal("WELCOME can't be opened")
	}
	transient, cookie := (*[32]byte)(opened), opened[32:]
	box.Precompute(&c.key, transient, c.secret)

	ours := client.Secret.Public()
	secret := [32]byte(client.Secret.Reveal())
	vouchNonce := [24]byte([]byte("VOUCH---0123456789abcdef"))
	vouch := box.Seal(nil, append(c.public[:], server[:]...), &vouchNonce, transient, &secret)
	plain := string(ours[:]) + string(vouchNonce[8:]) + string(vouch) + property("Socket-Type", kind)
	nonce, short = c.next("CurveZMQINITIATE")
	return c, rawFrame(4, string(box.SealAfterPrecomputation([]byte("\x08INITIATE"+string(cookie)+short), []byte(plain), nonce, &c.key)))
}

// receive greets a client as the server that has this key, up to its INITIATE, and returns the READY that is to follow.
func (p rawPeer) receive(server curve.KeyPair, kind string) (c *rawCurve, ready []byte) {
	p.t.Helper()
	c = newRawCurve(p, "S")
	_, err := p.Write(zmtpGreeting("CURVE"))
	must(p.t, err)
	theirs := make([]byte, greetingBytes+2+200)
	_, err = io.ReadFull(p, theirs)
	must(p.t, err)
	client := (*[32]byte)(theirs[greetingBytes+2+80:])
	box.Precompute(&c.key, client, c.secret)

	secret := [32]byte(server.Secret.Reveal())
	nonce := [24]byte([]byte("WELCOME-0123456789abcdef"))
	welcome := box.Seal([]byte("\x07WELCOME"+string(nonce[8:])), append(c.public[:], make([]byte, 96)...), &nonce, client, &secret)
	_, err = p.Write(rawFrame(4, string(welcome)))
	must(p.t, err)
	head := make([]byte, 9) // of INITIATE, a long frame
	_, err = io.ReadFull(p, head)
	must(p.t, err)
	_, err = io.CopyN(io.Discard, p, int64(binary.BigEndian.Uint64(head[1:])))
	must(p.t, err)
	nonceOf, short := c.next("CurveZMQREADY---")
	return c, rawFrame(4, string(box.SealAfterPrecomputation([]byte("\x05READY"+short), []byte(property("Socket-Type", kind)), nonceOf, &c.key)))
}

// initiate sends INITIATE and waits for READY.
func (c *rawCurve) initiate(initiate []byte) {
	c.t.Helper()
	_, err := c.Write(initiate)
	must(c.t, err)
	head := make([]byte, 2)
	_, err = io.ReadFull(c, head)
	must(c.t, err)
	_, err = io.CopyN(io.Discard, c, int64(head[1]))
	must(c.t, err)
}

// next is the next nonce, and what of it goes over the wire.
func (c *rawCurve) next(prefix string) (nonce *[24]byte, short string) {
	c.nonce++
	short = string(binary.BigEndian.AppendUint64(nil, c.nonce))
	return (*[24]byte)([]byte(prefix + short)), short
}

// frame makes a frame with the flags of CurveZMQ: 1 more, 2 command.
func (c *rawCurve) frame(flags byte, body string) []byte {
	nonce, short := c.next("CurveZMQMESSAGE" + c.end)
	return rawFrame(0, string(box.SealAfterPrecomputation([]byte("\x07MESSAGE"+short), append([]byte{flags}, body...), nonce, &c.key)))
}

// TestRawCurve: what is written here by hand is what libzmq speaks.
func TestRawCurve(t *testing.T) {
	t.Parallel()
	e := newExposed(t, "secure")
	c, initiate := dialRaw(t, e.publisher.Endpoint()).meet(e.key.Public, e.client, "SUB")
	c.initiate(initiate)
	_, err := c.Write(c.frame(0, "\x01topic"))
	must(t, err)
	must(t, e.publisher.WaitSubscribed(soon(t), "topic", 1))
}
