package registry_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/registry"
)

var (
	start = time.Date(2024, 5, 17, 9, 41, 12, 345678000, time.UTC)
	hostA = registry.Source{Addr: netip.MustParseAddr("10.0.0.1")}
	hostB = registry.Source{Addr: netip.MustParseAddr("10.0.0.2")}
)

func config() registry.Config {
	return registry.Config{MaxAge: 10 * time.Minute, Grace: 30 * time.Second}
}

// publisher has an entry that is its URI alone, so that results are easy to read.
func publisher(uri string, services ...string) registry.Publisher {
	return registry.Publisher{
		URI:      uri,
		Name:     "address",
		Services: registry.Services{Names: services},
		Data:     fmt.Appendf(nil, `{"URI": %q, "service": %q`, uri, services),
		Source:   hostA,
	}
}

func textPublisher(uri, service string) registry.Publisher {
	p := publisher(uri, service)
	p.Services.Text = true
	return p
}

func announce(t *testing.T, r *registry.Registry, now time.Time, want registry.Outcome, ps ...registry.Publisher) {
	t.Helper()
	for _, p := range ps {
		got, _, err := r.Announce(p, now)
		if err != nil || got != want {
			t.Fatalf("Announce(%s): got %v, %v, want %v", p.URI, got, err, want)
		}
	}
}

// found returns the URIs that a query finds, in order.
func found(t *testing.T, r *registry.Registry, q registry.Query) []string {
	t.Helper()
	b, n := r.AppendMatches(nil, q)
	uris := []string{}
	for part := range strings.SplitSeq(string(b), `{"URI": "`) {
		if uri, _, ok := strings.Cut(part, `"`); ok {
			uris = append(uris, uri)
		}
	}
	if len(uris) != n {
		t.Errorf("AppendMatches(%+v): says %d entries, wrote %s", q, n, b)
	}
	return uris
}

func uris(removals []registry.Removal) []string {
	s := []string{}
	for _, r := range removals {
		s = append(s, r.URI)
	}
	return s
}

func check(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	r := registry.New(config())
	secure := publisher("secure", "viirs")
	secure.Secure = true
	announce(t, r, start, registry.Added,
		publisher("a", "viirs", "sdr"),
		textPublisher("b", "viirs_edr"),
		publisher("c", "viirs", "viirs"),
		publisher("d"),
		secure,
		publisher("f", "", "Viirs"),
		textPublisher("g", ""),
	)
	tests := []struct {
		name string
		q    registry.Query
		want []string
	}{
		{"empty name finds all", registry.Query{}, []string{"a", "b", "c", "d", "f", "g"}},
		{"all and secure ones", registry.Query{Secure: true}, []string{"a", "b", "c", "d", "secure", "f", "g"}},
		{"name and part of a text, in order", registry.Query{Service: "viirs"}, []string{"a", "b", "c"}},
		{"secure on demand", registry.Query{Service: "viirs", Secure: true}, []string{"a", "b", "c", "secure"}},
		{"part of a text only", registry.Query{Service: "_ed"}, []string{"b"}},
		{"no part of a list element", registry.Query{Service: "sd"}, []string{}},
		{"case counts", registry.Query{Service: "Viirs"}, []string{"f"}},
		{"unknown", registry.Query{Service: "avhrr"}, []string{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			check(t, "found", found(t, r, tt.q), tt.want)
		})
	}
}

