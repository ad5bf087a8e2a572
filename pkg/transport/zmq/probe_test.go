package zmq

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"
)

// TestProbe: a port takes a connection, which ends in an orderly way and in time whatever the other end does, or refuses.
func TestProbe(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		peer func(c net.Conn, probed <-chan struct{}) error
		long bool
	}{
		{"closes", func(net.Conn, <-chan struct{}) error { return nil }, false},
		{"greets", func(c net.Conn, _ <-chan struct{}) error {
			_, err := c.Write(make([]byte, 64))
			return err
		}, false},
		{"reads to the end", func(c net.Conn, _ <-chan struct{}) error {
			b, err := io.ReadAll(c) // a reset would be an error
			if len(b) > 0 {
				return errors.New("a probe has nothing to say")
			}
			return err
		}, false},
		{"hangs", func(_ net.Conn, probed <-chan struct{}) error {
			<-probed
			return nil
		}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			ended, probed := make(chan error, 1), make(chan struct{})
			go func() {
				c, err := l.Accept()
				if err == nil {
					err = errors.Join(tt.peer(c, probed), c.Close())
				}
				ended <- err
			}()
			at := netip.MustParseAddrPort(l.Addr().String())
			began := time.Now()
			if err := new(Transport).Probe(t.Context(), at); err != nil {
				t.Errorf("open: %v", err)
			}
			close(probed)
			if took := time.Since(began); (took >= probeFarewell) != tt.long {
				t.Errorf("it took %s", took)
			}
			if err := errors.Join(<-ended, l.Close()); err != nil {
				t.Error(err)
			}
			if err := new(Transport).Probe(t.Context(), at); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("closed: %v", err)
			}
		})
	}
}

// TestProbeWithoutAnswer: a full backlog takes no connection and refuses none.
func TestProbeWithoutAnswer(t *testing.T) {
	t.Parallel()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Close(fd); err != nil {
			t.Error(err)
		}
	}()
	if err := errors.Join(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	at := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(name.(*syscall.SockaddrInet4).Port))
	var last error
	for range 4 { // one or two fill it
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		last = new(Transport).Probe(ctx, at)
		cancel()
	}
	if !isTimeout(last) { // the deadline of ctx, or that of the socket: whichever is noticed first
		t.Errorf("got %v", last)
	}
	if !linked(at) {
		t.Error("loopback has no link")
	}
}
