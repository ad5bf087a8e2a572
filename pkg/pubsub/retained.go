package pubsub

import (
	"bytes"
	"sync"
	"time"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// retained are the last messages of a publisher by subject, for subscribers that have just come. It is used under the lock of the socket and by those who
// count, all of them for a short while.
type retained struct {
	bounds LastMessage

	mu        sync.Mutex
	bySubject map[string]*kept
	recent    keptList // by the time when they were sent, the last one in front
	order     keptTree // by subject
	last      uint64   // number of the last message
	bytes     int64
	dirty     []*kept // whose numbers order does not know yet
}

// kept is the last message of a subject. Its key begins as frames do, so that topics are prefixes of it.
type kept struct {
	key    string
	frame  []byte
	at     time.Time
	number uint64 // of the message, in the order in which they were sent
	dirty  bool

	newer, older *kept    // in keptList
	node         treeNode // in keptTree
}

func newRetained(b LastMessage) *retained {
	r := &retained{bounds: b, bySubject: make(map[string]*kept)}
	r.recent.init()
	return r
}

// maxDirty bounds the messages that order is behind, so that no lookup has to make up for more.
const maxDirty = 64

// add takes in a message that was sent; frames that are none, and heartbeats, are not kept.
func (r *retained) add(frame []byte) {
	key, ok := retainedKey(frame)
	if !ok || int64(len(frame)) > r.bounds.Bytes {
		return
	}
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last++
	k := r.bySubject[string(key)]
	if k == nil {
		k = &kept{key: string(key)}
		r.bySubject[k.key] = k
		k.number = r.last
		r.order.insert(k)
	} else {
		r.recent.remove(k)
		r.bytes -= int64(len(k.frame))
		k.number = r.last
		r.touch(k)
	}
	k.frame, k.at = bytes.Clone(frame), now
	r.recent.push(k)
	r.bytes += int64(len(frame))
	for len(r.bySubject) > r.bounds.Subjects || r.bytes > r.bounds.Bytes {
		r.drop(r.recent.oldest())
	}
}

// touch notes that order has to learn the number of k.
func (r *retained) touch(k *kept) {
	if k.dirty {
		return
	}
	k.dirty = true
	r.dirty = append(r.dirty, k)
	if len(r.dirty) >= maxDirty {
		r.settle()
	}
}

// settle tells order the numbers that it does not know yet.
func (r *retained) settle() {
	for _, k := range r.dirty {
		if k.dirty {
			k.dirty = false
			k.raise()
		}
	}
	clear(r.dirty)
	r.dirty = r.dirty[:0]
}

func (r *retained) drop(k *kept) {
	k.dirty = false
	r.order.remove(k)
	r.recent.remove(k)
	r.bytes -= int64(len(k.frame))
	delete(r.bySubject, k.key)
}

// under returns the newest message whose frame begins with topic, if it is not too old, as frames of a welcome.
func (r *retained) under(topic string) [][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expire(time.Now())
	r.settle()
	k := r.order.newest(topic)
	if k == nil {
		return nil
	}
	return [][]byte{k.frame}
}

// expire drops what is too old.
func (r *retained) expire(now time.Time) {
	if r.bounds.MaxAge <= 0 {
		return
	}
	for k := r.recent.oldest(); k != nil && now.Sub(k.at) > r.bounds.MaxAge; k = r.recent.oldest() {
		r.drop(k)
	}
}

// stats returns the number of messages that are kept, and their bytes.
func (r *retained) stats() (messages int, size int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expire(time.Now())
	return len(r.bySubject), r.bytes
}

// retainedKey returns the part of a frame by which its last message is known, magic and subject, and whether it is to be kept: it is when it is a message,
// as far as its beginning tells, and no heartbeat.
func retainedKey(frame []byte) (key []byte, ok bool) {
	if !bytes.HasPrefix(frame, []byte(message.Magic)) {
		return nil, false
	}
	end := bytes.IndexByte(frame, ' ')
	if end <= len(message.Magic) {
		return nil, false
	}
	key, rest := frame[:end], frame[end+1:]
	if bytes.HasPrefix(rest, []byte(heartbeatType+" ")) || bytes.HasPrefix(key, []byte(heartbeatTopic)) {
		return nil, false
	}
	return key, true
}
