package main

import (
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// manager is what a service manager hears from a program (sd_notify(3)).
type manager struct {
	mu    sync.Mutex
	heard []string
}

// notify plays the service manager: programs that start from here on tell it how they are, and beat for its watchdog.
func notify(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) == 1, "notify WATCHDOG")
	watchdog, err := time.ParseDuration(args[0])
	ts.Check(err)
	// A short path: that of a socket has room for a hundred bytes.
	dir, err := os.MkdirTemp("", "notify")
	ts.Check(err)
	path := filepath.Join(dir, "socket")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	ts.Check(err)
	m := &manager{}
	var listening sync.WaitGroup
	listening.Go(func() { m.listen(socket) })
	ts.Defer(func() {
		if err := socket.Close(); err != nil {
			ts.Logf("close %s: %v", path, err)
		}
		listening.Wait()
		if err := os.RemoveAll(dir); err != nil {
			ts.Logf("%v", err)
		}
	})
	of(ts).manager = m
	ts.Setenv("NOTIFY_SOCKET", path)
	ts.Setenv("WATCHDOG_USEC", strconv.FormatInt(watchdog.Microseconds(), 10))
}

// listen keeps what comes until the socket is closed.
func (m *manager) listen(socket *net.UnixConn) {
	buffer := make([]byte, 4096)
	for {
		n, err := socket.Read(buffer)
		if err != nil {
			return
		}
		m.mu.Lock()
		m.heard = append(m.heard, strings.Split(string(buffer[:n]), "\n")...)
		m.mu.Unlock()
	}
}

// heard waits until the service manager has heard a line that matches, besides those that were asked for before.
func heard(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) == 1 && of(ts).manager != nil, "heard REGEXP, after notify")
	re, err := regexp.Compile(args[0])
	ts.Check(err)
	m := of(ts).manager
	for end := time.Now().Add(patience); time.Now().Before(end); <-time.After(10 * time.Millisecond) {
		m.mu.Lock()
		for i, line := range m.heard {
			if re.MatchString(line) {
				m.heard = slices.Delete(m.heard, i, i+1)
				m.mu.Unlock()
				return
			}
		}
		m.mu.Unlock()
	}
	ts.Fatalf("the service manager heard no line that matches %s, but %q", re, m.heard)
}
