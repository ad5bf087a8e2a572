package zmq

import "time"

// goneTime is how long what a connection has asked for is kept when it has ended.
const goneTime = time.Second

// gone are the connections that have ended while subscriptions of theirs may still have to be read, by their descriptors, with what they have
// asked for. libzmq takes back what a connection has asked for, each topic once: so what is counted must be what it counts. It hands on all that has come over a
// connection before what comes over the next one with that descriptor, so there is one of each.
//
// The zero value is empty.
type gone struct {
	young, old map[int]*leftBehind
	aged       time.Time
}

// leftBehind is what a connection has asked for, and the User-Id of its messages.
type leftBehind struct {
	user  string
	asked topicSet
}

// add enters a connection that has ended.
func (g *gone) add(fd int, user string, asked topicSet) {
	if g.young == nil {
		g.young = make(map[int]*leftBehind)
	}
	g.young[fd] = &leftBehind{user, asked}
	delete(g.old, fd)
}

// of returns what a connection has asked for that has ended.
func (g *gone) of(fd int, user string) *topicSet {
	for _, all := range []map[int]*leftBehind{g.young, g.old} {
		if l := all[fd]; l != nil && l.user == user {
			return &l.asked
		}
	}
	g.add(fd, user, topicSet{})
	return &g.young[fd].asked
}

// take takes out what a connection has asked for: it is read again what it asks for. What one before it has left behind is done with.
func (g *gone) take(fd int, user string) (asked topicSet) {
	for _, all := range []map[int]*leftBehind{g.young, g.old} {
		if l := all[fd]; l != nil && l.user == user {
			asked = l.asked
		}
		delete(all, fd)
	}
	return asked
}

// age is called when there is nothing to be read. What had ended some time ago is forgotten in the end.
func (g *gone) age(now time.Time) {
	if g.some() && now.Sub(g.aged) >= goneTime {
		g.old, g.young, g.aged = g.young, nil, now
	}
}

// some tells whether there are some.
func (g *gone) some() bool { return len(g.young)+len(g.old) > 0 }
