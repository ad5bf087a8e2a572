package relay

import (
	"cmp"
	"maps"
	"slices"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// portPlan says which publishers' messages go out on which port of a sink, and which names each port is announced under. A publisher is on one port
// alone, so that a subscriber that is connected to several gets nothing twice; and it stays there as long as its names have room.
//
// It is pure: publishers go in, and ports are asked for and numbered from 0.
type portPlan struct {
	own     map[string]bool // names that are announced on every port
	room    []int           // for further names, in bytes, by port
	at      map[transport.Endpoint]int
	wasCut  map[transport.Endpoint]bool // not all of their names are announced
	ports   []portNames                 // what is announced
	named   int                         // names that are announced, each once
	leftOut int                         // names that are not, since there is no room
}

// portNames are the names of the publishers on one port.
type portNames struct {
	hops map[string]int // by name
	left int            // bytes
}

// newPortPlan makes the plan of a sink with one port. own are the names that it has anyway.
func newPortPlan(own []string, room int) *portPlan {
	p := &portPlan{own: make(map[string]bool), room: []int{max(room, 0)}, at: make(map[transport.Endpoint]int)}
	for _, name := range own {
		p.own[name] = true
	}
	return p
}

// update takes in which publishers there are, in the order in which they came. open opens one more port and returns its room; false: there is none
// to be had.
func (p *portPlan) update(origins []Origin, open func() (room int, ok bool)) {
	p.ports = nil
	for _, room := range p.room {
		p.ports = append(p.ports, portNames{hops: make(map[string]int), left: room})
	}
	before, wasCut := p.at, p.wasCut
	p.at, p.wasCut = make(map[transport.Endpoint]int), make(map[transport.Endpoint]bool)
	// One try is enough: each costs sockets, and there may be thousands of publishers.
	full, try := false, open
	open = func() (int, bool) {
		if full {
			return 0, false
		}
		room, ok := try()
		full = !ok
		return room, ok
	}
	var homeless, oversized []Origin
	for _, o := range origins {
		// Who had no room for all has it only when nobody else needs it.
		if port, known := before[o.From]; !known || wasCut[o.From] || !p.take(port, o) {
			homeless = append(homeless, o)
		}
	}
	for _, o := range homeless {
		if p.sizeOf(o) > slices.Max(p.room) || !p.settle(o, open) {
			oversized = append(oversized, o)
		}
	}
	for _, o := range oversized {
		if port, known := before[o.From]; known {
			p.at[o.From] = port
		}
	}
	p.leftOut = 0
	for _, o := range oversized {
		p.cut(o)
	}
	p.count()
}

// settle finds a port for all names of a publisher: the one that has most of them already, or a new one.
func (p *portPlan) settle(o Origin, open func() (int, bool)) bool {
	best, least := -1, 0
	for port := range p.ports {
		if more := p.more(port, o); more <= p.ports[port].left && (best < 0 || more < least) {
			best, least = port, more
		}
	}
	if best >= 0 {
		return p.take(best, o)
	}
	room, ok := open()
	if !ok {
		return false
	}
	room = max(room, 0)
	p.room = append(p.room, room)
	p.ports = append(p.ports, portNames{hops: make(map[string]int), left: room})
	return p.take(len(p.ports)-1, o)
}

// take puts a publisher on a port, if there is room for all its names.
func (p *portPlan) take(port int, o Origin) bool {
	if p.more(port, o) > p.ports[port].left {
		return false
	}
	for _, name := range o.Names {
		p.add(port, name)
	}
	p.at[o.From] = port
	return true
}

// cut puts a publisher on a port with as many of its names as there is room for: where it is, or where most is left.
func (p *portPlan) cut(o Origin) {
	port, known := p.at[o.From]
	if !known {
		for i := range p.ports {
			if p.ports[i].left > p.ports[port].left {
				port = i
			}
		}
		p.at[o.From] = port
	}
	p.wasCut[o.From] = true
	for _, name := range o.Names {
		if p.cost(port, name) > p.ports[port].left {
			p.leftOut++
			continue
		}
		p.add(port, name)
	}
}

// add announces a name on a port, by the shortest way that it came.
func (p *portPlan) add(port int, name Name) {
	if p.own[name.Text] {
		return
	}
	names := &p.ports[port]
	names.left -= p.cost(port, name)
	if hops, known := names.hops[name.Text]; !known || name.Hops < hops {
		names.hops[name.Text] = name.Hops
	}
}

// more is the number of bytes that the names of a publisher take on a port.
func (p *portPlan) more(port int, o Origin) int {
	var more int
	for _, name := range o.Names {
		more += p.cost(port, name)
	}
	return more
}

// cost is the number of bytes that a name takes on a port, 0 where it is announced anyway.
func (p *portPlan) cost(port int, name Name) int {
	if _, there := p.ports[port].hops[name.Text]; there || p.own[name.Text] {
		return 0
	}
	return sizeOfName(name)
}

// sizeOf is the number of bytes that the names of a publisher take on an empty port.
func (p *portPlan) sizeOf(o Origin) int {
	var size int
	for _, name := range o.Names {
		if !p.own[name.Text] {
			size += sizeOfName(name)
		}
	}
	return size
}

func sizeOfName(name Name) int {
	size, err := discovery.ServiceSize(name.Text)
	if err != nil {
		return 1 << 20 // fits nowhere
	}
	return size
}

func (p *portPlan) count() {
	all := make(map[string]bool)
	for _, port := range p.ports {
		for name := range port.hops {
			all[name] = true
		}
	}
	p.named = len(all)
}

// names returns the names of the publishers on a port: those of the nearest first, so that they stay in their places as far as may be.
func (p *portPlan) names(port int) []string {
	hops := p.ports[port].hops
	return slices.SortedFunc(maps.Keys(hops), func(a, b string) int { return cmp.Or(cmp.Compare(hops[a], hops[b]), cmp.Compare(a, b)) })
}
