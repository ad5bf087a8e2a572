// Package keycheck looks for what is wrong with key files: their contents, their pairs, and who can read and change them. It is for "ptkeys check" and "ptctl doctor".
//
//	c := keycheck.New()
//	c.Path("/etc/posttroll/keys")
//	c.Together()
//	for _, f := range c.Findings { … }
//
// A checker is for one goroutine.
package keycheck

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pytroll/posttroll-go/pkg/curve"
)

// Finding is something wrong.
type Finding struct{ Path, Text string }

// keyFile is a key file that was read.
type keyFile struct {
	path   string
	name   string // without directory and ending
	key    curve.PublicKey
	client bool // it lies in the folder of the clients
}

// Checker collects what is wrong with key files.
type Checker struct {
	// Findings are what was found so far.
	Findings []Finding

	seen  map[string]bool
	files []keyFile
}

// New returns a checker that has looked at nothing yet.
func New() *Checker { return &Checker{seen: map[string]bool{}} }

// Files is the number of key files that could be read.
func (c *Checker) Files() int { return len(c.files) }

func (c *Checker) find(path, format string, args ...any) {
	c.Findings = append(c.Findings, Finding{path, fmt.Sprintf(format, args...)})
}

// findError takes an error whose text need not repeat the path.
func (c *Checker) findError(path string, err error) {
	if fe, ok := errors.AsType[*curve.FileError](err); ok {
		err = fe.Err
	}
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	c.find(path, "%v", err)
}

// Path checks a file, or those in a directory.
func (c *Checker) Path(path string) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		c.findError(path, err)
	case info.IsDir():
		c.directory(path, info, false)
	default:
		directory, err := os.Stat(filepath.Dir(path))
		if err != nil {
			c.findError(path, err)
			return
		}
		c.file(path, info, directory, false)
	}
}

// directory checks the key files in a directory.
func (c *Checker) directory(path string, info fs.FileInfo, client bool) {
	if info.Mode().Perm()&0o002 != 0 {
		c.find(path, "mode %04o: anybody can add and remove keys", info.Mode().Perm())
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		c.findError(path, err)
		return
	}
	for _, entry := range entries {
		name := entry.Name()
		inside := filepath.Join(path, name)
		switch {
		case strings.HasPrefix(name, curve.TemporaryPrefix):
			c.find(inside, "left by an interrupted ptkeys: remove it")
		case strings.HasPrefix(name, "."):
		case strings.HasSuffix(name, curve.PublicSuffix) || strings.HasSuffix(name, curve.SecretSuffix):
			of, err := os.Stat(inside)
			if err != nil {
				c.findError(inside, err)
				continue
			}
			c.file(inside, of, info, client)
		}
	}
}

// file checks one file in a directory.
func (c *Checker) file(path string, info, directory fs.FileInfo, client bool) {
	if c.seen[filepath.Clean(path)] {
		return
	}
	c.seen[filepath.Clean(path)] = true
	cert, err := curve.Read(path)
	if err != nil {
		c.findError(path, err)
		return
	}
	defer cert.Secret.Wipe()
	c.owner(path, info, directory)
	c.kind(path, cert, client)
	if cert.HasSecret() {
		if _, err := curve.ReadPair(path, curve.ReadOptions{}); err != nil {
			c.notPrivate(path, err)
		}
	} else if info.Mode().Perm()&0o002 != 0 {
		c.find(path, "mode %04o: anybody can change it", info.Mode().Perm())
	}
	name := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(path), curve.SecretSuffix), curve.PublicSuffix)
	if err := curve.CheckName(name); err != nil {
		c.find(path, "%v", err)
	}
	c.files = append(c.files, keyFile{path, name, cert.Public, client})
}

// notPrivate reports why a pair would not be taken by a server, with the command that mends it.
func (c *Checker) notPrivate(path string, err error) {
	if pe, ok := errors.AsType[*curve.PermissionError](err); ok {
		c.find(path, "%v (%s)", pe, pe.HintText())
		return
	}
	c.findError(path, err)
}

// kind compares what a file holds with its name and place.
func (c *Checker) kind(path string, cert *curve.Certificate, client bool) {
	switch {
	case client && cert.HasSecret():
		c.find(path, "a secret key in the folder of the clients")
	case cert.HasSecret() && strings.HasSuffix(path, curve.PublicSuffix):
		c.find(path, "holds a secret key, with the name of a public key file")
	case !cert.HasSecret() && strings.HasSuffix(path, curve.SecretSuffix):
		c.find(path, "%v", curve.ErrNoSecretKey)
	}
}

// owner compares the owner of a file with those that may have it.
func (c *Checker) owner(path string, info, directory fs.FileInfo) {
	uid, ok := ownerOf(info)
	of, known := ownerOf(directory)
	if ok && known && !slices.Contains([]uint32{0, uint32(os.Geteuid()), of}, uid) {
		c.find(path, "belongs to %s, who is neither root, nor the owner of the directory, nor you", userName(uid))
	}
}

// Clients checks the folder of the clients, before paths that it may be among. Expect names those who ought to be in it, if it is not empty.
func (c *Checker) Clients(path string, expect []string) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		c.findError(path, err)
		return
	case !info.IsDir():
		c.find(path, "no directory")
		return
	}
	c.directory(path, info, true)
	if len(expect) > 0 {
		c.expected(path, expect)
	}
}

func (c *Checker) expected(path string, expect []string) {
	admitted, err := curve.ReadClients(path)
	if admitted == nil {
		c.findError(path, err)
		return
	}
	var names []string
	for name := range admitted.All() {
		names = append(names, name)
		if !slices.Contains(expect, name) {
			c.find(curve.PublicPath(path, name), "%s is admitted and not expected", name)
		}
	}
	for _, name := range expect {
		if !slices.Contains(names, name) {
			c.find(path, "%s is expected and not admitted", name)
		}
	}
}

// Together compares the files with each other, when all were looked at.
func (c *Checker) Together() {
	keys := map[curve.PublicKey]keyFile{}
	names := map[string][]keyFile{}
	for _, f := range c.files {
		if first, ok := keys[f.key]; !ok {
			keys[f.key] = f
		} else if first.name != f.name {
			c.find(f.path, "the same key as %s, under another name", first.path)
		}
		for _, other := range names[f.name] {
			c.compare(other, f)
		}
		names[f.name] = append(names[f.name], f)
	}
}

// compare compares two files of one name. Those of two directories may differ, unless one is that of the clients.
func (c *Checker) compare(a, b keyFile) {
	if a.key != b.key && (filepath.Dir(a.path) == filepath.Dir(b.path) || a.client != b.client) {
		c.find(a.path, "its key is not that of %s", b.path)
	}
}
