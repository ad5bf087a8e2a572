package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

// Hosts of the tests of fairness: Linux has all of 127.0.0.0/8.
const (
	badHost  = "127.0.0.2"
	goodHost = "127.0.0.3"
)

// wire is a connection that speaks ZeroMQ's protocol by hand: from an address that we choose, and with manners that libzmq does not have.
type wire struct {
	net.Conn
	in *bufio.Reader
}

// wireGreeting is that of ZMTP 3.0 without keys.
var wireGreeting = "\xff" + strings.Repeat("\x00", 8) + "\x7f\x03\x00NULL" + strings.Repeat("\x00", 48)

// dialWire connects and says what kind of socket it is.
func dialWire(ctx context.Context, from string, port int, kind string) (*wire, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	c, err := d.DialContext(ctx, "tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return nil, err
	}
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(patience)
	}
	if err := c.SetDeadline(deadline); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	ready := "\x05READY\x0bSocket-Type\x00\x00\x00" + string(rune(len(kind))) + kind
	if _, err := c.Write([]byte(wireGreeting + "\x04" + string(rune(len(ready))) + ready)); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	w := &wire{c, bufio.NewReader(c)}
	// What comes before its own READY is out libzmq takes for a second one, and closes.
	if _, err = w.in.Discard(len(wireGreeting)); err == nil {
		_, _, err = w.frame()
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return w, nil
}

// wireRequest is a request as REQ sends it.
func wireRequest(body string) []byte {
	return append(binary.BigEndian.AppendUint64([]byte{1, 0, 2}, uint64(len(body))), body...)
}

// reply waits for the next message and returns its last part.
func (w *wire) reply() (string, error) {
	for {
		flags, body, err := w.frame()
		if err != nil {
			return "", err
		}
		if flags&(1|4) == 0 {
			return body, nil
		}
	}
}

// frame returns the next frame.
func (w *wire) frame() (flags byte, body string, err error) {
	if flags, err = w.in.ReadByte(); err != nil {
		return 0, "", err
	}
	size := make([]byte, 8)
	if flags&2 != 0 {
		_, err = io.ReadFull(w.in, size)
	} else {
		size[7], err = w.in.ReadByte()
	}
	if err != nil {
		return 0, "", err
	}
	text := make([]byte, binary.BigEndian.Uint64(size))
	_, err = io.ReadFull(w.in, text)
	return flags, string(text), err
}

// askFrom asks over a connection of its own.
func (v *victim) askFrom(host string, port int, frame string) (string, error) {
	ctx, cancel := context.WithTimeout(v.t.Context(), patience)
	defer cancel()
	w, err := dialWire(ctx, host, port, "REQ")
	if err != nil {
		return "", err
	}
	defer w.Close()
	if _, err := w.Write(wireRequest(frame)); err != nil {
		return "", err
	}
	return w.reply()
}

// fill announces publishers of one service.
func (v *victim) fill(host, service string, count int) {
	v.t.Helper()
	w, err := dialWire(v.t.Context(), host, v.signups, "DEALER")
	v.must(err)
	defer w.Close()
	for i := range count {
		_, err := w.Write(wireRequest(fmt.Sprintf(`%s{"URI": "tcp://10.1.0.1:%d", "service": ["%s"]}`, announceHead, i+1, service)))
		v.must(err)
		if _, err = w.reply(); err != nil {
			v.t.Fatalf("announcement %d: %v", i, err)
		}
	}
}

// attack runs n connections of the bad host at once until the test ends, each of which does what it is told, over and over where it is cut. It returns when each
// was tried once.
func (v *victim) attack(n, port int, do func(*wire) error) {
	ctx, cancel := context.WithCancel(v.t.Context())
	var all, tried sync.WaitGroup
	tried.Add(n)
	for range n {
		all.Go(func() {
			once := sync.OnceFunc(tried.Done)
			for ctx.Err() == nil {
				w, err := dialWire(ctx, badHost, port, "DEALER")
				once()
				if err != nil { // refused, as it may be
					select {
					case <-ctx.Done():
					case <-time.After(10 * time.Millisecond):
					}
					continue
				}
				stop := context.AfterFunc(ctx, func() { _ = w.Close() })
				_ = do(w) // ends when it is cut, as it may be
				if stop() {
					_ = w.Close()
				}
			}
		})
	}
	v.t.Cleanup(func() {
		cancel()
		all.Wait()
	})
	tried.Wait()
}

// asks writes the same request again and again, and reads nothing.
func asks(request string) func(*wire) error {
	chunk := []byte(strings.Repeat(string(wireRequest(request)), 100))
	return func(w *wire) error {
		for {
			if _, err := w.Write(chunk); err != nil {
				return err
			}
		}
	}
}

// reads takes all replies while it asks.
func reads(ask func(*wire) error) func(*wire) error {
	return func(w *wire) error {
		var reading sync.WaitGroup
		reading.Go(func() { _, _ = io.Copy(io.Discard, w.in) }) // until the connection ends
		defer reading.Wait()
		defer w.Close()
		return ask(w)
	}
}

// stays says nothing until it is cut.
func stays(w *wire) error {
	_, err := io.Copy(io.Discard, w.in)
	return err
}

