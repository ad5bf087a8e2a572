package nameserver

import (
	"github.com/pytroll/posttroll-go/pkg/registry"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Change is what has become of a publisher.
type Change struct {
	Kind ChangeKind
	// URI, Services and Backend are those of the publisher; of Services there are the first ten at most, cut to a hundred bytes each.
	URI      string
	Services []string
	Backend  transport.Backend // empty: not known
	Source   registry.Source
	// Cause says why one was removed or taken for dead.
	Cause string
}

// ChangeKind is the kind of a [Change].
type ChangeKind string

// The kinds of changes.
const (
	PublisherAdded     ChangeKind = "publisher_added"
	PublisherChanged   ChangeKind = "publisher_changed"   // announces other data than before
	PublisherMoved     ChangeKind = "publisher_moved"     // has the other backend
	PublisherReturned  ChangeKind = "publisher_returned"  // was withdrawn or dead
	PublisherConfirmed ChangeKind = "publisher_confirmed" // was known from before the start, and is heard of again
	PublisherWithdrawn ChangeKind = "publisher_withdrawn" // says that it stops
	PublisherDead      ChangeKind = "publisher_dead"      // nobody is there any more
	PublisherRemoved   ChangeKind = "publisher_removed"   // is listed no more
)

// ChangeKinds are all of them.
func ChangeKinds() []ChangeKind {
	return []ChangeKind{
		PublisherAdded, PublisherChanged, PublisherMoved, PublisherReturned, PublisherConfirmed, PublisherWithdrawn, PublisherDead, PublisherRemoved,
	}
}

// changeOf is what an announcement changed; empty: nothing.
func changeOf(outcome registry.Outcome) ChangeKind {
	switch outcome {
	case registry.Added:
		return PublisherAdded
	case registry.Changed:
		return PublisherChanged
	case registry.Moved:
		return PublisherMoved
	case registry.Returned:
		return PublisherReturned
	case registry.Confirmed:
		return PublisherConfirmed
	}
	return ""
}

// changed tells who follows, if somebody does.
func (k *keeper) changed(kind ChangeKind, p registry.Publisher, backend transport.Backend, cause string) {
	if k.change != nil && kind != "" {
		k.change(Change{Kind: kind, URI: p.URI, Services: shortened(p.Services.Names), Backend: backend, Source: p.Source, Cause: cause})
	}
}
