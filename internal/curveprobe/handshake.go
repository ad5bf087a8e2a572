package curveprobe

import (
	"crypto/rand"
	"encoding/binary"

	"golang.org/x/crypto/nacl/box"

	"github.com/pytroll/posttroll-go/pkg/curve"
)

// Sizes in CurveZMQ (RFC 26), in bytes.
const (
	keySize      = curve.Size
	nonceSize    = 24
	shortNonce   = 8  // what a message carries of a nonce: a counter, behind 16 letters
	longNonce    = 16 // or random bytes, behind 8 letters
	cookieSize   = 96
	welcomeSize  = longNonce + box.Overhead + keySize + cookieSize
	helloPadding = 72
	helloProof   = 64 // zeros that only the server can decrypt
)

// handshake is the client's side of a CurveZMQ handshake. The names are those of RFC 26: S and C are the long-term keys of server and client, S' and C'
// those of this connection.
type handshake struct {
	server    [keySize]byte  // S
	client    [keySize]byte  // C
	secret    *[keySize]byte // of C
	own       *[keySize]byte // C'
	ownSecret *[keySize]byte // of C'
	peer      [keySize]byte  // S', from WELCOME
	cookie    []byte         // from WELCOME
	sent      uint64         // messages that carried a counter
}

// newHandshake makes a key for one connection. The caller calls wipe.
func newHandshake(server curve.PublicKey, client curve.KeyPair) (*handshake, error) {
	own, ownSecret, err := box.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	h := &handshake{server: server, client: client.Public, own: own, ownSecret: ownSecret, secret: new([keySize]byte)}
	revealed := client.Secret.Reveal()
	copy(h.secret[:], revealed)
	clear(revealed)
	return h, nil
}

// wipe overwrites the secret keys.
func (h *handshake) wipe() {
	clear(h.secret[:])
	clear(h.ownSecret[:])
}

// hello returns the body of HELLO: C' and Box[64 zeros](C'->S). Whoever has not the secret half of S can't read it.
func (h *handshake) hello() []byte {
	counter, nonce := h.count("CurveZMQHELLO---")
	b := []byte{1, 0} // version 1.0 of CurveZMQ
	b = append(b, make([]byte, helloPadding)...)
	b = append(b, h.own[:]...)
	b = append(b, counter[:]...)
	return box.Seal(b, make([]byte, helloProof), nonce, &h.server, h.ownSecret)
}

// welcome takes the body of WELCOME: Box[S' + cookie](S->C').
func (h *handshake) welcome(body []byte) error {
	if len(body) != welcomeSize {
		return &finding{ProtocolError, "its WELCOME has a wrong size"}
	}
	plain, ok := box.Open(nil, body[longNonce:], nonceOf("WELCOME-", body[:longNonce]), &h.server, h.ownSecret)
	if !ok {
		return &finding{ProtocolError, "its WELCOME is not made with the key that it has"}
	}
	copy(h.peer[:], plain)
	h.cookie = plain[keySize:]
	return nil
}

// initiate returns the body of INITIATE: the cookie and Box[C + vouch + metadata](C'->S'). The vouch, Box[C' + S](C->S'), proves that we have the secret
// half of C.
//
// There is no metadata: a server compares a Socket-Type with its own and refuses one that does not fit, and takes all when there is none.
func (h *handshake) initiate() []byte {
	vouchNonce := make([]byte, longNonce)
	_, _ = rand.Read(vouchNonce) // never fails
	vouched := append(append([]byte{}, h.own[:]...), h.server[:]...)
	plain := append(append([]byte{}, h.client[:]...), vouchNonce...)
	plain = box.Seal(plain, vouched, nonceOf("VOUCH---", vouchNonce), &h.peer, h.secret)

	counter, nonce := h.count("CurveZMQINITIATE")
	b := append(append([]byte{}, h.cookie...), counter[:]...)
	return box.Seal(b, plain, nonce, &h.peer, h.ownSecret)
}

// ready takes the body of READY, Box[metadata](S'->C'), and returns the type of the server's socket, empty when it does not tell.
func (h *handshake) ready(body []byte) (string, error) {
	if len(body) < shortNonce+box.Overhead {
		return "", &finding{ProtocolError, "its READY is too short"}
	}
	plain, ok := box.Open(nil, body[shortNonce:], nonceOf("CurveZMQREADY---", body[:shortNonce]), &h.peer, h.ownSecret)
	if !ok {
		return "", &finding{ProtocolError, "its READY is not made with the key of this connection"}
	}
	socketType, ok := parseMetadata(plain)
	if !ok {
		return "", &finding{ProtocolError, "the metadata in its READY is malformed"}
	}
	return socketType, nil
}

// count returns the next counter, and the nonce that it is the end of.
func (h *handshake) count(letters string) (counter [shortNonce]byte, nonce *[nonceSize]byte) {
	h.sent++
	binary.BigEndian.PutUint64(counter[:], h.sent)
	return counter, nonceOf(letters, counter[:])
}

// nonceOf puts a nonce together.
func nonceOf(letters string, rest []byte) *[nonceSize]byte {
	var nonce [nonceSize]byte
	copy(nonce[copy(nonce[:], letters):], rest)
	return &nonce
}
