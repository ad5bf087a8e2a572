package security

import (
	"errors"
	"io/fs"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// fakeFolder is a folder whose reading fails as it is told.
type fakeFolder struct {
	*folder
	directory string // the real one
	err       error  // of the folder
	files     map[string]error
	armed     bool
	signals   chan struct{}
	looks     []time.Time
	changes   int
}

func newFakeFolder(t *testing.T) *fakeFolder {
	t.Helper()
	f := &fakeFolder{directory: t.TempDir(), files: map[string]error{}, armed: true, signals: make(chan struct{}, 1)}
	inner, err := newFolder(f.directory, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	f.folder = inner
	inner.read, inner.arm, inner.signals = f.read, func() bool { return f.armed }, f.signals
	return f
}

func (f *fakeFolder) read(string) (*curve.Clients, error) {
	f.looks = append(f.looks, time.Now())
	if f.err != nil {
		return nil, &curve.FileError{Path: f.directory, Err: &fs.PathError{Op: "open", Path: f.directory, Err: f.err}}
	}
	var errs []error
	for name, err := range f.files {
		path := curve.PublicPath(f.directory, name)
		errs = append(errs, &curve.FileError{Path: path, Err: &fs.PathError{Op: "read", Path: path, Err: err}})
	}
	clients, err := curve.ReadClients(f.directory)
	return clients, errors.Join(append(errs, err)...)
}

// put writes NAME.key, of a key made here or of the one given.
func (f *fakeFolder) put(t *testing.T, name string, key ...curve.PublicKey) curve.PublicKey {
	t.Helper()
	cert, err := curve.Generate()
	if err != nil {
		t.Fatal(err)
	}
	if len(key) > 0 {
		cert = &curve.Certificate{KeyPair: curve.KeyPair{Public: key[0]}}
	}
	if err := cert.WritePublic(f.directory, name, curve.WriteOptions{Replace: true}); err != nil {
		t.Fatal(err)
	}
	return cert.Public
}

var (
	doubtful = transport.Verdict{Reason: transport.RefusedGate, Keep: true}
	nobody   = transport.Verdict{Reason: transport.RefusedGate}
	stranger = transport.Verdict{Reason: transport.RefusedKey}
)

func known(name string) transport.Verdict { return transport.Verdict{Admitted: true, Identity: name} }

// Where nobody can tell, open connections stay and nobody new is admitted; where it is plain that a key is not there, it is refused.
func TestFolderThatCannotBeRead(t *testing.T) {
	t.Parallel()
	cannotTell := []error{syscall.EMFILE, syscall.ENFILE, syscall.EIO, syscall.EACCES, syscall.ENOMEM, syscall.ESTALE}
	notThere := []error{syscall.ENOENT, syscall.ENOTDIR}
	judged := func(t *testing.T, f *fakeFolder, key curve.PublicKey, want transport.Verdict) {
		t.Helper()
		f.look()
		if got := f.judge(key); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	for _, err := range cannotTell {
		t.Run("folder: "+err.Error(), func(t *testing.T) {
			t.Parallel()
			f := newFakeFolder(t)
			f.err = err
			judged(t, f, curve.PublicKey{1}, nobody) // from the start
			f.err = nil
			alice := f.put(t, "alice")
			judged(t, f, alice, known("alice"))
			f.err = err
			judged(t, f, alice, doubtful)
			judged(t, f, alice, doubtful) // still
			judged(t, f, curve.PublicKey{1}, nobody)
			f.err = syscall.ENOENT
			judged(t, f, alice, nobody)
			f.err = err
			judged(t, f, alice, nobody) // was refused meanwhile
			f.err = nil
			judged(t, f, alice, known("alice"))
		})
		t.Run("file: "+err.Error(), func(t *testing.T) {
			t.Parallel()
			f := newFakeFolder(t)
			alice, bob := f.put(t, "alice"), f.put(t, "bob")
			judged(t, f, alice, known("alice"))
			f.files["alice"] = err
			remove(t, f, "alice")
			judged(t, f, alice, doubtful)
			judged(t, f, alice, doubtful)
			judged(t, f, bob, known("bob"))
			judged(t, f, curve.PublicKey{1}, stranger)
			f.put(t, "alice-2", alice)
			judged(t, f, alice, known("alice-2"))
			remove(t, f, "alice-2")
			judged(t, f, alice, doubtful)
			delete(f.files, "alice")
			judged(t, f, alice, stranger)
		})
	}
	for _, err := range notThere {
		t.Run("not there: "+err.Error(), func(t *testing.T) {
			t.Parallel()
			f := newFakeFolder(t)
			alice := f.put(t, "alice")
			judged(t, f, alice, known("alice"))
			f.files["alice"] = err
			remove(t, f, "alice")
			judged(t, f, alice, stranger)
			f.err = err
			judged(t, f, alice, nobody)
		})
	}
}

func remove(t *testing.T, f *fakeFolder, name string) {
	t.Helper()
	if err := syscall.Unlink(curve.PublicPath(f.directory, name)); err != nil {
		t.Fatal(err)
	}
}

// run runs f as Security does.
func (f *fakeFolder) run(t *testing.T) {
	t.Helper()
	_, soon := f.look()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.folder.run(t.Context(), soon, func() { f.changes++ })
	}()
	t.Cleanup(func() { <-done })
}

// When the folder is looked at: shortly after a signal, however many there are, and from time to time.
func TestWhenFolderIsLookedAt(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		prepare func(*fakeFolder)
		during  func(*fakeFolder) // after the first look, over the next minute
		want    []time.Duration   // looks within the first 65 s, the first three
		looks   int
	}{
		"nothing happens": {nil, nil, []time.Duration{0, time.Minute}, 2},
		"a signal": {nil, func(f *fakeFolder) { time.Sleep(10 * time.Second); f.signals <- struct{}{} },
			[]time.Duration{0, 10*time.Second + settleFor}, 2},
		"signals all the time": {nil, func(f *fakeFolder) {
			for range 100 {
				select {
				case f.signals <- struct{}{}:
				default: // as watch.signal
				}
				time.Sleep(10 * time.Millisecond)
			}
		}, []time.Duration{0, settleFor, 2 * settleFor}, 13},
		"can't be watched": {func(f *fakeFolder) { f.armed = false }, nil, []time.Duration{0, time.Second, 2 * time.Second}, 66},
		"can't be read":    {func(f *fakeFolder) { f.err = syscall.EMFILE }, nil, []time.Duration{0, time.Second, 2 * time.Second}, 66},
		"is not there":     {func(f *fakeFolder) { f.err = syscall.ENOENT }, nil, []time.Duration{0, time.Minute}, 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFakeFolder(t)
				if test.prepare != nil {
					test.prepare(f)
				}
				start := time.Now()
				f.run(t)
				if test.during != nil {
					test.during(f)
				}
				time.Sleep(65*time.Second - time.Since(start))
				synctest.Wait()
				if len(f.looks) != test.looks {
					t.Errorf("%d looks, want %d", len(f.looks), test.looks)
				}
				for i, want := range test.want {
					if got := f.looks[i].Sub(start); got != want {
						t.Errorf("look %d: after %s, want %s", i, got, want)
					}
				}
			})
		})
	}
}

