package discovery

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Of feeds on two ports of a host one is enough; when neither comes up both are told of, once.
func TestFeedHost(t *testing.T) {
	t.Parallel()
	one := transport.Event{Peer: address(t, "tcp://h:16543"), Kind: transport.HandshakeFailed, Reason: transport.FailedMechanism}
	two := transport.Event{Peer: address(t, "tcp://h:16544"), Kind: transport.HandshakeFailed, Reason: transport.FailedSilent}
	up := func(e transport.Event) transport.Event {
		e.Kind = transport.Connected
		return e
	}
	lost := func(e transport.Event) transport.Event {
		e.Kind = transport.Lost
		return e
	}
	wait := transport.Event{} // for feedGrace
	refusedOne, refusedTwo := "handshake with change feed failed tcp://h:16543", "handshake with change feed failed tcp://h:16544"
	tests := []struct {
		name  string
		feeds int
		in    []transport.Event
		want  []string
	}{
		{"one alone is refused", 1, []transport.Event{one, one, wait}, []string{refusedOne}},
		{"one alone is lost and comes back", 1, []transport.Event{up(one), lost(one), up(one), wait},
			[]string{"change feed lost tcp://h:16543", "change feed is back tcp://h:16543"}},
		{"the other stands", 2, []transport.Event{one, up(two), wait, one, wait}, nil},
		{"the other stands first", 2, []transport.Event{up(two), one, wait}, nil},
		{"the other comes late", 2, []transport.Event{one, wait, up(two), wait}, []string{refusedOne, "change feed is back tcp://h:16544"}},
		{"none stands", 2, []transport.Event{one, two, wait, one, two, wait}, []string{refusedOne, refusedTwo}},
		{"none is there", 2, []transport.Event{wait, wait}, nil},
		{"the one that stood is lost", 2, []transport.Event{one, up(two), lost(two), wait, one, up(two)},
			[]string{"change feed lost tcp://h:16544", "change feed is back tcp://h:16544"}},
		{"the nameserver changes its mind", 2, []transport.Event{one, up(two), lost(two), up(one), two, wait},
			[]string{"change feed lost tcp://h:16544", "change feed is back tcp://h:16543"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			log, logs := logged()
			h := &feedHost{feeds: tt.feeds, last: make(map[transport.Address]transport.Event)}
			now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			for _, e := range tt.in {
				if e == wait {
					now = now.Add(feedGrace)
					h.overdue(log, now)
				} else {
					now = now.Add(time.Millisecond)
					h.happened(log, e, now)
					h.overdue(log, now) // too early to say anything
				}
			}
			if diff := cmp.Diff(tt.want, texts(logs)); diff != "" {
				t.Errorf("logged (-want +got):\n%s", diff)
			}
			if h.waiting() {
				t.Error("it waits still")
			}
		})
	}
}

// And a follower waits for that long before it warns, and not longer.
func TestFollowerWarnsOfLateFeeds(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := network(t)
		startNameserver(t, n, hostA)
		log, logs := logged()
		cfg := followerConfig(t, n, "x")
		cfg.Logger = log
		cfg.Nameservers = cfg.Nameservers[:1]
		cfg.Options.ClientKey = newPair(t)
		secure := address(t, "tcp://10.0.0.1:16543")
		secure.Backend = transport.Secure
		secure.ServerKeys = curve.NewPublicKeys(keyOne)
		other := secure
		other.Endpoint = other.Endpoint.WithPort(16544)
		cfg.Feeds = []transport.Address{secure, other}
		follow(t, cfg)
		time.Sleep(feedGrace - time.Second)
		if got := texts(logs); got != nil {
			t.Errorf("logged too early: %q", got)
		}
		time.Sleep(2 * time.Second)
		if diff := cmp.Diff([]string{"handshake with change feed failed tcp://10.0.0.1:16543 (secure)"}, texts(logs)); diff != "" {
			t.Errorf("logged (-want +got):\n%s", diff)
		}
		time.Sleep(time.Hour)
		if n := len(texts(logs)); n != 1 {
			t.Errorf("%d lines: %q", n, texts(logs))
		}
	})
}
