package interop

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCombinations mixes our programs with those of one version of Python posttroll, in each role, with each way of
// announcing. A subscriber finds its first publisher by lookup, and the second, that starts later, by the change feed.
func TestCombinations(t *testing.T) {
	needTools(t)
	t.Parallel()
	for _, announced := range []network{multicast, designated} {
		for _, version := range versions {
			for mix := range 8 {
				pick := func(bit int) speaker {
					if mix&bit == 0 {
						return ours
					}
					return version
				}
				nameserver, publisher, subscriber := pick(1), pick(2), pick(4)
				if mix == 0 && version != versions[0] {
					continue // ours alone, once
				}
				name := fmt.Sprintf("%s/nameserver=%s/publisher=%s/subscriber=%s", announced, nameserver, publisher, subscriber)
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					combine(t, announced, nameserver, publisher, subscriber)
				})
			}
		}
	}
}

func combine(t *testing.T, announced network, nameserver, publisher, subscriber speaker) {
	m := newMachine(t)
	m.nameserver(t, nameserver, announced)
	// What has datetimes goes out as v1.2, which 1.11 does not read: there the operator sets the version, with Python's publishers as with
	// ours.
	first := publication{name: "first", services: []string{"service"}, announced: announced, datetimes: true}
	second := publication{name: "second", services: []string{"other", "service"}, announced: announced}
	var env []string
	if subscriber == "1.11" {
		env = append(env, "POSTTROLL_MESSAGE_VERSION=v1.01")
	}

	m.publisher(t, publisher, first, env...)
	sub := m.subscriber(t, subscriber, "service")
	check(t, m.await(t, sub, first), first)

	m.publisher(t, publisher, second, env...)
	check(t, m.await(t, sub, second), second)
}

// check compares what was received with what was sent.
func check(t *testing.T, got received, pub publication) {
	t.Helper()
	want := received{Subject: "/counter", Type: "file", Version: got.Version}
	want.Data.Publisher = pub.name
	want.Data.Number = got.Data.Number
	want.Data.Station = "norrköping"
	want.Data.Ratio = 0.5
	want.Data.Sensor = []string{"viirs"}
	want.Data.Start = got.Data.Start
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("message of %s (-want +got):\n%s", pub.name, diff)
	}
	const start = "2024-05-17T09:26:03.700000"
	switch string(got.Data.Start) {
	case `"` + start + `"`, `{"$dt": "` + start + `"}`:
		if !pub.datetimes {
			t.Errorf("message of %s: got start_time %s, want none", pub.name, got.Data.Start)
		}
	default:
		if pub.datetimes || got.Data.Start != nil {
			t.Errorf("message of %s: got start_time %s, want %s", pub.name, got.Data.Start, start)
		}
	}
	if got.Data.Number < 1 {
		t.Errorf("message of %s: got number %d", pub.name, got.Data.Number)
	}
}
