package pubsub

import (
	"math/rand/v2"
	"strings"
)

// keptTree holds messages by their keys and finds the newest of all whose keys begin with something in a time that grows with the logarithm of their
// number, also while messages come and go: a flood of subscriptions must not keep a publisher from sending. It is a treap: a search tree by key and a heap by random
// numbers, which nobody outside can foresee, so its depth is what it would be if the keys came in random order.
type keptTree struct{ root *kept }

// treeNode is the place of a message in a keptTree.
type treeNode struct {
	parent, left, right *kept
	priority            uint64
	newest              *kept // of this one and all below
}

func (t *keptTree) insert(k *kept) {
	k.node = treeNode{priority: rand.Uint64(), newest: k}
	at, place := (*kept)(nil), &t.root
	for *place != nil {
		at = *place
		if k.key < at.key {
			place = &at.node.left
		} else {
			place = &at.node.right
		}
	}
	*place, k.node.parent = k, at
	k.raise()
	for p := k.node.parent; p != nil && p.node.priority < k.node.priority; p = k.node.parent {
		t.rotate(k)
	}
}

func (t *keptTree) remove(k *kept) {
	for k.node.left != nil || k.node.right != nil {
		l, r := k.node.left, k.node.right
		if r == nil || l != nil && l.node.priority > r.node.priority {
			t.rotate(l)
		} else {
			t.rotate(r)
		}
	}
	p := k.node.parent
	*t.place(k) = nil
	k.node = treeNode{}
	for ; p != nil; p = p.node.parent {
		p.update()
	}
}

// place is where k hangs.
func (t *keptTree) place(k *kept) **kept {
	switch p := k.node.parent; {
	case p == nil:
		return &t.root
	case p.node.left == k:
		return &p.node.left
	default:
		return &p.node.right
	}
}

// rotate puts k in the place of its parent, which goes below it.
func (t *keptTree) rotate(k *kept) {
	p := k.node.parent
	*t.place(p) = k
	k.node.parent = p.node.parent
	p.node.parent = k
	var moved *kept
	if p.node.left == k {
		moved, k.node.right, p.node.left = k.node.right, p, k.node.right
	} else {
		moved, k.node.left, p.node.right = k.node.left, p, k.node.left
	}
	if moved != nil {
		moved.node.parent = p
	}
	p.update()
	k.update()
}

// update finds the newest of k and what is below it.
func (k *kept) update() {
	k.node.newest = newer(k, newer(k.node.left.newestBelow(), k.node.right.newestBelow()))
}

func (k *kept) newestBelow() *kept {
	if k == nil {
		return nil
	}
	return k.node.newest
}

// newer returns the one that was sent later.
func newer(a, b *kept) *kept {
	if a == nil || b != nil && b.number > a.number {
		return b
	}
	return a
}

// raise tells all above k of its number, which has grown.
func (k *kept) raise() {
	for at := k; at != nil; at = at.node.parent {
		at.node.newest = newer(at.node.newest, k)
	}
}

// newest returns the message that was sent last of those whose keys begin with prefix; nil when there is none.
func (t *keptTree) newest(prefix string) *kept {
	// The top one of them has all the others below it.
	top := t.root
	for top != nil && !strings.HasPrefix(top.key, prefix) {
		if top.key < prefix {
			top = top.node.right
		} else {
			top = top.node.left
		}
	}
	if top == nil {
		return nil
	}
	found := top
	for at := top.node.left; at != nil; { // those from the first one with the prefix on
		if strings.HasPrefix(at.key, prefix) {
			found = newer(found, newer(at, at.node.right.newestBelow()))
			at = at.node.left
		} else {
			at = at.node.right
		}
	}
	for at := top.node.right; at != nil; { // those up to the last one
		if strings.HasPrefix(at.key, prefix) {
			found = newer(found, newer(at, at.node.left.newestBelow()))
			at = at.node.right
		} else {
			at = at.node.left
		}
	}
	return found
}
