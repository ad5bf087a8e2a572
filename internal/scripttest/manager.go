package scripttest

import (
	"fmt"
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
	heard []string // its lines that no "heard" has waited for
}

func notify(ts *testscript.TestScript, neg bool, args []string) {
	Usage(ts, neg, len(args) == 1, "notify WATCHDOG")
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

// heard waits for a further line: one is not found twice.
func heard(ts *testscript.TestScript, neg bool, args []string) {
	m := of(ts).manager
	Usage(ts, neg, len(args) == 1 && m != nil, "heard REGEXP, after notify")
	re, err := regexp.Compile(args[0])
	ts.Check(err)
	Eventually(ts, func() error { return m.take(re) })
}

// take removes the first line that matches.
func (m *manager) take(re *regexp.Regexp) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.heard, re.MatchString)
	if i < 0 {
		return fmt.Errorf("the service manager heard no line that matches %s, but %q", re, m.heard)
	}
	m.heard = slices.Delete(m.heard, i, i+1)
	return nil
}
