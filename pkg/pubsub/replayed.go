package pubsub

import (
	"bytes"
	"sync"
	"time"
)

// replayed are the messages that a replay port has for newcomers, oldest first.
type replayed struct {
	bounds Replay

	mu     sync.Mutex
	frames []replayFrame // from first on
	first  int
	bytes  int64
}

func newReplayed(b Replay) *replayed { return &replayed{bounds: b} }

type replayFrame struct {
	frame []byte
	at    time.Time
}

// add takes in a message that was sent; frames that are none, and heartbeats, are not kept.
func (r *replayed) add(frame []byte) {
	if _, ok := retainedKey(frame); !ok || int64(len(frame)) > r.bounds.Bytes {
		return
	}
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.frames = append(r.frames, replayFrame{bytes.Clone(frame), now})
	r.bytes += int64(len(frame))
	r.expire(now)
}

// expire drops what is too old or too much. The caller holds mu.
func (r *replayed) expire(now time.Time) {
	for r.first < len(r.frames) && r.exceeded(now) {
		r.bytes -= int64(len(r.frames[r.first].frame))
		r.frames[r.first] = replayFrame{}
		r.first++
	}
	// What has been given up is taken out when it is half of all.
	if r.first > len(r.frames)/2 {
		n := copy(r.frames, r.frames[r.first:])
		clear(r.frames[n:])
		r.frames, r.first = r.frames[:n], 0
	}
}

// exceeded tells whether the oldest message has to go. The caller holds mu.
func (r *replayed) exceeded(now time.Time) bool {
	return len(r.frames)-r.first > r.bounds.Messages || r.bytes > r.bounds.Bytes ||
		r.bounds.Time > 0 && now.Sub(r.frames[r.first].at) > r.bounds.Time
}

// under returns the messages whose frames begin with topic.
func (r *replayed) under(topic string) [][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expire(time.Now())
	var frames [][]byte
	for _, f := range r.frames[r.first:] {
		if len(topic) <= len(f.frame) && string(f.frame[:len(topic)]) == topic {
			frames = append(frames, f.frame)
		}
	}
	return frames
}

// stats returns the number of messages that are kept, and their bytes.
func (r *replayed) stats() (messages int, size int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expire(time.Now())
	return len(r.frames) - r.first, r.bytes
}
