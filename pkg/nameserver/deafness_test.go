package nameserver

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/registry"
)

func TestDeafness(t *testing.T) {
	t.Parallel()
	var (
		a, b    = netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr("10.0.0.3")
		start   = time.Now()
		at      = start.Add
		usual   = circumstances{maxAge: 10 * time.Minute, echo: 10 * time.Second}
		noEcho  = circumstances{maxAge: 10 * time.Minute}
		noRoute = circumstances{maxAge: 10 * time.Minute, lost: errors.New("interface is down")}
		full    = circumstances{maxAge: 10 * time.Minute, full: true}
	)
	heard := func(way registry.Way, from netip.Addr, when time.Duration) func(*deafness) {
		return func(d *deafness) { d.heard(way, from, at(when)) }
	}
	echoed := func(when time.Duration) func(*deafness) { return func(d *deafness) { d.echoed(at(when)) } }
	tests := []struct {
		name   string
		events []func(*deafness)
		c      circumstances
		when   time.Duration
		want   [heardWays]string // group, local, direct
	}{
		{"nothing ever came", nil, usual, time.Hour, [heardWays]string{}},
		{"no network: other hosts alone", nil, noRoute, 0, [heardWays]string{deafNoNetwork}},

		{"no network any more: this one, too", []func(*deafness){func(d *deafness) { d.had = true }}, noRoute, 0, [heardWays]string{deafNoNetwork, deafNoNetwork}},

		{"nobody can connect", nil, full, 0, [heardWays]string{registry.Direct: deafFull}},

		{"own announcements come back", []func(*deafness){echoed(time.Hour - 10*time.Second)}, usual, time.Hour, [heardWays]string{}},
		{"and do not any more", []func(*deafness){echoed(0)}, usual, 11 * time.Second, [heardWays]string{deafNoEcho, deafNoEcho}},
		{"but others are heard", []func(*deafness){echoed(0), heard(registry.Group, a, 5*time.Second)}, usual, 11 * time.Second, [heardWays]string{}},
		{"or somebody here", []func(*deafness){echoed(0), heard(registry.Local, a, 5*time.Second)}, usual, 11 * time.Second, [heardWays]string{}},
		{"direct ones tell nothing of the group", []func(*deafness){echoed(0), heard(registry.Direct, a, 10*time.Second)}, usual, 11 * time.Second,
			[heardWays]string{deafNoEcho, deafNoEcho}},
		{"they never came back", []func(*deafness){heard(registry.Local, a, 0)}, usual, time.Hour, [heardWays]string{}},
		{"there are none", []func(*deafness){echoed(0)}, noEcho, time.Hour, [heardWays]string{}},

		{"one host falls silent", []func(*deafness){heard(registry.Group, a, 0), heard(registry.Group, a, time.Second)}, noEcho, time.Hour, [heardWays]string{}},
		{"two do at once", []func(*deafness){heard(registry.Group, a, 0), heard(registry.Group, b, 30*time.Second)}, noEcho, 331 * time.Second,
			[heardWays]string{deafSilence}},
		{"not yet for half of max_age", []func(*deafness){heard(registry.Group, a, 0), heard(registry.Group, b, 30*time.Second)}, noEcho, 330 * time.Second,
			[heardWays]string{}},
		{"one after the other", []func(*deafness){heard(registry.Group, a, 0), heard(registry.Group, b, 31*time.Second)}, noEcho, time.Hour, [heardWays]string{}},
		{"one came often before", []func(*deafness){heard(registry.Direct, a, 0), heard(registry.Direct, b, 9*time.Second), heard(registry.Direct, b, 10*time.Second)},
			noEcho, time.Hour, [heardWays]string{registry.Direct: deafSilence}},
		{"each way by itself", []func(*deafness){heard(registry.Group, a, 0), heard(registry.Group, b, 0), heard(registry.Direct, a, time.Hour)},
			noEcho, time.Hour, [heardWays]string{deafSilence}},
		{"own announcements tell nothing of others", []func(*deafness){heard(registry.Group, a, 0), heard(registry.Group, b, 0), echoed(time.Hour)},
			usual, time.Hour, [heardWays]string{deafSilence}},
		{"this host tells nothing of others", []func(*deafness){heard(registry.Local, a, 0), heard(registry.Local, b, 0)}, noEcho, time.Hour, [heardWays]string{}},
		{"one has withdrawn", []func(*deafness){heard(registry.Group, a, 0), heard(registry.Group, b, 0), func(d *deafness) { d.left(a) }},
			noEcho, time.Hour, [heardWays]string{}},
		{"the other has", []func(*deafness){heard(registry.Group, a, 0), heard(registry.Group, b, 0), func(d *deafness) { d.left(b) }},
			noEcho, time.Hour, [heardWays]string{}},
		{"nobody listened", []func(*deafness){echoed(0), heard(registry.Group, a, 0), heard(registry.Group, b, 0),
			func(d *deafness) { d.forgive(time.Hour, at(time.Hour)) }}, usual, time.Hour + time.Second, [heardWays]string{}},
		{"what was heard after the pause is not put off", []func(*deafness){echoed(time.Hour), func(d *deafness) { d.forgive(time.Hour, at(time.Hour)) }},
			usual, time.Hour + 11*time.Second, [heardWays]string{deafNoEcho, deafNoEcho}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var d deafness
			for _, event := range tt.events {
				event(&d)
			}
			for way, want := range tt.want {
				if got := d.of(registry.Way(way), tt.c, at(tt.when)); got != want {
					t.Errorf("%s: got %q, want %q", wayNames[way], got, want)
				}
			}
		})
	}
}

// A keeper that comes back late takes nobody for dead: the process was stopped, and what was said is still to be read.
func TestStopped(t *testing.T) {
	t.Parallel()
	n, k := fuzzed(t)
	now := time.Now()
	if _, _, err := n.registry.Announce(registry.Publisher{URI: "tcp://10.0.0.2:9000", Data: []byte("{")}, now); err != nil {
		t.Fatal(err)
	}
	k.attend(now)
	k.planned = now.Add(29 * time.Second)
	resumed := now.Add(time.Hour)
	k.attend(resumed)
	if gone := n.registry.Expire(resumed.Add(n.config().MaxAge)); len(gone) > 0 {
		t.Errorf("removed after a stop: %v", gone)
	}
	k.planned = resumed.Add(29 * time.Second)
	k.attend(resumed.Add(30 * time.Second)) // late by no more than a second
	if gone := n.registry.Expire(resumed.Add(n.config().MaxAge + 1)); len(gone) != 1 {
		t.Errorf("removed: %v", gone)
	}
}
