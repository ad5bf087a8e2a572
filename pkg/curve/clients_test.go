package curve_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/curve"
)

// write writes a file of a test.
func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestReadClients(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	alice, bob := generate(t), generate(t)
	alice.Metadata = curve.Metadata{{curve.OwnerName, "Ada"}}
	for name, cert := range map[string]*curve.Certificate{"alice": alice, "bob": bob, "alias of bob": bob} {
		if err := cert.WritePublic(dir, name, curve.WriteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	// Not looked at.
	for _, name := range []string{"README", "x.key~", ".hidden.key", "y.key_secret", "z.KEY"} {
		write(t, dir, name, "nonsense")
	}
	// A secret certificate under a public name admits its client, as in the reference; its secret key is let go.
	write(t, dir, "server.key", "public-key = "+knownPublic+"\nsecret-key = "+knownSecret)

	clients, err := curve.ReadClients(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	var names []string
	for name, cert := range clients.All() {
		names = append(names, name)
		got[name] = cert.Public.String()
		if cert.HasSecret() {
			t.Errorf("%s: the secret key was kept", name)
		}
	}
	want := map[string]string{"alice": alice.Public.String(), "bob": bob.Public.String(), "alias of bob": bob.Public.String(), "server": knownPublic}
	if diff := cmp.Diff(want, got); diff != "" || clients.Len() != len(want) || !slices.IsSorted(names) {
		t.Errorf("%d clients in order %v (-want +got):\n%s", clients.Len(), names, diff)
	}
	if name, ok := clients.Identity(alice.Public); name != "alice" || !ok {
		t.Errorf("Identity: got %q, %v", name, ok)
	}
	if name, _ := clients.Identity(bob.Public); name != "alias of bob" {
		t.Errorf("Identity of two names: got %q", name)
	}
	if diff := cmp.Diff([]string{"alias of bob", "bob"}, clients.Names(bob.Public)); diff != "" {
		t.Errorf("Names (-want +got):\n%s", diff)
	}
}

// A key whose file gets another name while the folder is read is not missed.
func TestReadClientsWhileFilesAreRenamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	alice := generate(t)
	for _, name := range []string{"alice", "bob", "carol", "dave"} {
		cert := alice
		if name != "alice" {
			cert = generate(t)
		}
		if err := cert.WritePublic(dir, name, curve.WriteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	stop, stopped := make(chan struct{}), make(chan error)
	go func() {
		from, to := curve.PublicPath(dir, "alice"), curve.PublicPath(dir, "Alice")
		for {
			select {
			case <-stop:
				stopped <- nil
				return
			case <-time.After(time.Millisecond):
			}
			if err := os.Rename(from, to); err != nil {
				<-stop
				stopped <- err
				return
			}
			from, to = to, from
		}
	}()
	defer func() {
		close(stop)
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	}()
	for range 1000 {
		clients, err := curve.ReadClients(dir)
		if _, ok := clients.Identity(alice.Public); !ok || err != nil {
			t.Fatalf("the key is missing, error %v", err)
		}
	}
}

func TestReadClientsTellsOfBadFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	alice := generate(t)
	if err := alice.WritePublic(dir, "alice", curve.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "broken.key", "curve\n    public-key = \"short\"\n")
	write(t, dir, "empty.key", "")
	write(t, dir, "bad\nname.key", "public-key = "+knownPublic)
	write(t, dir, "mismatch.key", "public-key = "+otherPublic+"\nsecret-key = "+knownSecret)
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "directory.key"), 0o700), os.Symlink("nowhere", filepath.Join(dir, "link.key"))); err != nil {
		t.Fatal(err)
	}
	clients, err := curve.ReadClients(dir)
	if name, ok := clients.Identity(alice.Public); !ok || name != "alice" || clients.Len() != 1 {
		t.Errorf("the good one: got %q, %v of %d", name, ok, clients.Len())
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("got %v", err)
	}
	var got []string
	for _, one := range joined.Unwrap() {
		if _, ok := errors.AsType[*curve.FileError](one); !ok {
			t.Errorf("%v is no FileError", one)
		}
		got = append(got, strings.TrimPrefix(one.Error(), dir))
	}
	want := []string{
		`: name "bad\nname": holds a character that can't be printed`,
		"/broken.key: line 2: public key: 5 characters, want 40",
		"/directory.key: not a regular file",
		"/empty.key: holds no public key",
		"/link.key: open: no such file or directory",
		"/mismatch.key: its public key does not belong to its secret key",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
}

func TestReadClientsFailsClosed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "file", "")
	for name, is := range map[string]error{"missing": fs.ErrNotExist, "file": nil} {
		clients, err := curve.ReadClients(filepath.Join(dir, name))
		if clients != nil || err == nil || is != nil && !errors.Is(err, is) || !strings.Contains(err.Error(), filepath.Join(dir, name)) {
			t.Errorf("%s: got %v, %v", name, clients, err)
		}
	}
	key := generate(t).Public
	for name, clients := range map[string]*curve.Clients{"nil": nil, "zero": {}} {
		if _, ok := clients.Identity(key); ok || clients.Len() != 0 || clients.Names(key) != nil {
			t.Errorf("%s admits a key", name)
		}
		for name := range clients.All() {
			t.Errorf("%s has %q", name, name)
		}
	}
	empty, err := curve.ReadClients(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := empty.Identity(key); ok {
		t.Error("an empty folder admits a key")
	}
	if _, ok := empty.Identity(curve.PublicKey{}); ok {
		t.Error("an empty folder admits no key")
	}
}
