package curve_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/curve"
)

// generate makes a key pair.
func generate(t *testing.T) *curve.Certificate {
	t.Helper()
	cert, err := curve.Generate()
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// contents returns the files in a directory with their mode and text.
func contents(t *testing.T, directory string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.IsDir() {
			files[e.Name()] = "directory"
			continue
		}
		text, err := os.ReadFile(filepath.Join(directory, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = info.Mode().String() + "\n" + string(text)
	}
	return files
}

func TestWritePair(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert := certificate(t)
	cert.Metadata = curve.Metadata{
		{curve.OwnerName, "Ada"}, {curve.CommentName, `the "first" # one`}, {curve.CreatedName, "2026-03-01T23:30:00-02:00"}, {"empty", ""},
	}
	if err := cert.WritePair(dir, "alice", curve.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	const rest = `
metadata
    owner = "Ada"
    comment = 'the "first" # one'
    created = "2026-03-01T23:30:00-02:00"
    empty = ""
curve
    public-key = "` + knownPublic + `"
`
	want := map[string]string{
		"alice.key": `-rw-r--r--
# ZeroMQ CURVE public certificate, made on 2026-03-02.
# Give it to those who are to know this key, by a way that nobody can tamper with, or
# compare fingerprints afterwards: ptkeys show.
` + rest,
		"alice.key_secret": `-rw-------
# ZeroMQ CURVE **secret** certificate, made on 2026-03-02.
# DO NOT GIVE THIS FILE TO ANYBODY, nor let others read it.
` + rest + `    secret-key = "` + knownSecret + `"
`,
	}
	if diff := cmp.Diff(want, contents(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	for _, path := range []string{curve.PublicPath(dir, "alice"), curve.SecretPath(dir, "alice")} {
		got, err := curve.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(cert.Metadata, got.Metadata); diff != "" || got.Public != cert.Public {
			t.Errorf("%s: key %s, metadata (-want +got):\n%s", path, got.Public, diff)
		}
	}
}

func TestWritePairRefuses(t *testing.T) {
	t.Parallel()
	with := func(name, value string) func(*curve.Certificate) {
		return func(c *curve.Certificate) { c.Metadata = curve.Metadata{{name, value}} }
	}
	keep := func(*curve.Certificate) {}
	tests := map[string]struct {
		name   string
		change func(*curve.Certificate)
		want   string
	}{
		"no name":                 {"", keep, "the name is empty"},
		"long name":               {strings.Repeat("x", 201), keep, "at most 200"},
		"path":                    {"a/b", keep, "holds a /"},
		"parent":                  {"..", keep, "begins with ."},
		"option":                  {"-d", keep, "begins with -"},
		"ending":                  {"alice.key", keep, "ends in .key"},
		"secret ending":           {"alice.key_secret", keep, "ends in .key"},
		"newline":                 {"a\nb", keep, "can't be printed"},
		"not UTF-8":               {"a\xff", keep, "not UTF-8"},
		"blank":                   {"alice ", keep, "blanks around"},
		"no secret key":           {"alice", func(c *curve.Certificate) { *c = *c.WithoutSecret() }, "holds no secret key"},
		"no key":                  {"alice", func(c *curve.Certificate) { c.Public = curve.PublicKey{} }, "holds no public key"},
		"metadata: no name":       {"alice", with("", "x"), "metadata name"},
		"metadata: bad name":      {"alice", with("a b", "x"), "metadata name"},
		"metadata: long name":     {"alice", with(strings.Repeat("x", 129), "x"), "at most 128"},
		"metadata: a key":         {"alice", with("secret-key-id", "x"), "reserved"},
		"metadata: line break":    {"alice", with("a", "x\npublic-key = y"), "line break"},
		"metadata: long":          {"alice", with("a", strings.Repeat("x", 513)), "at most 512"},
		"metadata: not UTF-8":     {"alice", with("a", "\xff"), "not UTF-8"},
		"metadata: both quotes":   {"alice", with("a", `'"`), "holds both"},
		"metadata: more than all": {"alice", func(c *curve.Certificate) { c.Metadata = make(curve.Metadata, 0); fill(c) }, "larger than 64 KiB"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, cert := t.TempDir(), certificate(t)
			test.change(cert)
			err := cert.WritePair(dir, test.name, curve.WriteOptions{})
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), knownSecret) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
			if diff := cmp.Diff(map[string]string{}, contents(t, dir)); diff != "" {
				t.Errorf("something was written:\n%s", diff)
			}
		})
	}
}

func fill(c *curve.Certificate) {
	for range 200 {
		c.Metadata = append(c.Metadata, curve.Field{Name: "a", Value: strings.Repeat("x", 500)})
	}
}

// TestWritesBothOrNone has one of the two places taken.
func TestWritesBothOrNone(t *testing.T) {
	t.Parallel()
	file := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			if err := os.WriteFile(filepath.Join(dir, name), []byte("old"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	directory := func(t *testing.T, dir string) {
		t.Helper()
		file("alice.key_secret")(t, dir)
		if err := os.Mkdir(filepath.Join(dir, "alice.key"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	tests := map[string]struct {
		before  func(*testing.T, string)
		replace bool
		want    error
		text    string
	}{
		"public file exists":            {file("alice.key"), false, fs.ErrExist, "alice.key: file already exists"},
		"secret file exists":            {file("alice.key_secret"), false, fs.ErrExist, "alice.key_secret: file already exists"},
		"second place can't be taken":   {directory, true, nil, "alice.key: "},
		"second place can't be, no old": {func(t *testing.T, dir string) { directory(t, dir); remove(t, dir, "alice.key_secret") }, true, nil, "alice.key: "},
		"no directory":                  {func(t *testing.T, dir string) { remove(t, dir, "") }, false, fs.ErrNotExist, "alice.key_secret: open: no such file"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parent := t.TempDir()
			dir := filepath.Join(parent, "keys")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			test.before(t, dir)
			before := snapshot(t, parent, dir)
			err := generate(t).WritePair(dir, "alice", curve.WriteOptions{Replace: test.replace})
			if err == nil || test.want != nil && !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) {
				t.Errorf("got %v, want an error with %q", err, test.text)
			}
			if diff := cmp.Diff(before, snapshot(t, parent, dir)); diff != "" {
				t.Errorf("files (-before +after):\n%s", diff)
			}
		})
	}
}

func remove(t *testing.T, dir, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}

// snapshot returns the files of parent, and of dir when that exists.
func snapshot(t *testing.T, parent, dir string) []map[string]string {
	t.Helper()
	all := []map[string]string{contents(t, parent)}
	if len(all[0]) > 0 {
		all = append(all, contents(t, dir))
	}
	return all
}

// TestWritersAtOnce has many write the same name: one pair is there at the end, of one of them, whole.
func TestWritersAtOnce(t *testing.T) {
	t.Parallel()
	for name, replace := range map[string]bool{"new": false, "replacing": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			var written atomic.Int32
			var all sync.WaitGroup
			for range 8 {
				cert := generate(t)
				all.Go(func() {
					switch err := cert.WritePublic(dir, "alice", curve.WriteOptions{Replace: replace}); {
					case err == nil:
						written.Add(1)
					case replace || !errors.Is(err, fs.ErrExist):
						t.Errorf("got %v", err)
					}
					if _, err := curve.ReadPublic(curve.PublicPath(dir, "alice")); err != nil {
						t.Errorf("a reader got %v", err)
					}
				})
			}
			all.Wait()
			if want := map[bool]int32{false: 1, true: 8}[replace]; written.Load() != want {
				t.Errorf("%d have written, want %d", written.Load(), want)
			}
			if got := contents(t, dir); len(got) != 1 {
				t.Errorf("got files %v", got)
			}
		})
	}
}

func TestReplace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old, cert := generate(t), generate(t)
	for _, c := range []*curve.Certificate{old, cert} {
		if err := c.WritePair(dir, "alice", curve.WriteOptions{Replace: true}); err != nil {
			t.Fatal(err)
		}
	}
	pair, err := curve.ReadPair(curve.SecretPath(dir, "alice"), curve.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	public, err := curve.ReadPublic(curve.PublicPath(dir, "alice"))
	if err != nil || public != cert.Public || !pair.Secret.Equal(cert.Secret) {
		t.Errorf("got %s, %v; want %s", public, err, cert.Public)
	}
	if got := contents(t, dir); len(got) != 2 {
		t.Errorf("got files %v", got)
	}
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := generate(t).WritePublic(dir, "alice", curve.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := curve.Revoke(dir, "alice"); err != nil {
		t.Fatal(err)
	}
	if got := contents(t, dir); len(got) != 0 {
		t.Errorf("got files %v", got)
	}
	if err := curve.Revoke(dir, "alice"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("again: got %v", err)
	}
	if err := curve.Revoke(dir, "../alice"); err == nil {
		t.Error("leaves the folder")
	}
}
