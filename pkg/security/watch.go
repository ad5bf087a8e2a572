package security

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/fsnotify/fsnotify"
	"go.uber.org/zap"
)

// watch signals changes of a folder: of what lies in it, of the folder itself, and of its name, which may be a link.
type watch struct {
	path    string
	log     *zap.Logger
	signals chan struct{} // one deep: a signal that nobody has taken yet stands for those that follow
	watcher *fsnotify.Watcher
	done    chan struct{} // closed when nothing is signalled any more
	trouble string        // what was logged, and is still so

	mu     sync.Mutex
	places watched
}

// watched are folders, without links in their names, and of each the entries that matter; "" is all.
type watched map[string]map[string]bool

// newWatch makes a watch of nothing yet. Where the system has no watches left it is one that can't be armed.
func newWatch(path string, log *zap.Logger) *watch {
	w := &watch{path: path, log: log, signals: make(chan struct{}, 1), done: make(chan struct{})}
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		w.tell(err)
		close(w.done)
		return w
	}
	w.watcher = watcher
	go w.pump(watcher.Events, watcher.Errors)
	return w
}

// close waits until nothing is signalled any more.
func (w *watch) close() error {
	if w == nil || w.watcher == nil {
		return nil
	}
	err := w.watcher.Close()
	<-w.done
	return err
}

// arm watches what lies at the path now, and says whether all changes will be signalled. Watches belong to a folder and not to its name, so that all are made
// anew.
func (w *watch) arm() bool {
	if w.watcher == nil {
		return false
	}
	for range armTries {
		places := watchPlaces(w.path)
		w.mu.Lock()
		w.places = places
		w.mu.Unlock()
		err := w.rearm(places)
		w.tell(err)
		if err != nil {
			return false
		}
		// What came between looking and watching would be seen by nobody.
		if reflect.DeepEqual(places, watchPlaces(w.path)) {
			return true
		}
	}
	return false
}

// armTries bounds how often a path is followed that changes all the time.
const armTries = 3

func (w *watch) rearm(places watched) error {
	for _, dir := range w.watcher.WatchList() {
		// An error says that the system has removed it already, with the folder.
		_ = w.watcher.Remove(dir)
	}
	for _, dir := range slices.Sorted(maps.Keys(places)) { // so that the error does not change by itself
		if err := w.watcher.Add(dir); err != nil {
			return fmt.Errorf("watch %s: %w", dir, err)
		}
	}
	return nil
}

// tell logs that the folder can't be watched, once, and that it can again.
func (w *watch) tell(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text == w.trouble {
		return
	}
	w.trouble = text
	if err != nil {
		w.log.Warn("clients' folder can't be watched: it is read every second", zap.String("path", w.path), zap.NamedError("cause", err))
		return
	}
	w.log.Info("clients' folder is watched again", zap.String("path", w.path))
}

// watchPlaces returns what to watch: the folder and its name in the one above; where that is not there the name that is missing; and each link on the
// way, whose change leads to another folder.
func watchPlaces(path string) watched {
	places := watched{}
	add := func(dir, entry string) {
		if places[dir] == nil {
			places[dir] = map[string]bool{}
		}
		places[dir][entry] = true
	}
	dir, rest := string(filepath.Separator), path
	for links := 0; rest != ""; {
		name, behind, _ := strings.Cut(strings.TrimLeft(rest, "/"), "/")
		at := filepath.Join(dir, name)
		info, err := os.Lstat(at)
		last := strings.Trim(behind, "/") == ""
		switch {
		case err != nil:
			add(dir, name)
			return places
		case info.Mode().Type() != fs.ModeSymlink:
			if last {
				add(dir, name)
			}
			dir, rest = at, behind
			continue
		}
		add(dir, name)
		to, err := os.Readlink(at)
		if links++; err != nil || links > maxLinks {
			return places
		}
		if filepath.IsAbs(to) {
			dir = string(filepath.Separator)
		}
		rest = to + "/" + behind
	}
	add(dir, "")
	return places
}

// maxLinks is the number of links behind one another after which there is no end, as for the kernel.
const maxLinks = 40

// pump turns events into signals, until the watcher closes both channels.
func (w *watch) pump(events <-chan fsnotify.Event, errs <-chan error) {
	defer close(w.done)
	for events != nil || errs != nil {
		select {
		case e, ok := <-events:
			if !ok {
				events = nil
			} else if w.matters(e.Name) {
				w.signal()
			}
		case _, ok := <-errs:
			if !ok {
				errs = nil
				continue
			}
			w.signal() // events were lost
		}
	}
}

func (w *watch) signal() {
	select {
	case w.signals <- struct{}{}:
	default:
	}
}

// matters says whether an event is about the folder.
func (w *watch) matters(name string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.places[name]; ok {
		return true
	}
	entries := w.places[filepath.Dir(name)]
	return entries[""] || entries[filepath.Base(name)]
}
