package security

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

func TestWatchPlaces(t *testing.T) {
	t.Parallel()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	at := func(parts ...string) string { return filepath.Join(append([]string{root}, parts...)...) }
	for _, err := range []error{os.MkdirAll(at("etc", "clients"), 0o755), os.MkdirAll(at("srv", "v1"), 0o755),
		os.Symlink("../srv/v1", at("etc", "link")), os.Symlink("etc", at("elsewhere")), os.Symlink("loop", at("loop"))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]watched{
		at("etc", "clients"):       {at("etc"): {"clients": true}, at("etc", "clients"): {"": true}},
		at("etc", "none"):          {at("etc"): {"none": true}},
		at("none", "of", "these"):  {root: {"none": true}},
		at("etc", "link"):          {at("etc"): {"link": true}, at("srv"): {"v1": true}, at("srv", "v1"): {"": true}},
		at("elsewhere", "clients"): {root: {"elsewhere": true}, at("etc"): {"clients": true}, at("etc", "clients"): {"": true}},
		at("elsewhere", "link"):    {root: {"elsewhere": true}, at("etc"): {"link": true}, at("srv"): {"v1": true}, at("srv", "v1"): {"": true}},
		at("elsewhere", "none"):    {root: {"elsewhere": true}, at("etc"): {"none": true}},
		at("loop", "clients"):      {root: {"loop": true}},
		at("loop"):                 {root: {"loop": true}},
	} {
		if diff := cmp.Diff(want, watchPlaces(path)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

// What happens beside the folder does not matter.
func TestWatchMatters(t *testing.T) {
	t.Parallel()
	w := &watch{places: watched{"/etc": {"clients": true}, "/etc/clients": {"": true}}}
	for name, want := range map[string]bool{
		"/etc/clients": true, "/etc/clients/alice.key": true, "/etc/clients/..data": true, "/etc": true,
		"/etc/passwd": false, "/etc/clients-2": false, "/": false, "": false, "/srv/clients": false,
	} {
		if got := w.matters(name); got != want {
			t.Errorf("%q: got %v, want %v", name, got, want)
		}
	}
}

// A folder that can't be watched is told of once, and so is that it can again.
func TestWatchThatCannotBeArmed(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zapcore.DebugLevel)
	w := newWatch(t.TempDir(), zap.New(core))
	if !w.arm() || logs.Len() != 0 {
		t.Fatalf("can't be armed: %v", logs.All())
	}
	spare := newWatch(w.path, zap.NewNop())
	good := w.watcher
	w.watcher = spare.watcher
	if err := spare.close(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if w.arm() {
			t.Error("armed")
		}
	}
	w.watcher = good
	if !w.arm() {
		t.Error("not armed again")
	}
	if err := w.close(); err != nil {
		t.Error(err)
	}
	want := []string{"clients' folder can't be watched: it is read every second", "clients' folder is watched again"}
	var got []string
	for _, e := range logs.All() {
		got = append(got, e.Message)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

// When stop has returned the function does not run any more, whatever goes on meanwhile.
func TestWatchersStop(t *testing.T) {
	t.Parallel()
	var ws watchers
	var firing, watching sync.WaitGroup
	end := make(chan struct{})
	for range 2 {
		firing.Go(func() {
			for {
				select {
				case <-end:
					return
				default:
					ws.fire()
				}
			}
		})
	}
	for range 8 {
		watching.Go(func() {
			for range 200 {
				stopped := false // not guarded: the race detector is the test
				ran := make(chan struct{}, 1)
				stop := ws.add(func() {
					if stopped {
						t.Error("runs after stop")
					}
					select {
					case ran <- struct{}{}:
					default:
					}
				})
				<-ran
				stop()
				stopped = true
				stop()
			}
		})
	}
	watching.Wait()
	close(end)
	firing.Wait()
	if len(ws.list) != 0 {
		t.Errorf("%d left", len(ws.list))
	}
}
