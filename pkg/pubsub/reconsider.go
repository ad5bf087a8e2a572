package pubsub

import (
	"sync"

	"github.com/pytroll/posttroll-go/pkg/discovery"
)

// listed are the publishers of the services that nameservers list, as they were told last.
type listed struct {
	mu      sync.Mutex // held while a change is carried out
	entries map[string]discovery.Entry
}

func (l *listed) add(e discovery.Entry) {
	if l.entries == nil {
		l.entries = make(map[string]discovery.Entry)
	}
	l.entries[e.URI] = e
}

// Reconsider asks [SubscriberOptions].Accept again about all publishers that nameservers list: those that it accepts now are connected to, and
// those that it does not are left.
func (s *Subscriber) Reconsider() {
	s.listed.mu.Lock()
	defer s.listed.mu.Unlock()
	for _, e := range s.listed.entries {
		if s.isClosed() {
			return
		}
		s.found(e)
	}
}
