package security

import (
	"context"
	"path/filepath"
	"sync/atomic"
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
