package relay

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// origin is publisher number n with these names.
func origin(n int, names ...string) Origin {
	at, err := transport.ParseEndpoint(fmt.Sprintf("tcp://10.0.%d.%d:9000", n/250, n%250))
	if err != nil {
		panic(err)
	}
	o := Origin{From: at}
	for _, name := range names {
		o.Names = append(o.Names, Name{Text: name})
	}
	return o
}

// ten is a name that takes 15 bytes in an announcement.
func ten(r rune) string { return strings.Repeat(string(r), 10) }

// harbour opens ports with room for 60 bytes each, up to a number of them.
func harbour(most int) (open func() (int, bool), opened *int) {
	opened = new(int)
	return func() (int, bool) {
		if *opened+1 >= most {
			return 0, false
		}
		*opened++
		return 60, true
	}, opened
}

// state is what a plan says: the names by port, and the port of each publisher.
func (p *portPlan) state() string {
	var b strings.Builder
	for port := range p.ports {
		fmt.Fprintf(&b, "%d:", port)
		for _, name := range p.names(port) {
			b.WriteString(" " + name[:1])
			if hops := p.ports[port].hops[name]; hops > 0 {
				fmt.Fprint(&b, hops)
			}
		}
		b.WriteString("; ")
	}
	fmt.Fprintf(&b, "%d left out", p.leftOut)
	return b.String()
}

