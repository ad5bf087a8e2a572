package zmq

import "time"

// gone are the connections that have ended while subscriptions of theirs may still have to be read, by the User-Id of their messages, with what they have
// asked for. libzmq takes back what a connection has asked for, each topic once: so what is counted must be what it counts.
//
// The zero value is empty.
type gone struct {
	young, old map[string]*topicSet
	aged       time.Time
}

// add enters a connection that has ended.
func (g *gone) add(user string, asked topicSet) {
	if g.young == nil {
		g.young = make(map[string]*topicSet)
	}
	g.young[user] = &asked
}

// of returns what a connection has asked for that has ended.
func (g *gone) of(user string) *topicSet {
	if s := g.young[user]; s != nil {
		return s
	}
	if s := g.old[user]; s != nil {
		return s
	}
	g.add(user, topicSet{})
	return g.young[user]
}

// take takes out what a connection has asked for: it is read again what it asks for.
func (g *gone) take(user string) (asked topicSet) {
	for _, all := range []map[string]*topicSet{g.young, g.old} {
		if s := all[user]; s != nil {
			asked = *s
			delete(all, user)
			break
		}
	}
	return asked
}

// age is called when there is nothing to be read. What had ended a second ago or more is forgotten in the end.
func (g *gone) age(now time.Time) {
	if len(g.young)+len(g.old) > 0 && now.Sub(g.aged) >= time.Second {
		g.old, g.young, g.aged = g.young, nil, now
	}
}
