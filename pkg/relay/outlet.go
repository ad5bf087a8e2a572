package relay

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// outlet is a sink that one or more routes feed.
type outlet struct {
	cfg  SinkConfig
	sink Sink
	id   string // what others are told that it is called

	origins chan struct{} // one deep: there is news of where its messages come from

	vacated bool // closed to make room; guarded by Relay.change

	demand   atomic.Pointer[topics] // what its subscribers ask for; nil: not known yet, or nobody wants to
	unfollow func()                 // ends following the demand; nil: it is not followed; guarded by Relay.change
	presence presence               // of its subscribers; used by Relay.watch alone
	stop     context.CancelFunc     // ends watching
	watching sync.WaitGroup
}

// close closes the sink, which has to be known no longer.
func (out *outlet) close() error {
	out.stop()
	if out.unfollow != nil {
		out.unfollow()
	}
	err := out.sink.Close()
	out.watching.Wait()
	return err
}

// reachedAt tells whether a subscriber that connects to at comes to this sink.
func (out *outlet) reachedAt(at transport.Endpoint, isLocal func(host string) bool) bool {
	if slices.Contains(out.sink.URIs(), at.String()) {
		return true
	}
	for _, ep := range out.sink.Endpoints() {
		switch {
		case at == ep:
			return true
		case ep.Scheme() == "tcp" && at.Scheme() == "tcp" && at.Port() == ep.Port() && isLocal(at.Host()):
			return true
		}
	}
	return false
}

// collides tells whether two sinks can't be bound at the same time.
func (cfg SinkConfig) collides(other SinkConfig) bool {
	a, b := cfg.bindsAt(), other.bindsAt()
	switch {
	case a.IsZero() || b.IsZero() || a.Scheme() != b.Scheme():
		return false
	case a.Scheme() != "tcp":
		return a == b
	case a.Host() != b.Host() && !isWildcard(a.Host()) && !isWildcard(b.Host()):
		return false
	}
	return slices.ContainsFunc(cfg.portRanges(), func(r portRange) bool {
		return slices.ContainsFunc(other.portRanges(), r.overlaps)
	})
}

// portRange are ports that a sink may take: count of them from first on.
type portRange struct{ first, count int }

func (r portRange) overlaps(other portRange) bool {
	return r.first < other.first+other.count && other.first < r.first+r.count
}

// portRanges are the ports that the settings name: where subscribers get messages.
func (cfg SinkConfig) portRanges() []portRange {
	var all []portRange
	if first := cfg.port(); first != 0 {
		all = append(all, portRange{first, cfg.maxPorts()})
	}
	if cfg.ReplayPort != 0 {
		all = append(all, portRange{cfg.ReplayPort, 1})
	}
	return all
}

func isWildcard(host string) bool { return host == "*" || host == "0.0.0.0" || host == "::" }

// bindsAt returns where the sink asks to be bound; zero where that is no endpoint.
func (cfg SinkConfig) bindsAt() transport.Endpoint {
	address := cfg.Address
	if address == "" {
		address = fmt.Sprintf("tcp://*:%d", cfg.Port)
	}
	at, err := transport.ParseEndpoint(address)
	if err != nil {
		return transport.Endpoint{}
	}
	return at
}

// maxPorts is the number of ports that the sink may take, from the first one on.
func (cfg SinkConfig) maxPorts() int {
	if !cfg.AnnounceServices {
		return 1
	}
	return cmp.Or(cfg.MaxPorts, DefaultMaxPorts)
}

// port returns the port that is asked for, 0 for any.
func (cfg SinkConfig) port() int { return cfg.bindsAt().Port() }
