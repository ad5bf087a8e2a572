package security

import (
	"errors"
	"io/fs"
	"maps"
	"path/filepath"
	"syscall"

	"github.com/pytroll/posttroll-go/pkg/curve"
)

// admission is whom the folder admits. It does not change.
type admission struct {
	identity map[curve.PublicKey]string // admitted, with the first of their names
	names    map[string]curve.PublicKey // admitted, by all names
	// unknown are the keys that were last seen under names whose files can't be read now, for a reason that says nothing of the key; doubtful those of them that
	// are not admitted by another name: their connections stay, new ones are not admitted.
	unknown  map[string]curve.PublicKey
	doubtful map[curve.PublicKey]struct{}
	missing  bool // the folder is not there or can't be read
}

// admit makes the admission after a look at the folder, of which curve.ReadClients has returned clients and err.
func admit(old *admission, clients *curve.Clients, err error) *admission {
	now := &admission{
		identity: map[curve.PublicKey]string{},
		names:    map[string]curve.PublicKey{},
		unknown:  map[string]curve.PublicKey{},
		doubtful: map[curve.PublicKey]struct{}{},
		missing:  clients == nil,
	}
	for name, cert := range clients.All() {
		now.names[name] = cert.Public
		now.identity[cert.Public], _ = clients.Identity(cert.Public)
	}
	unreadable := unreadableNames(err)
	for name, key := range old.all() {
		if unreadable[name] || clients == nil && !gone(err) {
			now.unknown[name] = key
			if _, ok := now.identity[key]; !ok {
				now.doubtful[key] = struct{}{}
			}
		}
	}
	return now
}

// all returns the keys by name that are admitted or were when they could be read.
func (a *admission) all() map[string]curve.PublicKey {
	all := maps.Clone(a.unknown)
	if all == nil {
		all = map[string]curve.PublicKey{}
	}
	maps.Copy(all, a.names)
	return all
}

// equal says that the same verdicts come of both.
func (a *admission) equal(b *admission) bool {
	return a.missing == b.missing && maps.Equal(a.identity, b.identity) && maps.Equal(a.doubtful, b.doubtful)
}

// unreadableNames returns the names whose files can't be read at the moment, so that nobody can tell what stands in them.
func unreadableNames(err error) map[string]bool {
	names := map[string]bool{}
	for _, e := range split(err) {
		fe, ok := errors.AsType[*curve.FileError](e)
		if !ok {
			continue
		}
		_, io := errors.AsType[*fs.PathError](fe.Err)
		if io && !gone(fe.Err) {
			name := filepath.Base(fe.Path)
			names[name[:len(name)-len(filepath.Ext(name))]] = true
		}
	}
	return names
}

// gone says that a file or folder is not there.
func gone(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) }

// split returns the errors that errors.Join has joined.
func split(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}
