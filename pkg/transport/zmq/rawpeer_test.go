package zmq

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// rawPeer speaks ZMTP 3.0 by hand, and so says what libzmq never would.
type rawPeer struct {
	net.Conn
	t *testing.T
}

func dialRaw(t *testing.T, to transport.Endpoint) rawPeer {
	t.Helper()
	network, addr, _ := strings.Cut(to.String(), "://")
	if network == "ipc" {
		network = "unix"
	}
	c, err := net.Dial(network, strings.Replace(addr, "*", "127.0.0.1", 1))
	must(t, err)
	t.Cleanup(func() { c.Close() })
	must(t, c.SetDeadline(time.Now().Add(patience)))
	return rawPeer{c, t}
}

// rawSubscriber subscribes to all of p by hand.
func rawSubscriber(t *testing.T, p transport.Publisher) rawPeer {
	t.Helper()
	peer := dialRaw(t, p.Endpoint())
	peer.greet(property("Socket-Type", "SUB"))
	must(t, peer.send("\x01"))
	must(t, p.WaitSubscribed(soon(t), "", 1))
	return peer
}

// greet goes through the handshake of mechanism NULL with these properties.
func (p rawPeer) greet(properties ...string) {
	p.t.Helper()
	_, err := p.Write(append(zmtpGreeting("NULL"), rawFrame(4, "\x05READY"+strings.Join(properties, ""))...))
	must(p.t, err)
	theirs := make([]byte, 64+2)
	_, err = io.ReadFull(p, theirs)
	must(p.t, err)
	_, err = io.ReadFull(p, make([]byte, theirs[65]))
	must(p.t, err)
}

// welcome goes through the handshake of mechanism NULL as a publisher that was connected to.
func (p rawPeer) welcome() error { return p.welcomeAs("PUB") }

func (p rawPeer) welcomeAs(kind string) error {
	if _, err := p.Write(append(zmtpGreeting("NULL"), rawFrame(4, "\x05READY"+property("Socket-Type", kind))...)); err != nil {
		return err
	}
	theirs := make([]byte, 64+2)
	if _, err := io.ReadFull(p, theirs); err != nil {
		return err
	}
	_, err := io.ReadFull(p, make([]byte, theirs[65]))
	return err
}

// ping waits until the peer has read what was sent before. libzmq answers before it hands on what it has read in one go with the ping, so what was sent
// before the last ping but one has been handed on.
func (p rawPeer) ping() error {
	if _, err := p.Write(rawFrame(4, "\x04PING\x00\x00")); err != nil {
		return err
	}
	var got []byte
	for buf := make([]byte, 100); !bytes.Contains(got, []byte("PONG")); {
		n, err := p.Read(buf)
		if err != nil {
			return err
		}
		got = append(got, buf[:n]...)
	}
	return nil
}

// send sends frames with flags 0: each is a message.
func (p rawPeer) send(bodies ...string) error {
	var all []byte
	for _, b := range bodies {
		all = append(all, rawFrame(0, b)...)
	}
	_, err := p.Write(all)
	return err
}

func rawFrame(flags byte, body string) []byte {
	if len(body) > 255 {
		return append(binary.BigEndian.AppendUint64([]byte{flags | 2}, uint64(len(body))), body...)
	}
	return append([]byte{flags, byte(len(body))}, body...)
}

func property(name, value string) string {
	return string(rune(len(name))) + name + string(binary.BigEndian.AppendUint32(nil, uint32(len(value)))) + value
}
