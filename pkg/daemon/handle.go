package daemon

import (
	"strings"
	"sync"
	"time"

	sd "github.com/coreos/go-systemd/v22/daemon"
	"go.uber.org/zap"
)

// beatsPerWatchdog is how often parts beat within the watchdog's time. Systemd recommends two pings; four leave room for
// rounds that take long and for parts that are out of step.
const beatsPerWatchdog = 4

// Handle is what a [Part] tells its group by. All methods may be called concurrently, and after Run has returned.
type Handle struct {
	running *running
	name    string
	exempt  bool

	// Guarded by running.mu.
	ready, beaten, done bool
}

// Ready says that the part serves. When all have said so the service manager is told.
func (h *Handle) Ready() { h.running.ready(h) }

// Beat says that the part's loop went round. It is cheap, and may be called more often than needed.
func (h *Handle) Beat() {
	hang()
	h.running.beat(h)
}

// BeatInterval is how often the loop is to go round and beat at least. 0: nobody watches, and an idle loop may sleep.
func (h *Handle) BeatInterval() time.Duration {
	if h.exempt || h.running.group.Notifier.Send == nil {
		return 0
	}
	return h.running.group.Notifier.Watchdog / beatsPerWatchdog
}

// Status tells the service manager in one readable line how the daemon is: "42 publishers". It is shown by "systemctl status".
func (h *Handle) Status(line string) { h.running.status(line) }

// running is one run of a group.
type running struct {
	group   *Group
	log     *zap.Logger
	handles []*Handle

	mu       sync.Mutex
	waiting  int // parts that are not ready
	pinged   time.Time
	line     string // the last status
	deaf     bool   // the service manager could not be told, which has been logged
	stopped  bool
	everyone bool // all parts have become ready
}

func newRunning(g *Group) *running {
	r := &running{group: g, log: g.Logger, waiting: len(g.Parts)}
	if r.log == nil {
		r.log = zap.NewNop()
	}
	for _, part := range g.Parts {
		r.handles = append(r.handles, &Handle{running: r, name: part.Name, exempt: part.NoHeartbeat})
	}
	return r
}

func (r *running) ready(h *Handle) {
	r.mu.Lock()
	if h.ready || h.done {
		r.mu.Unlock()
		return
	}
	h.ready = true
	r.waiting--
	all := r.waiting == 0 && !r.stopped
	r.everyone = all
	r.mu.Unlock()
	if !all {
		return
	}
	if r.group.Ready != nil {
		r.group.Ready()
	}
	r.log.Info("ready")
	r.notify(sd.SdNotifyReady)
}

// beat pings the watchdog when all parts have beaten since the last ping. What comes within half an interval of that counts for
// nothing: it would cover for a loop that hangs now.
func (r *running) beat(h *Handle) {
	interval := r.group.Notifier.Watchdog / beatsPerWatchdog
	if interval == 0 {
		return
	}
	now := time.Now()
	r.mu.Lock()
	if !r.everyone || now.Sub(r.pinged) < interval/2 {
		r.mu.Unlock()
		return
	}
	h.beaten = true
	due := true
	for _, other := range r.handles {
		due = due && (other.beaten || other.exempt)
	}
	if due {
		r.pinged = now
		for _, other := range r.handles {
			other.beaten = false
		}
	}
	r.mu.Unlock()
	if due {
		r.notify(sd.SdNotifyWatchdog)
	}
}

func (r *running) status(line string) {
	line = "STATUS=" + strings.Join(strings.Fields(line), " ")
	r.mu.Lock()
	same := r.line == line || r.stopped
	r.line = line
	r.mu.Unlock()
	if !same {
		r.notify(line)
	}
}

// isReady says that all parts have become ready.
func (r *running) isReady() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.everyone
}

func (r *running) stopping(cause error) {
	r.mu.Lock()
	r.stopped = true
	r.mu.Unlock()
	r.notify(sd.SdNotifyStopping + "\nSTATUS=stopping")
	r.log.Info("stopping", zap.NamedError("cause", cause))
}

func (r *running) ended(h *Handle) {
	r.mu.Lock()
	defer r.mu.Unlock()
	h.done = true
}

// atWork names the parts that have not ended.
func (r *running) atWork() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var names []string
	for _, h := range r.handles {
		if !h.done {
			names = append(names, h.name)
		}
	}
	return names
}

// notify tells the service manager; that it can't be told is logged when it begins.
func (r *running) notify(state string) {
	err := r.group.Notifier.send(state)
	r.mu.Lock()
	news := (err != nil) != r.deaf
	r.deaf = err != nil
	r.mu.Unlock()
	switch {
	case news && err != nil:
		r.log.Warn("service manager can't be told", zap.Error(err))
	case news:
		r.log.Info("service manager can be told again")
	}
}
