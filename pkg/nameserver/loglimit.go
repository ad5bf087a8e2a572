package nameserver

import (
	"hash/maphash"
	"maps"
	"net/netip"
	"sync"
	"time"

	"go.uber.org/zap"
)

// Limits of lines in the log that a message from the network can cause.
var (
	lineRate      = rate{perSecond: 1, burst: 1000}  // of one kind, for one host
	totalLineRate = rate{perSecond: 20, burst: 5000} // of one kind
	// publisherLineRate is of one kind, for one publisher: one that comes and goes all the time has said so after a few lines.
	publisherLineRate = rate{perSecond: 1. / 60, burst: 20}
)

const (
	lineHosts = 4096 // with a rate of their own
	// linePublishers are those with a rate of their own, for each kind. totalLineRate keeps them from being more: a publisher takes one only with a line.
	linePublishers = 1 << 15
	// lineSummary is the time between lines that tell of those left out.
	lineSummary = time.Minute
)

// lines bounds what gets into the log, so that no host can flood the journal, or leave no room in it for what others cause. It may be used
// concurrently.
type lines struct {
	mu         sync.Mutex
	hosts      buckets[lineKey]
	publishers buckets[publisherKey]
	seed       maphash.Seed
	kinds      map[string]*bucket // there are as many as constants
	left       map[string]uint64  // out, by what the line says
	told       uint64             // the sum of these that the log was told of
	next       time.Time          // when it may be told again
}

type lineKey struct {
	what string
	host netip.Addr
}

// publisherKey is a publisher, by a hash of its URI, which may be long.
type publisherKey struct {
	what string
	uri  uint64
}

func newLines() *lines {
	return &lines{
		hosts:      newBuckets[lineKey](lineHosts),
		publishers: newBuckets[publisherKey](linePublishers),
		seed:       maphash.MakeSeed(),
		kinds:      make(map[string]*bucket),
		left:       make(map[string]uint64),
	}
}

// allow tells whether there may be a line that says what, a constant, of the publisher at uri (empty: of none), because of something that from sent;
// and counts it if not.
func (l *lines) allow(what, uri string, from netip.Addr, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	kind, ok := l.kinds[what]
	if !ok {
		kind = new(bucket)
		l.kinds[what] = kind
	}
	host := l.hosts.of(lineKey{what, hostOf(from)}, lineRate, now)
	if host.has(lineRate, 1, 0, now) && kind.has(totalLineRate, 1, 0, now) && l.allowPublisher(what, uri, now) {
		host.take(1)
		kind.take(1)
		return true
	}
	l.left[what]++
	return false
}

// allowPublisher is the part of allow that is about one publisher. The caller holds mu.
func (l *lines) allowPublisher(what, uri string, now time.Time) bool {
	if uri == "" {
		return true
	}
	key := publisherKey{what, maphash.String(l.seed, uri)}
	return l.publishers.of(key, publisherLineRate, now).allow(publisherLineRate, now)
}

// summary tells the log of lines that were left out, when there are new ones and it is time.
func (l *lines) summary(log *zap.Logger, now time.Time) {
	l.mu.Lock()
	total := sum(l.left)
	due := total > l.told && !now.Before(l.next)
	count := total - l.told
	if due {
		l.told, l.next = total, now.Add(lineSummary)
	}
	l.mu.Unlock()
	if due {
		log.Warn("lines left out of the log, SIGUSR1 tells of what kinds", zap.Uint64("count", count))
	}
}

// due is when summary has something to say; zero: not.
func (l *lines) due() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if sum(l.left) == l.told {
		return time.Time{}
	}
	return l.next
}

// byKind returns a copy of the numbers of lines that were left out.
func (l *lines) byKind() map[string]uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.left)
}
