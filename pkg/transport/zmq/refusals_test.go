package zmq

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// refuse counts a refusal and returns what the line says, or "" when there is none.
func refuseAt(t *refusals, addr string, why transport.Refusal, key byte, now time.Time) string {
	from := netip.MustParseAddr(addr)
	l := t.add(refusal{from, why, curve.PublicKey{key}}, now)
	switch {
	case l == nil:
		return ""
	case l.unsaid > 0:
		return fmt.Sprint("unsaid ", l.unsaid)
	}
	return fmt.Sprint(addr, " ", l.why, " ", l.count)
}

// TestRefusalsOnce: each refusal is told of once, again when something is different, and again an hour later with the number since.
func TestRefusalsOnce(t *testing.T) {
	t.Parallel()
	r, begin := newRefusals(), time.Now()
	for _, tt := range []struct {
		after time.Duration
		addr  string
		why   transport.Refusal
		key   byte
		want  string
	}{
		{0, "10.0.0.1", transport.RefusedKey, 1, "10.0.0.1 key_not_admitted 1"},
		{time.Second, "10.0.0.1", transport.RefusedKey, 1, ""},
		{2 * time.Second, "10.0.0.1", transport.RefusedKey, 2, "10.0.0.1 key_not_admitted 1"},
		{3 * time.Second, "10.0.0.1", transport.RefusedAddress, 1, "10.0.0.1 address_not_admitted 1"},
		{4 * time.Second, "10.0.0.2", transport.RefusedKey, 1, "10.0.0.2 key_not_admitted 1"},
		{time.Hour - 1, "10.0.0.1", transport.RefusedKey, 1, ""},
		{time.Hour, "10.0.0.1", transport.RefusedKey, 1, "10.0.0.1 key_not_admitted 3"},
		{time.Hour, "10.0.0.1", transport.RefusedKey, 1, ""},
		{time.Hour, "2001:db8::1", transport.RefusedTimeout, 0, "2001:db8::1 handshake_timeout 1"},
		{time.Hour, "2001:db8::2", transport.RefusedTimeout, 0, ""}, // the same network
		{time.Hour, "2001:db8:0:1::1", transport.RefusedTimeout, 0, "2001:db8:0:1::1 handshake_timeout 1"},
	} {
		if got := refuseAt(&r, tt.addr, tt.why, tt.key, begin.Add(tt.after)); got != tt.want {
			t.Errorf("after %v, %s %s %d: got %q, want %q", tt.after, tt.addr, tt.why, tt.key, got, tt.want)
		}
	}
	r.forget(netip.MustParseAddr("10.0.0.2"), curve.PublicKey{1})
	if got := refuseAt(&r, "10.0.0.2", transport.RefusedKey, 1, begin.Add(5*time.Second)); got == "" {
		t.Error("one that was admitted and then refused is not told of")
	}
}

// TestRefusalsFlood: an hour and a half of ten refusals a second, from one address with ever new keys or from ever new addresses, makes few lines and
// takes bounded memory. What is left out is counted.
func TestRefusalsFlood(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]func(i int) refusal{
		"keys": func(i int) refusal {
			var k curve.PublicKey
			binary.NativeEndian.PutUint64(k[:], uint64(i)+1)
			return refusal{netip.MustParseAddr("10.0.0.1"), transport.RefusedKey, k}
		},
		"addresses": func(i int) refusal {
			var a [4]byte
			binary.BigEndian.PutUint32(a[:], uint32(i))
			return refusal{addr: netip.AddrFrom4(a), why: transport.RefusedServerKey}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, now := newRefusals(), time.Now()
			const n = 54_000
			lines, told := 0, uint64(0)
			for i := range n {
				now = now.Add(100 * time.Millisecond)
				x := next(i)
				if l := r.add(x, now); l != nil {
					lines++
					told += max(l.count, l.unsaid)
				}
			}
			told += r.unsaid
			if most := maxBurst + n/60 + n/6000 + 1; lines > most || lines < 8 {
				t.Errorf("%d lines, want from 8 to %d", lines, most)
			}
			if told != n {
				t.Errorf("the lines tell of %d refusals, want %d", told, n)
			}
			if len(r.seen) > maxRefusals || len(r.byHost) > len(r.seen) {
				t.Errorf("%d refusals and %d hosts are remembered", len(r.seen), len(r.byHost))
			}
		})
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	table := newHosts()
	a := netip.MustParseAddr("10.0.0.1")
	table.begin(a)
	if table.end(a, true) {
		t.Error("a connection that nobody was asked about passes for a client")
	}
	table.at(a).silent++ // the authenticator may come before the monitor
	table.begin(a)
	table.begin(a)
	if !table.end(a, true) || table.end(a, true) {
		t.Error("of two connections the authenticator was asked about one")
	}
	table.begin(a)
	table.at(a).silent++
	table.at(a).admit(curve.PublicKey{1}, "alice")
	if got := table.spoke(a, curve.PublicKey{1}); got != "alice" {
		t.Errorf("the first message is one of %q, want alice", got)
	}
	if table.end(a, false); len(table.byAddr) != 0 {
		t.Errorf("%d hosts are left", len(table.byAddr))
	}
	if table.end(a, true) {
		t.Error("the end of a connection that was not told of passes for that of a client")
	}
	for i := range uint32(10 * minHosts) {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], i)
		table.at(netip.AddrFrom4(b))
	}
	if len(table.byAddr) > minHosts {
		t.Errorf("%d hosts without a connection are remembered", len(table.byAddr))
	}
}
