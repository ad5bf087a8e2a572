package curveprobe

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// FuzzCommand reads commands from any bytes; what it reads is what it was written from.
func FuzzCommand(f *testing.F) {
	f.Add(appendCommand(nil, "WELCOME", make([]byte, welcomeSize)))
	f.Add(appendCommand(nil, "INITIATE", make([]byte, 300)))
	f.Add([]byte("\x06\x00\x00\x00\x00\x00\x00\x00\x03\x01Xy"))
	f.Add([]byte("\x04\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bytes.NewReader(b)
		c, err := readCommand(r)
		if err != nil {
			if _, ok := errors.AsType[*finding](err); !ok && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("got %v", err)
			}
			return
		}
		again, err := readCommand(bytes.NewReader(appendCommand(nil, c.name, c.body)))
		if err != nil || again.name != c.name || !bytes.Equal(again.body, c.body) {
			t.Errorf("got %+v, error %v; want %+v", again, err, c)
		}
	})
}

// FuzzMetadata reads metadata from any bytes.
func FuzzMetadata(f *testing.F) {
	f.Add([]byte("\x0bSocket-Type\x00\x00\x00\x03PUB\x08Identity\x00\x00\x00\x00"))
	f.Add([]byte("\x01x\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		socketType, ok := parseMetadata(b)
		if !ok && socketType != "" || !bytes.Contains(b, []byte(socketType)) {
			t.Errorf("got %q, %v", socketType, ok)
		}
	})
}

// FuzzServer talks to a server that sends any bytes in answer to the greeting.
func FuzzServer(f *testing.F) {
	f.Add(ourGreeting())
	f.Add(append(ourGreeting(), appendCommand(nil, "WELCOME", make([]byte, welcomeSize))...))
	f.Add(append(ourGreeting(), errorCommand("400")...))
	f.Add([]byte("HTTP/1.0 400 Bad Request"))
	f.Add([]byte("\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x01\x05\x00\x00"))
	server, client := generate(f).Public, generate(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := newHandshake(server, client)
		if err != nil {
			t.Fatal(err)
		}
		defer h.wipe()
		ours, theirs := net.Pipe()
		done := make(chan struct{})
		go func() {
			defer close(done)
			go func() { _, _ = io.Copy(io.Discard, theirs) }()
			_, _ = theirs.Write(b) // the client may have had enough
			_ = theirs.Close()
		}()
		tr := &trial{handshake: h}
		begun := time.Now()
		err = tr.talk(t.Context(), ours)
		<-done
		f, ok := errors.AsType[*finding](err)
		if !ok || f.outcome == Admitted || f.outcome == Silent || f.outcome == NoWelcome || f.outcome == NoVerdict || len(f.detail) > 300 {
			t.Errorf("got %v after %v", err, time.Since(begun))
		}
	})
}
