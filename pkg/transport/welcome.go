package transport

import "errors"

// Welcome is what a publisher gives a subscriber that has just come, to it alone: each time that one asks for a topic, before anything that is sent from then
// on. One who is not admitted, or is about to be cut, gets nothing.
//
// Its functions are called under the lock of the socket: they must not block, nor call the publisher.
type Welcome struct {
	// Frames returns what a subscriber to topic gets, oldest first. They must not change afterwards. At most the last one is sent, as that is all that ZeroMQ
	// can send to one subscriber out of several; a Replay publisher sends them all. What a queue (SocketOptions.Queue) has no room for is lost.
	Frames func(topic string) [][]byte
	// Sent is told of each frame that the publisher was given to send, once it counts for all who have subscribed by then and not for those who come
	// later: whoever keeps a copy for Frames gives each subscriber either the one or the other. Nil: nobody is told.
	Sent func(frame []byte)
	// Replay makes a publisher that gives its subscribers the frames of their welcome and nothing else: Send is an error, [ErrReplay].
	Replay bool
}

// Check says why a publisher at an endpoint can't give this welcome; nil, also for no welcome: it can.
func (w *Welcome) Check(at Endpoint) error {
	switch {
	case w == nil:
		return nil
	case w.Frames == nil:
		return errors.New("a welcome without frames")
	case at.Scheme() == "inproc":
		return errors.New("subscribers over inproc can't be given a welcome") // their connections have no descriptors
	}
	return nil
}
