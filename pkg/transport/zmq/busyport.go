package zmq

import "time"

// longTurn is how long one call may hold a publisher's socket before nobody is let in at its port.
const longTurn = 100 * time.Millisecond

// lockFollowing is lock for who follows the connections of a socket. While that takes long nobody is let in at a publisher's port.
//
// For each connection that ends libzmq looks through all topics that subscribers have, some milliseconds where they have very many, and it takes in ends for as long as
// there are any, within whatever call comes next. Where they come faster, as from a hundred that have topics and one that comes and goes all the time, that call would
// never return, and nothing be published. Those who find the door closed come again by themselves.
func (s *socket) lockFollowing() error {
	if s.port == 0 {
		return s.lock()
	}
	if !s.mu.TryLock() {
		closed := make(chan struct{})
		timer := time.AfterFunc(longTurn, func() {
			s.owner.limits.sys.busy(s.port, true)
			close(closed)
		})
		s.mu.Lock()
		if !timer.Stop() {
			<-closed
			s.owner.limits.sys.busy(s.port, false)
		}
	}
	return s.stillOpen()
}
