package inmem

import (
	"maps"
	"slices"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// welcomeAll greets a subscriber that has just connected for each of its topics. The caller holds mu.
func (p *Publisher) welcomeAll(l *link) {
	for _, topic := range slices.Sorted(maps.Keys(l.inbox.topics)) {
		p.greet(l, topic)
	}
}

// greet tells of the subscriber at the other end of l, which has just asked for topic, and gives it what it is to have. The caller holds mu.
func (p *Publisher) greet(l *link, topic string) {
	if p.tell != nil {
		p.tell(topic)
	}
	if p.welcome == nil {
		return
	}
	frames := p.welcome.Frames(topic)
	if len(frames) == 0 {
		return
	}
	if !p.welcome.Replay {
		frames = frames[len(frames)-1:]
	}
	p.welcomed++
	for _, frame := range frames {
		if int64(len(frame)) > l.inbox.maxMessage {
			p.lose(l) // the real one would lose the connection, come back, and be given it again
			continue
		}
		p.deliver(l, frame)
	}
}

// checkSend refuses to send on a publisher that only replays.
func (p *Publisher) checkSend() error {
	if p.welcome != nil && p.welcome.Replay {
		return transport.ErrReplay
	}
	return nil
}

// sent tells of a frame that was sent. The caller holds mu.
func (p *Publisher) sent(frame []byte) {
	if p.welcome != nil && p.welcome.Sent != nil {
		p.welcome.Sent(frame)
	}
}
