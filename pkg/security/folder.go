package security

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// When the folder is looked at.
const (
	// settleFor lets those who write several files, or one in several pieces, come to an end.
	settleFor = 100 * time.Millisecond
	// rescanEvery is for file systems that tell nothing of what other hosts change, as NFS, and for keys that are links to elsewhere.
	rescanEvery = time.Minute
	// rescanSoon is for a folder that can't be watched or read.
	rescanSoon = time.Second
)

// folder is the folder of the clients that are admitted by key. One goroutine looks at it at a time; verdicts come from what it saw last.
type folder struct {
	path string // absolute
	log  *zap.Logger
	read func(directory string) (*curve.Clients, error)

	// arm watches the folder as it is now, and says whether all changes will be signalled.
	arm     func() bool
	signals <-chan struct{}

	now atomic.Pointer[admission]
	// What was logged, and is still so: of bad files, of the folder itself, and that everybody can write there.
	problems map[string]bool
	trouble  string
	exposed  bool
}

func newFolder(path string, log *zap.Logger) (*folder, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	f := &folder{path: path, log: log, read: curve.ReadClients, arm: func() bool { return false }}
	f.now.Store(&admission{missing: true})
	return f, nil
}

// judge says whether a key is admitted.
func (f *folder) judge(key curve.PublicKey) transport.Verdict {
	a := f.now.Load()
	if name, ok := a.identity[key]; ok {
		return transport.Verdict{Admitted: true, Identity: name}
	}
	_, keep := a.doubtful[key]
	if keep || a.missing {
		return transport.Verdict{Reason: transport.RefusedGate, Keep: keep}
	}
	return transport.Verdict{Reason: transport.RefusedKey}
}

// run looks at the folder again, when there is reason to and from time to time, until ctx ends. soon is what the look before has said.
func (f *folder) run(ctx context.Context, soon bool, changed func()) {
	for pause := pauseAfter(soon, 0); f.wait(ctx, pause); {
		start := time.Now()
		differs, soon := f.look()
		if differs {
			changed()
		}
		pause = pauseAfter(soon, time.Since(start))
	}
}

// pauseAfter returns how long to wait after a look that took some time, which is a tenth of all at most.
func pauseAfter(soon bool, took time.Duration) time.Duration {
	if !soon {
		return rescanEvery
	}
	return min(max(rescanSoon, 10*took), rescanEvery)
}

// wait waits for the next look; false when ctx has ended.
func (f *folder) wait(ctx context.Context, pause time.Duration) bool {
	rescan := time.NewTimer(pause)
	defer rescan.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-rescan.C:
		return true
	case <-f.signals:
	}
	settle := time.NewTimer(settleFor)
	defer settle.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-settle.C:
		return true
	}
}

// look reads the folder. It says whether verdicts may have changed, and whether to look again soon.
func (f *folder) look() (differs, soon bool) {
	armed := f.arm() // first, so that nothing changes unseen
	clients, err := f.read(f.path)
	old := f.now.Load()
	now := admit(old, clients, err)
	f.now.Store(now)
	f.tell(old, now, clients != nil, err)
	return !now.equal(old), !armed || len(now.doubtful) > 0 || clients == nil && !gone(err)
}

// admission is whom the folder admits. It does not change.
type admission struct {
	identity map[curve.PublicKey]string // admitted, with the first of their names
	names    map[string]curve.PublicKey // admitted, by all names
	// unknown are the keys that were last seen under names whose files can't be read now, for a reason that says nothing of the key; doubtful those of them that
	// are not admitted by another name: their connections stay, new ones are not admitted.
	unknown  map[string]curve.PublicKey
	doubtful map[curve.PublicKey]struct{}
	missing  bool // the folder is not there or can't be read
}

// admit makes the admission after a look at the folder, of which curve.ReadClients has returned clients and err.
func admit(old *admission, clients *curve.Clients, err error) *admission {
	now := &admission{
		identity: map[curve.PublicKey]string{},
		names:    map[string]curve.PublicKey{},
		unknown:  map[string]curve.PublicKey{},
		doubtful: map[curve.PublicKey]struct{}{},
		missing:  clients == nil,
	}
	for name, cert := range clients.All() {
		now.names[name] = cert.Public
		now.identity[cert.Public], _ = clients.Identity(cert.Public)
	}
	unreadable := unreadableNames(err)
	for name, key := range old.all() {
		if unreadable[name] || clients == nil && !gone(err) {
			now.unknown[name] = key
			if _, ok := now.identity[key]; !ok {
				now.doubtful[key] = struct{}{}
			}
		}
	}
	return now
}

// all returns the keys by name that are admitted or were when they could be read.
func (a *admission) all() map[string]curve.PublicKey {
	all := maps.Clone(a.unknown)
	if all == nil {
		all = map[string]curve.PublicKey{}
	}
	maps.Copy(all, a.names)
	return all
}

// equal says that the same verdicts come of both.
func (a *admission) equal(b *admission) bool {
	return a.missing == b.missing && maps.Equal(a.identity, b.identity) && maps.Equal(a.doubtful, b.doubtful)
}

// unreadableNames returns the names whose files can't be read at the moment, so that nobody can tell what stands in them.
func unreadableNames(err error) map[string]bool {
	names := map[string]bool{}
	for _, e := range split(err) {
		fe, ok := errors.AsType[*curve.FileError](e)
		if !ok {
			continue
		}
		_, io := errors.AsType[*fs.PathError](fe.Err)
		if io && !gone(fe.Err) {
			name := filepath.Base(fe.Path)
			names[name[:len(name)-len(filepath.Ext(name))]] = true
		}
	}
	return names
}

// gone says that a file or folder is not there.
func gone(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) }

// split returns the errors that errors.Join has joined.
func split(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}
