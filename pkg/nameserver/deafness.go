package nameserver

import (
	"net/netip"
	"time"

	"github.com/pytroll/posttroll-go/pkg/registry"
)

// Times by which the nameserver tells its own loss of the network from that of others.
const (
	// echoes is how many of the own announcements have to be missing, and shortestEcho how long at least.
	echoes       = 5
	shortestEcho = 10 * time.Second
	// atOnce is within what time hosts fall silent when they do so together; a quarter of max_age at most.
	atOnce = 30 * time.Second
)

// Why nothing can be heard.
const (
	deafNoNetwork = "no network for multicast"
	deafNoEcho    = "own announcements do not come back"
	deafSilence   = "all other hosts fell silent at once"
	deafFull      = "no descriptors left: nobody can connect"
)

// deafness tells whether the nameserver cannot hear publishers, so that their silence means nothing. The rules, each by itself:
//
//   - multicast: the group cannot be reached, as the receiver says. It counts for other hosts, and for this one where it could be reached before: what is sent
//     by Python does not even come to this host then.
//   - multicast: own announcements, which the group brings back to who sends them, have come back before and do not any more, and nothing else comes.
//   - direct: this process has no descriptor left, so nobody can connect to register.
//   - by each way: all other hosts, two at least, have fallen silent together, and for half of max_age.
//     One host alone is believed to be gone, and so is one whose publishers have withdrawn, or refuse connections.
//
// It is the keeper's alone. The zero value is ready.
type deafness struct {
	calls [heardWays]calls
	any   time.Time // when something came from the group last, own announcements among it
	echo  bool      // own announcements have come back
	had   bool      // there has been a network, or publishers of this host are known from before the start
	cause [heardWays]string
}

// heardWays are those by which others are heard.
const heardWays = int(registry.Direct) + 1

// calls are when the two other hosts that were heard last were heard last.
type calls struct{ last, other call }

type call struct {
	from netip.Addr
	at   time.Time
}

// circumstances are what besides decides.
type circumstances struct {
	maxAge time.Duration
	echo   time.Duration // after which an own announcement is missing; 0: there are none
	lost   error         // what the receiver says of the network
	full   bool          // no descriptor can be had
}

// heard notes an announcement.
func (d *deafness) heard(way registry.Way, from netip.Addr, now time.Time) {
	if way == registry.Group || way == registry.Local {
		d.any = now
	}
	if way == registry.Own || way == registry.Local {
		return
	}
	c := &d.calls[way]
	if c.last.from != from {
		c.other = c.last
	}
	c.last = call{from, now}
}

// left notes that a publisher of a host has said that it stops, or is found dead: it is not missed. Others of that host will be heard.
func (d *deafness) left(from netip.Addr) {
	for i := range d.calls {
		c := &d.calls[i]
		if c.last.from == from {
			c.last, c.other = c.other, call{}
		}
		if c.other.from == from {
			c.other = call{}
		}
	}
}

// echoed notes that an own announcement came back.
func (d *deafness) echoed(now time.Time) { d.any, d.echo = now, true }

// forgive takes the time of pause, in which nobody listened, out of all silence until now.
func (d *deafness) forgive(pause time.Duration, now time.Time) {
	later := func(t *time.Time) {
		if moved := t.Add(pause); !t.IsZero() && moved.Before(now) {
			*t = moved
		} else if !t.IsZero() {
			*t = now // heard after the pause
		}
	}
	later(&d.any)
	for i := range d.calls {
		later(&d.calls[i].last.at)
		later(&d.calls[i].other.at)
	}
}

// of returns why nothing can be heard by a way; empty: something can.
func (d *deafness) of(way registry.Way, c circumstances, now time.Time) string {
	group := way == registry.Group || way == registry.Local
	switch {
	case c.lost != nil && (way == registry.Group || way == registry.Local && d.had):
		return deafNoNetwork
	case group && c.echo > 0 && d.echo && now.Sub(d.any) > c.echo:
		return deafNoEcho
	case way == registry.Direct && c.full:
		return deafFull
	case d.calls[way].silent(c.maxAge, now):
		return deafSilence
	}
	return ""
}

func (c *calls) silent(maxAge time.Duration, now time.Time) bool {
	return !c.other.at.IsZero() && c.last.at.Sub(c.other.at) <= min(atOnce, maxAge/4) && now.Sub(c.last.at) > maxAge/2
}
