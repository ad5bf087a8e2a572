package relay

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// foundOrigins are the publishers that a source has found by name.
type foundOrigins struct {
	given   []string // addresses of the settings
	changed func()   // is called after each change

	mu    sync.Mutex
	found map[transport.Endpoint]Origin
}

var _ Originator = (*posttrollSource)(nil)

// found takes in that a publisher is there, or has gone.
func (f *foundOrigins) note(e discovery.Entry, there bool) {
	at, err := transport.ConnectEndpoint(e.URI)
	if err != nil {
		return // it can't be connected to, so nothing comes from there
	}
	f.mu.Lock()
	if f.found == nil {
		f.found = make(map[transport.Endpoint]Origin)
	}
	if there {
		f.found[at] = originOf(at, e)
	} else {
		delete(f.found, at)
	}
	f.mu.Unlock()
	f.changed()
}

// Bounds of the names that are taken over from one publisher: more than ever fit an announcement.
const (
	maxNames     = 256
	maxNameBytes = 1024
)

// feedNames are those of nameservers' change feeds, which nobody is to find here.
var feedNames = []string{"address_receiver", "addresses"}

func originOf(at transport.Endpoint, e discovery.Entry) Origin {
	claimed := e.Relaying()
	o := Origin{From: at, Relay: claimed.ID, Via: claimed.Via}
	for _, service := range e.Services[:min(len(e.Services), maxNames)] {
		name := Name{Text: service}
		if o.Relay != "" {
			name.Hops = claimed.Hops[service] + 1
		}
		again := slices.ContainsFunc(o.Names, func(other Name) bool { return other.Text == service })
		// A name that has come this far may be going round in a ring, long after its publisher has gone.
		if service == "" || again || len(service) > maxNameBytes || name.Hops > discovery.MaxHops || slices.Contains(feedNames, service) {
			continue
		}
		o.Names = append(o.Names, name)
	}
	return o
}

// Bounds of the names that others are told of one publisher.
const (
	toldNames = 10
	toldName  = 100 // bytes
)

// names returns the first names of the publisher at an endpoint, none of them too long.
func (f *foundOrigins) names(at transport.Endpoint) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var names []string
	for _, name := range f.found[at].Names {
		names = append(names, name.Text)
		if len(names) == toldNames {
			break
		}
	}
	return shortened(names)
}

// shortened returns the first names, none of them too long.
func shortened(all []string) []string {
	names := slices.Clone(all[:min(len(all), toldNames)])
	for i, name := range names {
		if len(name) > toldName {
			names[i] = strings.ToValidUTF8(name[:toldName], "") + "..."
		}
	}
	return names
}

// Origins returns what was found, and the addresses that are given.
func (s *posttrollSource) Origins() []Origin {
	s.origins.mu.Lock()
	defer s.origins.mu.Unlock()
	all := slices.SortedFunc(maps.Values(s.origins.found), func(a, b Origin) int { return cmp.Compare(a.From.String(), b.From.String()) })
	for _, uri := range s.origins.given {
		at, err := transport.ConnectEndpoint(uri)
		if _, found := s.origins.found[at]; err == nil && !found {
			all = append(all, Origin{From: at})
		}
	}
	return all
}

func (s *posttrollSource) Reconsider() { s.sub.Reconsider() }