func TestEntryBytes(t *testing.T) {
	t.Parallel()
	p := registry.Publisher{
		URI: "tcp://h:9000", Services: registry.Services{Names: []string{"x"}}, Source: hostA,
		Data:      []byte(`{"URI": "tcp://h:9000", "at": "2024-01-01T00:00:00+02:00"`),
		NaiveData: []byte(`{"URI": "tcp://h:9000", "at": "2024-01-01T00:00:00"`),
	}
	tests := []struct {
		name string
		at   time.Time
		q    registry.Query
		want string
	}{
		{"with offset", start, registry.Query{},
			`{"URI": "tcp://h:9000", "at": "2024-01-01T00:00:00+02:00", "receive_time": "2024-05-17T09:41:12.345678+00:00"}`},
		{"naive", start, registry.Query{Naive: true},
			`{"URI": "tcp://h:9000", "at": "2024-01-01T00:00:00", "receive_time": "2024-05-17T09:41:12.345678+00:00"}`},
		{"six decimals", start.Truncate(time.Second).Add(time.Microsecond + 999), registry.Query{},
			`{"URI": "tcp://h:9000", "at": "2024-01-01T00:00:00+02:00", "receive_time": "2024-05-17T09:41:12.000001+00:00"}`},
		{"no decimals", start.Truncate(time.Second).In(time.FixedZone("CEST", 7200)), registry.Query{},
			`{"URI": "tcp://h:9000", "at": "2024-01-01T00:00:00+02:00", "receive_time": "2024-05-17T09:41:12+00:00"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := registry.New(config())
			announce(t, r, start.Add(-time.Minute), registry.Added, p)
			announce(t, r, tt.at, registry.Renewed, p)
			got, _ := r.AppendMatches([]byte("["), tt.q)
			check(t, "bytes", string(got), "["+tt.want)
		})
	}
}

func TestRenewingKeepsThePlace(t *testing.T) {
	t.Parallel()
	r := registry.New(config())
	announce(t, r, start, registry.Added, publisher("a", "x"), publisher("b", "x"), publisher("c", "y"))
	announce(t, r, start.Add(time.Second), registry.Renewed, publisher("a", "x"))
	check(t, "all", found(t, r, registry.Query{}), []string{"a", "b", "c"})
	check(t, "x", found(t, r, registry.Query{Service: "x"}), []string{"a", "b"})
}

func TestChange(t *testing.T) {
	t.Parallel()
	r := registry.New(config())
	announce(t, r, start, registry.Added, publisher("a", "y", "y", "z"), publisher("b", "x"), textPublisher("c", "xyz"))
	announce(t, r, start, registry.Changed, publisher("a", "x"))
	check(t, "x", found(t, r, registry.Query{Service: "x"}), []string{"a", "b", "c"})
	check(t, "y", found(t, r, registry.Query{Service: "y"}), []string{"c"})
	check(t, "z", found(t, r, registry.Query{Service: "z"}), []string{"c"})

	announce(t, r, start, registry.Changed, textPublisher("a", "zz"), publisher("c", "c"))
	check(t, "x", found(t, r, registry.Query{Service: "x"}), []string{"b"})
	check(t, "z", found(t, r, registry.Query{Service: "z"}), []string{"a"})
	announce(t, r, start, registry.Renewed, textPublisher("a", "zz"))

	other := publisher("b", "x")
	other.Data = append(other.Data, `, "extra": 1`...)
	announce(t, r, start, registry.Changed, other)
	got, _ := r.AppendMatches(nil, registry.Query{Service: "x"})
	if !strings.Contains(string(got), `"extra": 1`) {
		t.Errorf("changed data is not returned: %s", got)
	}
}

func TestExpire(t *testing.T) {
	t.Parallel()
	r := registry.New(config())
	announce(t, r, start, registry.Added, publisher("a", "x"), publisher("b", "x"))
	announce(t, r, start.Add(time.Minute), registry.Added, publisher("c", "x"))
	announce(t, r, start.Add(2*time.Minute), registry.Renewed, publisher("a", "x"))
	maxAge := config().MaxAge

	check(t, "at the age itself", uris(r.Expire(start.Add(maxAge))), []string{})
	next, ok := r.Next()
	if want := start.Add(maxAge + 1); !ok || !next.Equal(want) {
		t.Errorf("Next: got %v, %v, want %v", next, ok, want)
	}
	got := r.Expire(next)
	want := []registry.Removal{{
		URI: "b", Name: "address", Services: registry.Services{Names: []string{"x"}}, Source: hostA, Since: start,
	}}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Errorf("a moment later (-want +got):\n%s", diff)
	}
	check(t, "left", found(t, r, registry.Query{Service: "x"}), []string{"a", "c"})

	// c is due before a, but a was there first.
	check(t, "both", uris(r.Expire(start.Add(time.Hour))), []string{"a", "c"})
	check(t, "left", found(t, r, registry.Query{}), []string{})
	if next, ok := r.Next(); ok || r.Len() != 0 {
		t.Errorf("empty table: Next %v, Len %d", next, r.Len())
	}

	// A late publisher gets a new place.
	announce(t, r, start.Add(time.Hour), registry.Added, publisher("b", "x"), publisher("a", "x"))
	check(t, "again", found(t, r, registry.Query{Service: "x"}), []string{"b", "a"})
}

func TestWithdraw(t *testing.T) {
	t.Parallel()
	r := registry.New(config())
	announce(t, r, start, registry.Added, publisher("a", "x"), publisher("b", "x"))
	for _, tt := range []struct {
		name, uri string
		from      registry.Source
		want      error
	}{
		{"unknown", "c", hostA, registry.ErrUnknown},
		{"from elsewhere", "a", hostB, registry.ErrForeign},
		{"from nowhere", "a", registry.Source{}, registry.ErrForeign},
	} {
		if err := r.Withdraw(tt.uri, tt.from, start); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
	}
	check(t, "before", found(t, r, registry.Query{Service: "x"}), []string{"a", "b"})

	for _, at := range []time.Time{start, start.Add(20 * time.Second)} { // the second changes nothing
		if err := r.Withdraw("a", hostA, at); err != nil {
			t.Fatal(err)
		}
	}
	check(t, "at once", found(t, r, registry.Query{Service: "x"}), []string{"b"})
	check(t, "Len", r.Len(), 1)
	if next, ok := r.Next(); !ok || !next.Equal(start.Add(30*time.Second)) {
		t.Errorf("Next: got %v, %v", next, ok)
	}
	check(t, "within grace", uris(r.Expire(start.Add(30*time.Second-1))), []string{})
	gone := r.Expire(start.Add(30 * time.Second))
	if len(gone) != 1 || gone[0].URI != "a" || !gone[0].Withdrawn {
		t.Errorf("after grace: got %+v", gone)
	}
}

func TestAnnouncingCancelsAWithdrawal(t *testing.T) {
	t.Parallel()
	r := registry.New(config())
	announce(t, r, start, registry.Added, publisher("a", "x"), publisher("b", "x"))
	if err := r.Withdraw("a", hostA, start); err != nil {
		t.Fatal(err)
	}
	announce(t, r, start.Add(20*time.Second), registry.Returned, publisher("a", "x", "y"))
	check(t, "at its old place", found(t, r, registry.Query{Service: "x"}), []string{"a", "b"})
	check(t, "with its new name", found(t, r, registry.Query{Service: "y"}), []string{"a"})
	check(t, "removed", uris(r.Expire(start.Add(5*time.Minute))), []string{})
	check(t, "removed by age", uris(r.Expire(start.Add(time.Hour))), []string{"a", "b"})
}

func TestLimits(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.MaxEntries, cfg.MaxPerSource = 3, 2
	r := registry.New(cfg)
	from := func(uri string, source registry.Source) registry.Publisher {
		p := publisher(uri, "x")
		p.Source = source
		return p
	}
	refused := func(p registry.Publisher, want error) {
		t.Helper()
		if outcome, _, err := r.Announce(p, start); !errors.Is(err, want) || outcome != 0 {
			t.Errorf("Announce(%s): got %v, %v, want %v", p.URI, outcome, err, want)
		}
	}
	announce(t, r, start, registry.Added, from("a", hostA), from("b", hostA))
	refused(from("c", hostA), registry.ErrSourceFull)
	announce(t, r, start, registry.Added, from("d", hostB))
	refused(from("e", hostB), registry.ErrTableFull)
	// What is listed is renewed and changed as before, by whoever announces it.
	announce(t, r, start, registry.Renewed, from("a", hostA), from("b", hostB))
	check(t, "listed", found(t, r, registry.Query{}), []string{"a", "b", "d"})

	// A withdrawn entry counts until it is removed.
	if err := r.Withdraw("a", hostA, start); err != nil {
		t.Fatal(err)
	}
	refused(from("e", hostB), registry.ErrTableFull)
	r.Expire(start.Add(30 * time.Second))
	announce(t, r, start, registry.Added, from("e", hostB))
	r.Expire(start.Add(time.Hour))
	announce(t, r, start, registry.Added, from("f", hostB), from("g", hostB))

	cfg.MaxPerSource = 0
	r.Configure(cfg)
	announce(t, r, start, registry.Added, from("h", hostB))
	cfg.MaxEntries, cfg.MaxAge = 1, time.Second
	r.Configure(cfg)
	check(t, "kept under a smaller bound", found(t, r, registry.Query{}), []string{"f", "g", "h"})
	check(t, "expired by the new age", len(r.Expire(start.Add(2*time.Second))), 3)
}

// TestManyOfOneName removes most publishers of a name, in more than one batch.
func TestManyOfOneName(t *testing.T) {
	t.Parallel()
	r := registry.New(config())
	var left, gone []string
	for i := range 2000 {
		uri := fmt.Sprintf("tcp://h:%d", i)
		if i%10 == 3 {
			left = append(left, uri)
		} else {
			gone = append(gone, uri)
		}
		announce(t, r, start, registry.Added, publisher(uri, "x", uri))
	}
	for _, uri := range left {
		announce(t, r, start.Add(time.Minute), registry.Renewed, publisher(uri, "x", uri))
	}
	check(t, "removed", uris(r.Expire(start.Add(config().MaxAge+time.Second))), gone)
	check(t, "left", found(t, r, registry.Query{Service: "x"}), left)
	check(t, "all", found(t, r, registry.Query{}), left)
	check(t, "one", found(t, r, registry.Query{Service: left[7]}), left[7:8])
	check(t, "a removed one", found(t, r, registry.Query{Service: gone[7]}), []string{})
}
