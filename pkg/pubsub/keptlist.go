package pubsub

// keptList is a ring of messages by the time when they were sent.
type keptList struct{ root kept }

func (l *keptList) init() { l.root.newer, l.root.older = &l.root, &l.root }

// push puts k in front: it is the newest.
func (l *keptList) push(k *kept) {
	k.newer, k.older = &l.root, l.root.older
	k.newer.older, k.older.newer = k, k
}

func (l *keptList) remove(k *kept) {
	k.newer.older, k.older.newer = k.older, k.newer
	k.newer, k.older = nil, nil
}

// oldest returns the message that was sent first; nil when there is none.
func (l *keptList) oldest() *kept {
	if l.root.newer == &l.root {
		return nil
	}
	return l.root.newer
}
