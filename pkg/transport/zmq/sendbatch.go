package zmq

import (
	"context"
	"fmt"
)

const (
	// gatherBytes are sent in one call of libzmq at most, and share their memory, which is free when the last of them has left: a message that waits for a
	// slow subscriber holds as much at worst. A call costs some 50 ns, and copying the frames together some 20 for a message of usual size.
	gatherBytes = 16 << 10
	// gatherFrames bounds them too, so that those who wait for the socket have their turn.
	gatherFrames = 256
	// gatherLimit is the size above which a frame is sent by itself, since copying it would cost more than the call.
	gatherLimit = 4 << 10
)

// gathered are frames one behind the other, as libzmq's C can take them: pointers to each are not to be had.
type gathered struct {
	data  []byte
	sizes []uintptr
}

// take takes as many frames as go out together.
func (g *gathered) take(frames [][]byte) {
	g.data, g.sizes = g.data[:0], g.sizes[:0]
	for _, frame := range frames[:min(len(frames), gatherFrames)] {
		if len(frame) > gatherLimit || len(g.data)+len(frame) > gatherBytes {
			return
		}
		g.data = append(g.data, frame...)
		g.sizes = append(g.sizes, uintptr(len(frame)))
	}
}

// SendBatch hands frames to libzmq, many in one call. It never waits, as Send.
func (p *publisher) SendBatch(ctx context.Context, frames [][]byte) (sent int, err error) {
	for sent < len(frames) {
		if err := ctx.Err(); err != nil {
			return sent, err
		}
		n, err := p.sendSome(frames[sent:])
		sent += n
		if err != nil {
			return sent, err
		}
	}
	return sent, nil
}

// sendSome sends the first frames, or the first one where it is large, and returns how many.
func (p *publisher) sendSome(frames [][]byte) (sent int, err error) {
	if err := p.lock(); err != nil {
		return 0, err
	}
	defer p.mu.Unlock()
	full := false
	if p.welcome != nil {
		sent, full, err = p.welcome.sendSome(p.raw, frames)
	} else if p.gathered.take(frames); len(p.gathered.sizes) > 0 {
		sent, full, err = sendFrames(p.raw, p.gathered.data, p.gathered.sizes)
	} else if full, err = publishFrame(p.raw, frames[0]); err == nil {
		sent = 1
	}
	if sent > 0 {
		p.sweepSoon()
		p.losses.sentMany(frames[:sent], full)
	}
	if err != nil {
		return sent, fmt.Errorf("send on %s: %w", p.endpoint, err)
	}
	return sent, nil
}
