package security

import (
	"slices"
	"sync"
)

// watchers are those who want to be told of changes. The zero value is ready.
type watchers struct {
	mu   sync.Mutex
	list []*watcher
}

type watcher struct {
	mu      sync.Mutex // held while changed runs, so that it does not when stop has returned
	changed func()     // nil when stopped
}

func (ws *watchers) add(changed func()) (stop func()) {
	w := &watcher{changed: changed}
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.list = append(ws.list, w)
	return func() { ws.remove(w) }
}

func (ws *watchers) remove(w *watcher) {
	ws.mu.Lock()
	ws.list = slices.DeleteFunc(ws.list, func(other *watcher) bool { return other == w })
	ws.mu.Unlock()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.changed = nil
}

// fire tells all.
func (ws *watchers) fire() {
	ws.mu.Lock()
	list := slices.Clone(ws.list)
	ws.mu.Unlock()
	for _, w := range list {
		w.fire()
	}
}

func (w *watcher) fire() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.changed != nil {
		w.changed()
	}
}
