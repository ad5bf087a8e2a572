package zmq

import (
	"net/netip"
	"time"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

// Limits that keep refusals from filling the log and the memory, however many come and from wherever.
const (
	refusalAgain    = time.Hour // until the same one is logged again
	maxRefusals     = 4096      // that are remembered
	maxHostRefusals = 8         // of these from one address, or IPv6 network of 64 bits
	sweepInterval   = time.Minute
	maxBurst        = 20 // lines at once
	lineInterval    = 6 * time.Second
	overflowAgain   = 10 * time.Minute // between lines that tell of lines left out
)

// refusal is what makes two of them the same in the log.
type refusal struct {
	addr netip.Addr
	why  transport.Refusal
	key  curve.PublicKey // that was shown; zero where it did not come to that
}

// refusals remember what was logged within the last hour, so that each is logged once and then counted.
type refusals struct {
	seen   map[refusal]*refusalSeen
	byHost map[netip.Addr]int // number of those in seen
	budget budget
	swept  time.Time
	unsaid uint64 // refusals that no line will tell of
	told   time.Time
}

type refusalSeen struct {
	logged time.Time
	count  uint64 // since
}

func newRefusals() refusals {
	return refusals{seen: make(map[refusal]*refusalSeen), byHost: make(map[netip.Addr]int)}
}

// refusalLine is a line for the log.
type refusalLine struct {
	refusal
	peer   zap.Field
	count  uint64 // since the last line about the same
	unsaid uint64
}

// add counts a refusal and returns the line that the log is to have of it, or nil.
func (t *refusals) add(r refusal, now time.Time) *refusalLine {
	r.addr = network(r.addr)
	s, known := t.seen[r]
	if known && now.Sub(s.logged) < refusalAgain {
		s.count++
		return nil
	}
	if !known && (!t.room(r.addr, now) || !t.budget.allow(now)) {
		t.unsaid++
		return t.overflow(now)
	}
	if known && !t.budget.allow(now) {
		s.count++
		return nil
	}
	line := &refusalLine{refusal: r, peer: zap.Skip(), count: 1}
	if known {
		line.count += s.count
	} else {
		t.byHost[r.addr]++
	}
	t.seen[r] = &refusalSeen{logged: now}
	return line
}

// room tells whether one more can be remembered.
func (t *refusals) room(host netip.Addr, now time.Time) bool {
	if len(t.seen) < maxRefusals && t.byHost[host] < maxHostRefusals {
		return true
	}
	if now.Sub(t.swept) < sweepInterval {
		return false
	}
	t.swept = now
	for r, s := range t.seen {
		if now.Sub(s.logged) >= refusalAgain {
			t.drop(r)
		}
	}
	return len(t.seen) < maxRefusals && t.byHost[host] < maxHostRefusals
}

func (t *refusals) drop(r refusal) {
	delete(t.seen, r)
	if t.byHost[r.addr]--; t.byHost[r.addr] <= 0 {
		delete(t.byHost, r.addr)
	}
}

// forget lets the next refusal of a client, which is admitted now, be logged at once.
func (t *refusals) forget(addr netip.Addr, key curve.PublicKey) {
	for _, why := range []transport.Refusal{transport.RefusedKey, transport.RefusedAddress, transport.RefusedGate} {
		r := refusal{addr: network(addr), why: why, key: key}
		if _, ok := t.seen[r]; ok {
			t.drop(r)
		}
	}
}

// budget bounds the lines of one kind in the log: maxBurst at once, and one each lineInterval.
type budget struct {
	lines  int // that may be written now
	filled time.Time
}

// allow tells whether a line may be written now, and takes it from the budget.
func (b *budget) allow(now time.Time) bool {
	if n := int(now.Sub(b.filled) / lineInterval); b.filled.IsZero() || n >= maxBurst {
		b.lines, b.filled = maxBurst, now
	} else if n > 0 {
		b.lines, b.filled = min(maxBurst, b.lines+n), b.filled.Add(time.Duration(n)*lineInterval)
	}
	if b.lines == 0 {
		return false
	}
	b.lines--
	return true
}

// overflow returns the line about refusals that have none of their own, from time to time.
func (t *refusals) overflow(now time.Time) *refusalLine {
	if !t.told.IsZero() && now.Sub(t.told) < overflowAgain {
		return nil
	}
	line := &refusalLine{unsaid: t.unsaid}
	t.told, t.unsaid = now, 0
	return line
}

// write writes the line, if there is one. how is what else is known of a handshake that failed.
func (l *refusalLine) write(log *zap.Logger, how failure) {
	switch {
	case l == nil:
	case l.unsaid > 0:
		log.Warn("clients refused, too many to tell of each", zap.Uint64("count", l.unsaid))
	case how.alone:
		log.Error("client refused: there is no authenticator", zap.Uint64("count", l.count))
	case how.vague && l.why == transport.RefusedProtocol:
		log.Info("client gone in the handshake: a plain one, or no ZeroMQ", l.peer, zap.Uint64("count", l.count))
	default:
		fields := []zap.Field{l.peer, zap.String("cause", string(l.why)), zap.Uint64("count", l.count)}
		if !l.key.IsZero() {
			fields = append(fields, zap.String("fingerprint", l.key.Fingerprint()))
		}
		log.Warn("client refused", fields...)
	}
}

// network is the address itself, or of IPv6 the first 64 bits of it: a host has all of the rest.
func network(addr netip.Addr) netip.Addr {
	if !addr.Is6() || addr.Is4In6() {
		return addr
	}
	p, err := addr.Prefix(64)
	if err != nil {
		return addr
	}
	return p.Addr()
}