// announcesWildly sends datagrams of the bad host until the test ends, each about another publisher.
func (v *victim) announcesWildly() {
	c, err := (&net.Dialer{LocalAddr: &net.UDPAddr{IP: net.ParseIP(badHost)}}).Dial("udp4", fmt.Sprintf("127.0.0.1:%d", v.signups))
	v.must(err)
	ctx, cancel := context.WithCancel(v.t.Context())
	var sending sync.WaitGroup
	sending.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			// What has no room is lost, as datagrams are.
			_, _ = fmt.Fprintf(c, `%s{"URI": "tcp://10.2.%d.%d:%d", "service": ["junk"]}`, announceHead, i>>8&255, i&255, 1+i>>16&0xfff)
		}
	})
	v.t.Cleanup(func() {
		cancel()
		sending.Wait()
		v.must(c.Close())
	})
}

// checkGood lets the good host announce and ask, over a new connection each time: all is answered, whatever the bad one does.
func (v *victim) checkGood() {
	v.t.Helper()
	for i := range 20 {
		uri, service := fmt.Sprintf("tcp://10.3.0.1:%d", i+1), fmt.Sprint("good", i)
		if got, err := v.askFrom(goodHost, v.signups, fmt.Sprintf(`%s{"URI": "%s", "service": ["%s"]}`, announceHead, uri, service)); err != nil || got != "ok" {
			v.t.Fatalf("announcement %d answered with %q, %v", i, got, err)
		}
		listed := func() bool {
			got, err := v.askFrom(goodHost, v.lookups, requestHead+`{"service": "`+service+`"}`)
			v.must(err)
			return strings.Contains(got, `"`+uri+`"`)
		}
		testbed.WaitFor(v.t, uri+" to be listed", listed)
	}
	got, err := v.askFrom(goodHost, v.lookups, requestHead+`{"service": "many"}`)
	if v.must(err); strings.Count(got, `"URI"`) != manyEntries {
		v.t.Fatalf("%d of %d entries in %d bytes", strings.Count(got, `"URI"`), manyEntries, len(got))
	}
}

// counters is the line in the log that has them.
func (v *victim) counters() string {
	v.t.Helper()
	v.must(v.process.Cmd.Process.Signal(syscall.SIGUSR1))
	line, _ := v.process.WaitLine(0, `"message":"counters"`)
	return line
}

// manyEntries make a reply of more than 100 kB.
const manyEntries = 1000

// TestOneBadHost: what one host does at its worst keeps no other one from being served.
func TestOneBadHost(t *testing.T) {
	t.Parallel()
	for name, attack := range map[string]func(*victim){
		"lookups": func(v *victim) { v.attack(20, v.lookups, reads(asks(requestHead+`{"service": "nothing"}`))) },
		// Each of them is written to until libzmq holds two replies, and asks on.
		"replies never read": func(v *victim) { v.attack(200, v.lookups, asks(requestHead+`{"service": "many"}`)) },
		"connections":        func(v *victim) { v.attack(300, v.lookups, stays) },
		"registrations": func(v *victim) {
			v.attack(20, v.signups, reads(asks(announceHead+`{"URI": "tcp://10.2.0.1:1", "service": ["junk"]}`)))
		},
		"announcements": (*victim).announcesWildly,
	} {
		t.Run(name, func(t *testing.T) {
			v := startVictim(t, "POSTTROLL_MAX_CONNECTIONS=400", "POSTTROLL_MAX_CONNECTIONS_PER_SOURCE=200", "POSTTROLL_MAX_ENTRIES_PER_SOURCE=2000",
				// Few enough that a slow machine, with the race detector, makes what a host may have at once in a second or two.
				"POSTTROLL_MAX_REQUESTS_PER_SOURCE=200")
			v.fill(goodHost, "many", manyEntries)
			attack(v)
			v.checkGood()
			if counters := v.counters(); name == "connections" && !strings.Contains(counters, `"connections_over_limit":{"source_connections":`) {
				t.Errorf("no connection was refused: %s", counters)
			}
		})
	}
}

// TestManyBehindOneAddress: 500 publishers of Python's kind, each with a new connection for each announcement, are all served with the defaults.
func TestManyBehindOneAddress(t *testing.T) {
	t.Parallel()
	const publishers, rounds = 500, 3
	v := startVictim(t)
	var all sync.WaitGroup
	var refused atomic.Int64
	for i := range publishers {
		all.Go(func() {
			next := time.NewTicker(2 * time.Second)
			defer next.Stop()
			for range rounds {
				got, err := v.askFrom(badHost, v.signups, fmt.Sprintf(`%s{"URI": "tcp://127.0.0.2:%d", "service": ["crowd"]}`, announceHead, 20_000+i))
				if err != nil || got != "ok" {
					refused.Add(1)
				}
				<-next.C
			}
		})
	}
	all.Wait()
	if n := refused.Load(); n > 0 {
		t.Errorf("%d of %d announcements were refused", n, publishers*rounds)
	}
	line := v.counters()
	for _, want := range []string{fmt.Sprintf(`"announcements":%d,`, publishers*rounds), `"announcements_refused":{}`, `"connections_over_limit":{}`} {
		if !strings.Contains(line, want) {
			t.Errorf("counters without %s: %s", want, line)
		}
	}
}
