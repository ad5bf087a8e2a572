package testbed

import (
	"errors"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"
)

// Ports that are given out: below those that systems take for connections and for port 0 (32768 and up on Linux), so that
// no other test gets one of them by accident before it is used.
const (
	minPort = 20000
	maxPort = 32768
)

// given are the ports that were given out to this process.
var given struct {
	mu    sync.Mutex
	ports map[int]bool
}

// FreePort returns a TCP port that is free on all addresses, and is not given out twice. Better let the system choose, where it
// can be asked what it chose.
func FreePort(t testing.TB) int {
	t.Helper()
	return freePort(t, syscall.SOCK_STREAM)
}

// FreeUDPPort returns a UDP port that is free on all addresses, and is not given out twice.
func FreeUDPPort(t testing.TB) int {
	t.Helper()
	return freePort(t, syscall.SOCK_DGRAM)
}

func freePort(t testing.TB, kind int) int {
	t.Helper()
	given.mu.Lock()
	defer given.mu.Unlock()
	if given.ports == nil {
		given.ports = make(map[int]bool)
	}
	for range 100 {
		port := minPort + rand.N(maxPort-minPort)
		if !given.ports[port] && try(kind, port) == nil {
			given.ports[port] = true
			return port
		}
	}
	t.Fatalf("no free port in [%d, %d)", minPort, maxPort)
	return 0
}

// try binds a port and frees it again. No process may be forked meanwhile: it would hold the port until it runs its program.
func try(kind, port int) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	return errors.Join(
		tryAddr(syscall.AF_INET, kind, &syscall.SockaddrInet4{Port: port}),
		tryAddr(syscall.AF_INET6, kind, &syscall.SockaddrInet6{Port: port}))
}

func tryAddr(family, kind int, addr syscall.Sockaddr) error {
	fd, err := syscall.Socket(family, kind|syscall.SOCK_CLOEXEC, 0)
	if errors.Is(err, syscall.EAFNOSUPPORT) {
		return nil // no IPv6 here
	}
	if err != nil {
		return err
	}
	return errors.Join(syscall.Bind(fd, addr), syscall.Close(fd))
}