// Those who watch are told when a verdict may have changed, and only then.
func TestFolderTellsOfChanges(t *testing.T) {
	t.Parallel()
	f := newFakeFolder(t)
	look := func(what string, want bool) {
		t.Helper()
		if got, _ := f.look(); got != want {
			t.Errorf("%s: changed %v, want %v", what, got, want)
		}
	}
	look("it is there", true)
	look("nothing", false)
	alice := f.put(t, "alice")
	look("a key", true)
	f.put(t, "zoe", alice)
	look("another name that is not shown", false)
	f.put(t, "ada", alice)
	look("another name", true)
	remove(t, f, "ada")
	look("it is gone", true)
	f.err = syscall.EIO
	look("unreadable", true)
	look("still unreadable", false)
	f.err = nil
	look("readable", true)
}

func TestUnreadableNames(t *testing.T) {
	t.Parallel()
	path := filepath.Join("clients", "a.b.key")
	got := unreadableNames(errors.Join(&curve.FileError{Path: path, Err: &fs.PathError{Err: syscall.EIO}},
		&curve.FileError{Path: "clients/c.key", Err: curve.ErrTooLarge}, &curve.FileError{Path: "clients", Err: errors.New("name")}))
	if len(got) != 1 || !got["a.b"] {
		t.Errorf("got %v", got)
	}
}
