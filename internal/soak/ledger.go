package main

import "maps"

// account is what has come from one publisher. Nothing can be said of what it sent before its first message came, as the subscriber was not connected then; every
// number from the first one on has to come once, and in order.
type account struct {
	First int `json:"first"`
	Last  int `json:"last"`
	Lost  int `json:"lost"`  // numbers that were left out
	Again int `json:"again"` // numbers that came twice, or late
	Bad   int `json:"bad"`   // messages that were not what was sent
}

// ledger has the accounts of a subscriber, by publisher.
type ledger map[string]account

func (l ledger) enter(m numbered) {
	a, known := l[m.Publisher]
	switch {
	case !known:
		a.First, a.Last = m.Number, m.Number
	case m.Number <= a.Last:
		a.Again++
	default:
		a.Lost += m.Number - a.Last - 1
		a.Last = m.Number
	}
	if m.Filling != filling(m.Number) {
		a.Bad++
	}
	l[m.Publisher] = a
}

// received counts the messages.
func (l ledger) received() (n int) {
	for a := range maps.Values(l) {
		n += a.Last - a.First + 1 - a.Lost + a.Again
	}
	return n
}
