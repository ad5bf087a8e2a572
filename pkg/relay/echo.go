package relay

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/pytroll/posttroll-go/pkg/discovery"
)

// A relay that carries nothing but our own output back is not subscribed to. Each sink has an id, and announces through which other relays' sinks
// everything has come that it sends: "via". Of a sink that has a publisher which is no relay that is nothing; else what its upstream sinks, each
// with itself added, have in common. In the graph of sinks these are the dominators of a node, and the links that are refused are back edges, which
// change the dominators of nobody: so the answers settle whatever the order in which relays hear of each other.

// ErrEcho says that a publisher has nothing that this relay has not sent.
var ErrEcho = errors.New("it carries back what this relay sends, and nothing else")

// echoes knows the relay and its sinks by their ids.
type echoes struct {
	relay string // begins the ids of all sinks

	mu    sync.Mutex
	sinks int                 // that there were
	via   map[string][]string // of each sink that there is
}

// newEchoes makes up the id of a relay.
func newEchoes() *echoes {
	var id [4]byte
	rand.Read(id[:]) // never fails
	return &echoes{relay: hex.EncodeToString(id[:]), via: make(map[string][]string)}
}

// newSink returns the id of one more sink.
func (e *echoes) newSink() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sinks++
	return fmt.Sprintf("%s.%d", e.relay, e.sinks)
}

// isOurs tells whether an id is that of a sink of this relay.
func (e *echoes) isOurs(sink string) bool { return strings.HasPrefix(sink, e.relay+".") }

// set notes through which sinks everything comes that a sink of ours sends, and tells whether that is new.
func (e *echoes) set(sink string, via []string) (changed bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	changed = !slices.Equal(e.via[sink], via)
	e.via[sink] = via
	return changed
}

func (e *echoes) remove(sink string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.via, sink)
}

// accept refuses sinks of our own, and those that send nothing but what one of ours has sent.
//
// Where ours, in turn, sends nothing but what that one has sent, there is no publisher behind either, and neither refuses: both refusing, each would find
// the other one without a source, accept it, and so on.
func (e *echoes) accept(found discovery.Entry) error {
	claimed := found.Relaying()
	if claimed.ID == "" {
		return nil
	}
	if e.isOurs(claimed.ID) {
		return fmt.Errorf("it is sink %s: %w", claimed.ID, ErrOwnSink)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, id := range claimed.Via {
		if e.isOurs(id) && !slices.Contains(e.via[id], claimed.ID) {
			return fmt.Errorf("relay %s: %w", claimed.ID, ErrEcho)
		}
	}
	return nil
}

// viaOf returns through which sinks of other relays everything comes that a sink sends which has these origins, sorted.
func viaOf(sink string, origins []Origin) []string {
	var common []string
	for i, o := range origins {
		if o.Relay == "" {
			return nil
		}
		through := append([]string{o.Relay}, o.Via...)
		if i == 0 {
			common = through
			continue
		}
		common = slices.DeleteFunc(common, func(id string) bool { return !slices.Contains(through, id) })
	}
	common = slices.DeleteFunc(common, func(id string) bool { return id == sink })
	slices.Sort(common)
	common = slices.Compact(common)
	return common[:min(len(common), discovery.MaxVia)] // with fewer, fewer are refused
}