func TestPortPlan(t *testing.T) {
	t.Parallel()
	near, far := origin(9, ten('a')), origin(8, ten('a'))
	far.Names[0].Hops = 2
	for _, test := range []struct {
		name  string
		ports int // at most
		steps [][]Origin
		want  []string
	}{
		{"everything fits one port", 4, [][]Origin{{origin(1, ten('a'), ten('b')), origin(2, ten('c'), ten('d'))}}, []string{"0: a b c d; 0 left out"}},
		{"a name counts once on a port", 4, [][]Origin{{origin(1, ten('a'), ten('b'), ten('c'), ten('d')), origin(2, ten('a'), ten('d'))}},
			[]string{"0: a b c d; 0 left out"}},
		{"own names take no room", 4, [][]Origin{{origin(1, "own", ten('b'), ten('c'), ten('d'), ten('e'))}}, []string{"0: b c d e; 0 left out"}},
		{"what does not fit goes on another port", 4, [][]Origin{{origin(1, ten('a'), ten('b'), ten('c')), origin(2, ten('d'), ten('e'))}},
			[]string{"0: a b c; 1: d e; 0 left out"}},
		{"on that which has most of the names", 4, [][]Origin{{origin(1, ten('a'), ten('b'), ten('c')), origin(2, ten('d'), ten('e'), ten('f')), origin(3, ten('d'), ten('g'))}},
			[]string{"0: a b c; 1: d e f g; 0 left out"}},
		{"who comes and goes moves nobody", 4, [][]Origin{
			{origin(1, ten('a'), ten('b'), ten('c')), origin(2, ten('d'), ten('e'))},
			{origin(2, ten('d'), ten('e'))},
			{origin(2, ten('d'), ten('e')), origin(3, ten('g'))},
		}, []string{"0: a b c; 1: d e; 0 left out", "0:; 1: d e; 0 left out", "0: g; 1: d e; 0 left out"}},
		{"who grows too large moves", 4, [][]Origin{
			{origin(1, ten('a'), ten('b')), origin(2, ten('c'), ten('d'))},
			{origin(1, ten('a'), ten('b')), origin(2, ten('c'), ten('d'), ten('e'))},
		}, []string{"0: a b c d; 0 left out", "0: a b; 1: c d e; 0 left out"}},
		{"names that fit no port are cut", 4, [][]Origin{{origin(1, ten('a'), ten('b'), ten('c'), ten('d'), ten('e'), ten('f'))}}, []string{"0: a b c d; 2 left out"}},
		{"what has room goes first", 4, [][]Origin{{origin(1, ten('a'), ten('b'), ten('c'), ten('d'), ten('e')), origin(2, ten('f'))}}, []string{"0: a b c f; 2 left out"}},
		{"there are no more ports", 2, [][]Origin{{origin(1, ten('a'), ten('b'), ten('c')), origin(2, ten('d'), ten('e'), ten('f')), origin(3, ten('g'), ten('h'), ten('i'))}},
			[]string{"0: a b c g; 1: d e f; 2 left out"}},
		{"the shortest way counts", 4, [][]Origin{{far}, {far, near}, {far}}, []string{"0: a2; 0 left out", "0: a; 0 left out", "0: a2; 0 left out"}},
		{"nobody", 4, [][]Origin{{}}, []string{"0:; 0 left out"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			open, _ := harbour(test.ports)
			p := newPortPlan([]string{"own"}, 60)
			var got []string
			for _, origins := range test.steps {
				p.update(origins, open)
				got = append(got, p.state())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever comes and goes: no port has more than fits it, every publisher has a port, and it keeps it as long as its names are the same and fit.
func TestPortPlanUnderChurn(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	open, opened := harbour(5)
	p := newPortPlan(nil, 60)
	there := map[int]Origin{}
	for round := range 2000 {
		n := random.IntN(12)
		if _, ok := there[n]; ok {
			delete(there, n)
		} else {
			var names []string
			for range 1 + random.IntN(4) {
				names = append(names, ten('a'+rune(random.IntN(16))))
			}
			slices.Sort(names)
			there[n] = origin(n, slices.Compact(names)...)
		}
		var origins []Origin
		for n := range 12 {
			if o, ok := there[n]; ok {
				origins = append(origins, o)
			}
		}
		p.update(origins, open)
		before := p.state()
		for port := range p.ports {
			if used := 15 * len(p.ports[port].hops); used > 60 || p.ports[port].left != 60-used {
				t.Fatalf("round %d: port %d has %d bytes of names and %d left", round, port, used, p.ports[port].left)
			}
		}
		for _, o := range origins {
			if _, ok := p.at[o.From]; !ok {
				t.Fatalf("round %d: %s has no port", round, o.From)
			}
		}
		if p.update(origins, open); p.state() != before {
			t.Fatalf("round %d: without a change %s became %s", round, before, p.state())
		}
	}
	if *opened != 4 {
		t.Errorf("%d ports were opened", *opened)
	}
}

func TestOriginTable(t *testing.T) {
	t.Parallel()
	start := time.Date(2024, 5, 17, 9, 0, 0, 0, time.UTC)
	one, two := origin(1, "a"), origin(2, "b")
	var table originTable
	for _, step := range []struct {
		after time.Duration
		there []Origin
		want  []Origin
		again time.Duration // from start; 0: never
	}{
		{0, []Origin{two}, []Origin{two}, 0},
		{time.Second, []Origin{one, two}, []Origin{two, one}, 0},
		{2 * time.Second, []Origin{one}, []Origin{two, one}, 2*time.Second + originGrace},
		{3 * time.Second, []Origin{one, two}, []Origin{two, one}, 0},
		{4 * time.Second, nil, []Origin{two, one}, 4*time.Second + originGrace},
		{3*time.Second + originGrace, []Origin{one}, []Origin{two, one}, 4*time.Second + originGrace},
		{4*time.Second + originGrace, []Origin{one}, []Origin{one}, 0},
		{2 * time.Hour, []Origin{one, two}, []Origin{one, two}, 0},
	} {
		got, again := table.update(step.there, start.Add(step.after))
		if diff := cmp.Diff(step.want, got, cmp.AllowUnexported(transport.Endpoint{})); diff != "" {
			t.Errorf("after %s (-want +got):\n%s", step.after, diff)
		}
		want := time.Time{}
		if step.again != 0 {
			want = start.Add(step.again)
		}
		if !again.Equal(want) {
			t.Errorf("after %s: again at %s, want %s", step.after, again, want)
		}
	}
}

func TestVia(t *testing.T) {
	t.Parallel()
	sink := func(id string, via ...string) Origin { return Origin{Relay: id, Via: via} }
	for _, test := range []struct {
		name    string
		origins []Origin
		want    []string
	}{
		{"no publisher", nil, nil},
		{"a publisher that is no relay", []Origin{{}}, nil},
		{"one beside a relay", []Origin{sink("x.1"), {}}, nil},
		{"a relay", []Origin{sink("x.1")}, []string{"x.1"}},
		{"a relay behind a relay", []Origin{sink("x.1", "y.1")}, []string{"x.1", "y.1"}},
		{"two relays", []Origin{sink("x.1"), sink("y.1")}, nil},
		{"two relays behind one", []Origin{sink("x.1", "z.1"), sink("y.1", "z.1")}, []string{"z.1"}},
		{"a relay that has it from us", []Origin{sink("x.1", "own.1", "y.1")}, []string{"x.1", "y.1"}},
		{"more than are told", []Origin{sink("h", "g", "f", "e", "d", "c", "b", "a")}, []string{"a", "b", "c", "d", "e", "f"}},
		{"twice the same", []Origin{sink("a", "a", "b", "b")}, []string{"a", "b"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := viaOf("own.1", test.origins)
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestEchoesAccept(t *testing.T) {
	t.Parallel()
	e := newEchoes()
	one, two := e.newSink(), e.newSink()
	e.set(two, []string{"x.2"})
	found := func(id string, via ...string) discovery.Entry {
		return discovery.Entry{Announcement: discovery.Announcement{Services: []string{"x"}}.WithRelaying(discovery.Relaying{ID: id, Via: via})}
	}
	for _, test := range []struct {
		name  string
		found discovery.Entry
		ok    bool
	}{
		{"no relay", found(""), true},
		{"another relay", found("x.1"), true},
		{"one that has all from others", found("x.1", "y.1"), true},
		{"one that has all from us", found("x.1", one), false},
		{"one that has all from us, in the end", found("x.1", "y.1", one), false},
		{"one from which we have all", found("x.2", two), true},
		{"another sink of that relay", found("x.3", two), false},
		{"our own", found(one), false},
		{"one of ours that has gone", found(e.relay + ".77"), false},
		{"an id that begins like ours", found(e.relay + "7.1"), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if err := e.accept(test.found); (err == nil) != test.ok {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestNamesOfOrigins(t *testing.T) {
	t.Parallel()
	at := origin(1).From
	hops := map[string]int{"b": 3, "far": discovery.MaxHops}
	for _, test := range []struct {
		name     string
		services []string
		relay    string
		want     []Name
	}{
		{"a publisher", []string{"a", "b", "a", ""}, "", []Name{{"a", 0}, {"b", 0}}},
		{"a relay", []string{"a", "b", "far"}, "x.1", []Name{{"a", 1}, {"b", 4}}},
		{"a nameserver", []string{"address_receiver", "addresses"}, "", nil},
		{"a name that is too long", []string{strings.Repeat("x", maxNameBytes+1), "a"}, "", []Name{{"a", 0}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := discovery.Announcement{Services: test.services}.WithRelaying(discovery.Relaying{ID: test.relay, Hops: hops})
			if diff := cmp.Diff(test.want, originOf(at, discovery.Entry{Announcement: a}).Names); diff != "" {
				t.Errorf("names (-want +got):\n%s", diff)
			}
		})
	}
}

// TestPortPlanTriesOnce: where no port is to be had, that is found out once, however many publishers have no room.
func TestPortPlanTriesOnce(t *testing.T) {
	t.Parallel()
	var origins []Origin
	for n := range 1000 {
		origins = append(origins, origin(n, fmt.Sprintf("%010d", n)))
	}
	plan, tries := newPortPlan(nil, 60), 0
	plan.update(origins, func() (int, bool) {
		tries++
		return 0, false
	})
	if tries != 1 || plan.leftOut != len(origins)-4 {
		t.Errorf("%d tries, %d names left out, want 1 and %d", tries, plan.leftOut, len(origins)-4)
	}
}
