package curve

import (
	"errors"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Clients are the keys that a server admits, by name. They do not change once they were read. The zero value and nil admit nobody.
type Clients struct {
	names map[PublicKey][]string // sorted
	certs map[string]*Certificate
}

// ReadClients reads the folder of the clients: of each file NAME.key the public key, with NAME as identity. Files with other endings, and those
// that begin with a dot, are not looked at, as in the reference.
//
// It returns nil and an error when the folder itself can't be read. Files that can't be read, or are no key files, are errors too, joined, each
// a [FileError]; the others are returned nevertheless, and the caller decides whether to go on with them.
func ReadClients(directory string) (*Clients, error) {
	var clients *Clients
	var err error
	for range readTries {
		var moved bool
		if clients, moved, err = readClients(directory); !moved {
			break
		}
	}
	return clients, err
}

// readTries bounds how often a folder is read that changes meanwhile. A file that gets another name while it is read may be found under neither, and its
// client would be taken for one that was revoked.
const readTries = 10

// readClients reads the folder once, and tells whether it has changed in between.
func readClients(directory string) (clients *Clients, moved bool, err error) {
	before := changedAt(directory)
	entries, err := os.ReadDir(directory)
	if err != nil {
		return nil, false, &FileError{directory, err}
	}
	clients = &Clients{names: map[PublicKey][]string{}, certs: map[string]*Certificate{}}
	var bad []error
	for _, entry := range entries { // sorted by name
		name, isKey := strings.CutSuffix(entry.Name(), PublicSuffix)
		if !isKey || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		path := filepath.Join(directory, entry.Name())
		if err := CheckName(name); err != nil {
			bad = append(bad, &FileError{directory, err})
			continue
		}
		cert, err := Read(path)
		if errors.Is(err, fs.ErrNotExist) && gone(path) {
			moved = true
			continue
		}
		if err != nil {
			bad = append(bad, err)
			continue
		}
		clients.add(name, cert)
	}
	return clients, moved || changedAt(directory) != before, errors.Join(bad...)
}

// changedAt is when a folder was changed last; zero where that can't be told.
func changedAt(directory string) time.Time {
	info, err := os.Stat(directory)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// gone says that a file was removed since the folder was listed. A link to nowhere is there.
func gone(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}

func (c *Clients) add(name string, cert *Certificate) {
	cert.Secret.Wipe()
	c.certs[name] = cert.WithoutSecret()
	c.names[cert.Public] = append(c.names[cert.Public], name)
	slices.Sort(c.names[cert.Public])
}

// Identity returns the name of a key, and whether it is admitted. Of several names it is the first one in order.
func (c *Clients) Identity(key PublicKey) (string, bool) {
	if c == nil || len(c.names[key]) == 0 || key.IsZero() {
		return "", false
	}
	return c.names[key][0], true
}

// Names returns all names of a key, sorted. There ought to be one.
func (c *Clients) Names(key PublicKey) []string {
	if c == nil {
		return nil
	}
	return slices.Clone(c.names[key])
}

// Len returns the number of names.
func (c *Clients) Len() int {
	if c == nil {
		return 0
	}
	return len(c.certs)
}

// All yields names and their certificates, without secret keys, sorted by name.
func (c *Clients) All() iter.Seq2[string, *Certificate] {
	return func(yield func(string, *Certificate) bool) {
		if c == nil {
			return
		}
		for _, name := range slices.Sorted(maps.Keys(c.certs)) {
			if !yield(name, c.certs[name]) {
				return
			}
		}
	}
}
