package zmq

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestPresence(t *testing.T) {
	t.Parallel()
	const moment = absence / 10
	visit := func(p *presence, d time.Duration) {
		p.enter()
		time.Sleep(d)
		p.leave()
	}
	for _, tt := range []struct {
		name string
		do   func(p *presence)
		want int // calls of away
	}{
		{name: "not yet here", do: func(*presence) { time.Sleep(10 * absence) }},
		{name: "here", do: func(p *presence) { p.enter(); time.Sleep(10 * absence) }},
		{name: "here again and again", do: func(p *presence) {
			for range 100 {
				visit(p, moment)
				time.Sleep(moment)
			}
			p.enter()
			time.Sleep(10 * absence)
		}},
		{name: "away for a moment, then here", do: func(p *presence) {
			visit(p, moment)
			time.Sleep(moment)
			p.enter()
			time.Sleep(10 * absence)
		}},
		{name: "away", do: func(p *presence) { visit(p, moment); time.Sleep(10 * absence) }, want: 1},
		{name: "away several times", do: func(p *presence) {
			for range 5 {
				visit(p, 3*absence)
				time.Sleep(3 * absence)
			}
		}, want: 5},
		{name: "in a hurry, not yet here", do: func(p *presence) { p.setHurry(true) }, want: 1},
		{name: "in a hurry while away", do: func(p *presence) {
			visit(p, moment)
			p.setHurry(true)
			time.Sleep(10 * absence)
		}, want: 1},
		{name: "in a hurry while here", do: func(p *presence) {
			p.enter()
			p.setHurry(true)
			time.Sleep(10 * absence)
		}},
		{name: "in a hurry, many calls", do: func(p *presence) {
			p.enter()
			p.setHurry(true)
			p.leave()
			for range 10 {
				time.Sleep(time.Nanosecond) // no absence
				visit(p, 1)
			}
			time.Sleep(time.Nanosecond)
		}, want: 11},
		{name: "in a hurry no more", do: func(p *presence) {
			p.enter()
			p.setHurry(true)
			p.setHurry(false)
			p.leave()
			time.Sleep(moment)
			p.enter()
		}},
		{name: "stopped", do: func(p *presence) { visit(p, moment); p.stop(); time.Sleep(10 * absence) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var got atomic.Int64
				p := newPresence(func() { got.Add(1) })
				tt.do(p)
				synctest.Wait()
				p.stop()
				if got := int(got.Load()); got != tt.want {
					t.Errorf("told %d times that the program is away, want %d", got, tt.want)
				}
			})
		})
	}
}

// TestPresenceNotices: who is away is noticed between one and two absences after the program has left.
func TestPresenceNotices(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		noticed := make(chan time.Time, 1)
		p := newPresence(func() { noticed <- time.Now() })
		defer p.stop()
		for range 2 {
			p.enter()
			p.leave()
			time.Sleep(absence / 2)
		}
		left := time.Now().Add(-absence / 2)
		if d := (<-noticed).Sub(left); d < absence || d > 2*absence {
			t.Errorf("noticed after %v", d)
		}
	})
}
