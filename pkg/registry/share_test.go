package registry_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/registry"
)

// large is a publisher whose names take memory bytes or a little more.
func large(uri, source string, memory int) registry.Publisher {
	p := registry.Publisher{URI: uri, Source: registry.Source{Addr: netip.MustParseAddr(source)}}
	for i := range memory/256 + 1 {
		p.Services.Names = append(p.Services.Names, fmt.Sprint(uri, i))
	}
	p.Data = fmt.Appendf(nil, `{"URI": %q, "names": %d`, uri, len(p.Services.Names))
	return p
}

// TestMemory: a few entries of thousands of names each must not take the memory that many publishers may take together.
func TestMemory(t *testing.T) {
	t.Parallel()
	now := time.Now()
	r := registry.New(registry.Config{MaxAge: time.Minute, MaxEntries: 1000, MaxPerSource: 10})
	announce := func(p registry.Publisher, want error) {
		t.Helper()
		if _, _, err := r.Announce(p, now); !errors.Is(err, want) {
			t.Errorf("%s of %s: got %v, want %v", p.URI, p.Source.Addr, err, want)
		}
	}
	const half = registry.LeastMemory / 2
	announce(large("tcp://a:1", "10.0.0.1", half), nil)
	announce(large("tcp://a:2", "10.0.0.1", half), registry.ErrSourceFull)
	announce(large("tcp://a:3", "10.0.0.1", 0), nil)
	announce(large("tcp://a:3", "10.0.0.1", half), registry.ErrSourceFull) // a change
	announce(large("tcp://a:3", "10.0.0.1", 0), nil)                       // as before
	announce(large("tcp://a:1", "10.0.0.1", 0), nil)                       // smaller
	announce(large("tcp://a:2", "10.0.0.1", half), nil)
	const most = registry.LeastMemory * 9 / 10
	for i := range 3 {
		announce(large(fmt.Sprint("tcp://b:", i+1), fmt.Sprint("10.0.1.", i), most), nil)
	}
	announce(large("tcp://c:1", "10.0.2.1", most), registry.ErrTableFull)
	now = now.Add(time.Hour)
	r.Expire(now)
	announce(large("tcp://c:1", "10.0.2.1", most), nil)
}

// TestMemoryOfData counts what is kept of an announcement besides its names.
func TestMemoryOfData(t *testing.T) {
	t.Parallel()
	r := registry.New(registry.Config{MaxAge: time.Minute, MaxEntries: 1})
	p := registry.Publisher{URI: "tcp://a:1", Data: []byte(strings.Repeat("x", registry.LeastMemory))}
	if _, _, err := r.Announce(p, time.Now()); !errors.Is(err, registry.ErrTableFull) {
		t.Errorf("got %v, want %v", err, registry.ErrTableFull)
	}
}
