package zmq

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

const (
	// mostConnections is the default of Options.MaxConnections where there are descriptors enough: each takes some 20 kB.
	mostConnections = 16 << 10
	// limitInterval is the least time between two lines in the log about the same limit.
	limitInterval = time.Minute
	// limitPause is the least time between two looks at what was refused.
	limitPause = time.Second
)

// limitLine is what the log has of a limit.
type limitLine struct {
	limit transport.Limit
	cut   bool
	text  string
}

// limitLines are in the order of the causes in limits_linux.h.
var limitLines = [...]limitLine{
	{transport.LimitSource, false, "connections refused: their address holds its share"},
	{transport.LimitConnections, false, "connections refused: there are as many as there may be"},
	{transport.LimitFiles, false, "connections refused: there is no file descriptor left"},
	{transport.LimitBusy, false, "connections refused: so many come and go that messages would have to wait"},
	{transport.LimitParts, true, "peer cut: its message has too many parts"},
	{transport.LimitProtocol, true, "peer cut: it does not speak ZMTP 3"},
}

// limits are those of a transport, whose peers meet them in limits_linux.c.
type limits struct {
	log                *zap.Logger
	most, mostOfSource int
	asked              bool // the program has said what they are
	sys                sysLimits
	reader             sync.WaitGroup

	mu     sync.Mutex
	closed *transport.LimitStats // what the last numbers were; nil: there are newer ones
	told   [len(limitLines)]struct {
		count uint64
		at    time.Time
	}
}

// newLimits checks the options and fills in what is not set.
func newLimits(o Options, log *zap.Logger) (*limits, error) {
	most, share := o.MaxConnections, o.MaxPerSource
	if most == 0 {
		most = int(min(fileLimit()/8*7, mostConnections))
	}
	switch {
	case share == 0:
		share = max(1, most/2)
	case o.MaxConnections == 0:
		share = min(share, most) // what most is depends on the host
	}
	if most < 0 || share < 0 || share > most {
		return nil, fmt.Errorf("%d connections, %d of one address: want more than 0, and of one address no more than of all", most, share)
	}
	l := &limits{log: log, most: most, mostOfSource: share, asked: o.MaxConnections != 0 || o.MaxPerSource != 0}
	if err := l.sys.open(most, share); err != nil {
		return nil, fmt.Errorf("limits: %w", err)
	}
	l.reader.Go(func() { l.sys.follow(l.tell) })
	return l, nil
}

// rawSocketOf makes a libzmq socket, and with the first one the threads of the context, to which the limits then apply.
func (t *Transport) rawSocketOf(kind zmq4.Type) (*zmq4.Socket, error) {
	defer t.limits.sys.enter()()
	return t.ctx.NewSocket(kind)
}

// unlimited is what does not hold where libzmq does not call the functions that keep the limits.
var unlimited = []string{"MaxConnections", "MaxPerSource", "parts of a message", "ZMTP 3 alone", "life without descriptors", "life after resets"}

// checkLimited tells what does not hold in a program that was built in a way that leaves it to the mercy of libzmq: with an error where it has asked for it, else the log. There
// is a socket, so that kept is known.
func (t *Transport) checkLimited(kept bool) error {
	if kept {
		return nil
	}
	if t.limits.asked {
		return errors.New("MaxConnections and MaxPerSource can't be kept: libzmq was linked past what keeps them")
	}
	t.warnOnce.Do(func() {
		t.log.Warn("peers may end this process or take all that it has: libzmq was linked past what limits them", zap.Strings("missing", unlimited))
	})
	return nil
}

// close ends the limits. There is no thread of libzmq any more.
func (l *limits) close() error {
	last := l.stats()
	l.mu.Lock()
	l.closed = &last
	l.mu.Unlock()
	err := l.sys.shut()
	l.reader.Wait()
	l.sys.free()
	return err
}

func (l *limits) stats() transport.LimitStats {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed != nil {
		return *l.closed
	}
	s := transport.LimitStats{Accepted: l.sys.accepted(), Refused: make(map[transport.Limit]uint64), Cut: make(map[transport.Limit]uint64)}
	for i, line := range limitLines {
		of := s.Refused
		if line.cut {
			of = s.Cut
		}
		if n := l.sys.count(i); n > 0 {
			of[line.limit] = n
		}
	}
	return s
}

// tell tells the log of what was refused since it was told last. It returns when there may be more to tell; zero: when something happens.
func (l *limits) tell(now time.Time) (next time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed != nil {
		return 0
	}
	for i, line := range limitLines {
		n, told := l.sys.count(i), &l.told[i]
		if n == told.count {
			continue
		}
		if wait := limitInterval - now.Sub(told.at); !told.at.IsZero() && wait > 0 {
			if next == 0 || wait < next {
				next = wait
			}
			continue
		}
		fields := []zap.Field{zap.Uint64("count", n), zap.Int("connections", l.sys.accepted())}
		if peer := netip.AddrFrom16(l.sys.last(i)).Unmap(); peer != netip.IPv6Unspecified() {
			fields = append(fields, zap.Stringer("peer", peer))
		}
		if line.limit == transport.LimitFiles {
			fields = append(fields, zap.Uint64("limit", fileLimit()))
		}
		l.log.Warn(line.text, fields...)
		told.count, told.at = n, now
	}
	return next
}

// LimitStats counts the peers that have met a limit.
func (t *Transport) LimitStats() transport.LimitStats { return t.limits.stats() }

var _ transport.Limiter = (*Transport)(nil)
