package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// The flags of a ZMTP frame (RFC 23 and 37).
const (
	flagMore    = 0x01
	flagLong    = 0x02
	flagCommand = 0x04
)

// maxFrame bounds what a stranger reads.
const maxFrame = 1 << 20

// greeting is that of a client that speaks ZMTP 3.minor.
func greeting(minor byte, mechanism string) string {
	return "\xff\x00\x00\x00\x00\x00\x00\x00\x00\x7f\x03" + string([]byte{minor}) + (mechanism + strings.Repeat("\x00", 20))[:20] + strings.Repeat("\x00", 32)
}

// frame is a frame as it goes over the wire, short where it can be.
func frame(flags byte, body string) string {
	return frameHead(flags, len(body)) + body
}

// frameHead is what stands before so many bytes.
func frameHead(flags byte, size int) string {
	if size > 0xff {
		return longFrame(flags, uint64(size), "")
	}
	return string([]byte{flags, byte(size)})
}

// longFrame says any length.
func longFrame(flags byte, size uint64, body string) string {
	return string(binary.BigEndian.AppendUint64([]byte{flags | flagLong}, size)) + body
}

// zmtpCommand is a command with its name.
func zmtpCommand(name, body string) string {
	return frame(flagCommand, string([]byte{byte(len(name))})+name+body)
}

// property is one of the metadata in READY and INITIATE.
func property(name, value string) string {
	return string([]byte{byte(len(name))}) + name + string(binary.BigEndian.AppendUint32(nil, uint32(len(value)))) + value
}

// ready is READY of a socket of some type.
func ready(kind string) string { return zmtpCommand("READY", property("Socket-Type", kind)) }

// peer is the stranger's end of a connection on which the handshake is over.
type peer struct {
	net.Conn
	box *session // nil: plain
}

// connect makes a connection and goes through the handshake: with the keys of the bad client where the socket is secure.
func (a *attack) connect() (*peer, error) { return a.connectAs(a.at.peerKind()) }

// connectAs does so as a socket of some type.
func (a *attack) connectAs(kind string) (*peer, error) {
	conn, err := a.open()
	if err != nil {
		return nil, err
	}
	return a.overAs(conn, kind)
}

// over goes through the handshake over a connection.
func (a *attack) over(conn net.Conn) (*peer, error) { return a.overAs(conn, a.at.peerKind()) }

func (a *attack) overAs(conn net.Conn, kind string) (*peer, error) {
	if a.at.secure {
		return curveConnect(conn, a.w.keys.server.Public, a.w.keys.bad, kind)
	}
	return plainConnect(conn, kind, 1)
}

// plainConnect goes through the handshake of NULL, with ZMTP 3.minor.
func plainConnect(conn net.Conn, kind string, minor byte) (*peer, error) {
	if _, err := io.WriteString(conn, greeting(minor, "NULL")+ready(kind)); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(conn, make([]byte, 64)); err != nil {
		return nil, fmt.Errorf("greeting: %w", err)
	}
	p := &peer{Conn: conn}
	if _, _, err := p.receive(); err != nil {
		return nil, fmt.Errorf("READY: %w", err)
	}
	return p, nil
}

// pack returns a frame as it goes over the wire, in two parts: what is large is not copied.
func (p *peer) pack(flags byte, body string) (head, rest string) {
	if p.box != nil {
		return "", p.box.seal(flags, body)
	}
	return frameHead(flags, len(body)), body
}

// sentAtOnce is how much is sent in one call, in bytes. More goes out as it is.
const sentAtOnce = 1 << 16

// send sends a frame.
func (p *peer) send(flags byte, body string) error {
	head, rest := p.pack(flags, body)
	if len(rest) <= sentAtOnce {
		head, rest = head+rest, ""
	}
	_, err := io.WriteString(p.Conn, head)
	if err == nil && rest != "" {
		_, err = io.WriteString(p.Conn, rest)
	}
	return err
}

// stuckAfter is how long a stranger waits for room for what it sends.
const stuckAfter = time.Second

// sendMany sends many frames in few calls.
func (p *peer) sendMany(times int, one func(i int) (flags byte, body string)) error {
	var all strings.Builder
	for i := range times {
		head, rest := p.pack(one(i))
		all.WriteString(head)
		if len(rest) <= sentAtOnce {
			all.WriteString(rest)
			rest = ""
		}
		if all.Len() > sentAtOnce || rest != "" || i == times-1 {
			if err := p.push(all.String(), rest); err != nil {
				return err
			}
			all.Reset()
		}
	}
	return nil
}

// push sends bytes, for which there has to be room soon.
func (p *peer) push(parts ...string) error {
	for _, bytes := range parts {
		if err := p.SetWriteDeadline(time.Now().Add(stuckAfter)); err != nil {
			return err
		}
		if _, err := io.WriteString(p.Conn, bytes); err != nil {
			return err
		}
	}
	return nil
}

// receive reads a frame.
func (p *peer) receive() (flags byte, body string, err error) {
	flags, body, err = readFrame(p.Conn)
	if err == nil && p.box != nil {
		return p.box.open(body)
	}
	return flags, body, err
}

func readFrame(r io.Reader) (flags byte, body string, err error) {
	var head [9]byte
	if _, err := io.ReadFull(r, head[:2]); err != nil {
		return 0, "", err
	}
	size := uint64(head[1])
	if head[0]&flagLong != 0 {
		if _, err := io.ReadFull(r, head[2:]); err != nil {
			return 0, "", err
		}
		size = binary.BigEndian.Uint64(head[1:])
	}
	if size > maxFrame {
		return 0, "", fmt.Errorf("a frame of %d bytes", size)
	}
	b := make([]byte, size)
	_, err = io.ReadFull(r, b)
	return head[0], string(b), err
}

// request asks as a REQ does, and returns the answer.
func (p *peer) request(body string) (string, error) {
	if err := p.send(flagMore, ""); err != nil {
		return "", err
	}
	if err := p.send(0, body); err != nil {
		return "", err
	}
	return p.reply()
}

// reply reads the answer to a request. PINGs and such are passed over.
func (p *peer) reply() (string, error) {
	for {
		flags, body, err := p.receive()
		if err != nil {
			return "", err
		}
		if flags&(flagCommand|flagMore) == 0 {
			return body, nil
		}
	}
}

// cut waits until the other side has ended the connection, whatever it says before.
func cut(conn net.Conn) error {
	_, err := io.Copy(io.Discard, conn)
	if err == nil || isCut(err) {
		return nil
	}
	return fmt.Errorf("not cut off: %w", err)
}
