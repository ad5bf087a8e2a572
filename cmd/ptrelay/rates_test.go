package main

import (
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/relay"
)

func TestRates(t *testing.T) {
	t.Parallel()
	var r rates
	begin := time.Unix(1_700_000_000, 0)
	link := relay.LinkStats{URI: "tcp://a:1", Routes: []string{"one"}}
	take := func(after time.Duration, received, sent, bytes uint64) {
		link.Messages, link.Bytes = received, bytes
		r.take(begin.Add(after), relay.Stats{Routes: []relay.RouteStats{{Name: "one", Received: received, Sent: sent, Bytes: bytes}}}, []relay.LinkStats{link})
	}
	check := func(what string, wantIn float64, wantOut, wantLink rate) {
		t.Helper()
		if in, out := r.route("one"); in != wantIn || out != wantOut {
			t.Errorf("%s: route: %v in, %+v out, want %v and %+v", what, in, out, wantIn, wantOut)
		}
		if got := r.link(&link); got != wantLink {
			t.Errorf("%s: link: %+v, want %+v", what, got, wantLink)
		}
	}
	check("nobody has looked", 0, rate{}, rate{})
	take(0, 100, 90, 9000)
	check("once", 0, rate{}, rate{})
	take(10*time.Second, 150, 110, 12000)
	check("twice", 5, rate{2, 300}, rate{5, 300})
	take(11*time.Second, 151, 111, 12001)
	check("too soon", 5, rate{2, 300}, rate{5, 300})
	take(15*time.Second, 150, 110, 12000)
	check("nothing came", 0, rate{}, rate{})
	take(20*time.Second, 5, 5, 500)
	check("counting began anew", 0, rate{}, rate{})
	if in, out := r.route("two"); in != 0 || out != (rate{}) {
		t.Errorf("a route that is not there: %v, %v", in, out)
	}
}
