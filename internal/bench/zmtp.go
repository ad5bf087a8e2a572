package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"time"
)

// asker asks a REP or ROUTER over a plain connection, in ZMTP 3.0 (rfc.zeromq.org/spec/23).
type asker struct {
	conn net.Conn
	in   *bufio.Reader
}

// Flags of a frame.
const (
	flagMore = 1 << iota
	flagLong
	flagCommand
)

// answerTime is how long an answer may take.
const answerTime = 10 * time.Second

// dialAsker connects as soon as somebody listens.
func dialAsker(ctx context.Context, port string) (*asker, error) {
	conn, err := connect(ctx, port)
	if err != nil {
		return nil, err
	}
	a := &asker{conn, bufio.NewReaderSize(conn, 1<<16)}
	if err := a.shakeHands(); err != nil {
		return nil, firstOf(err, conn.Close())
	}
	return a, nil
}

func (a *asker) shakeHands() error {
	if err := a.conn.SetDeadline(time.Now().Add(answerTime)); err != nil {
		return err
	}
	var greeting [64]byte
	greeting[0], greeting[9], greeting[10] = 0xff, 0x7f, 3
	copy(greeting[12:], "NULL")
	if _, err := a.conn.Write(append(greeting[:], "\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x03REQ"...)); err != nil {
		return err
	}
	if _, err := io.ReadFull(a.in, greeting[:]); err != nil {
		return err
	}
	flags, _, err := a.frame()
	if err == nil && flags&flagCommand == 0 {
		err = fmt.Errorf("handshake: a frame with flags %#x instead of READY", flags)
	}
	return err
}

// frame reads one.
func (a *asker) frame() (flags byte, body []byte, err error) {
	if flags, err = a.in.ReadByte(); err != nil {
		return 0, nil, err
	}
	size := make([]byte, 1, 8)
	if flags&flagLong != 0 {
		size = size[:8]
	}
	if _, err := io.ReadFull(a.in, size); err != nil {
		return 0, nil, err
	}
	length := uint64(size[0])
	if flags&flagLong != 0 {
		length = binary.BigEndian.Uint64(size)
	}
	if length > 1<<30 {
		return 0, nil, fmt.Errorf("a frame of %d bytes", length)
	}
	body = make([]byte, length)
	_, err = io.ReadFull(a.in, body)
	return flags, body, err
}

// ask sends a request and returns the answer.
func (a *asker) ask(request []byte) ([]byte, error) {
	if err := a.conn.SetDeadline(time.Now().Add(answerTime)); err != nil {
		return nil, err
	}
	frames := []byte{flagMore, 0, flagLong}
	frames = binary.BigEndian.AppendUint64(frames, uint64(len(request)))
	if _, err := a.conn.Write(append(frames, request...)); err != nil {
		return nil, err
	}
	for {
		flags, body, err := a.frame()
		if err != nil {
			return nil, err
		}
		if flags&(flagMore|flagCommand) == 0 {
			return body, nil
		}
	}
}

func (a *asker) close() { _ = a.conn.Close() } // it has been read to its end
