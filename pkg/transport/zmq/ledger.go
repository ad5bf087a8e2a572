package zmq

// ledger has the accounts of many, by whom they belong to.
type ledger[K comparable] struct {
	of   map[K]account
	most int // accounts, before those that have nothing in flight are forgotten
}

func newLedger[K comparable]() ledger[K] { return ledger[K]{of: make(map[K]account), most: minFlights} }

// open returns the account of key, a new one if need be.
func (l *ledger[K]) open(key K) (account, error) {
	if a, ok := l.of[key]; ok {
		return a, nil
	}
	if len(l.of) >= l.most {
		l.forget()
	}
	a, err := newAccount()
	if err == nil {
		l.of[key] = a
	}
	return a, err
}

// forget takes out those who have nothing in flight.
func (l *ledger[K]) forget() {
	for key, a := range l.of {
		if a.replies() == 0 {
			a.leave()
			delete(l.of, key)
		}
	}
	l.most = max(minFlights, 2*len(l.of))
}

// close leaves the accounts to libzmq.
func (l *ledger[K]) close() {
	for _, a := range l.of {
		a.leave()
	}
	l.of = nil
}
