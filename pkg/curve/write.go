package curve

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// WriteOptions says how key files are written.
type WriteOptions struct {
	// Replace lets new files take the place of old ones. Without it one that exists is an error, and nothing is written.
	Replace bool
}

// Modes of key files. That of public ones is the same whatever the umask: an administrator who lets a client in, with a umask of 077 as on hardened hosts,
// is often another user than the server that has to read the file. From that of secret ones the umask may take.
const (
	publicMode fs.FileMode = 0o644
	secretMode fs.FileMode = 0o600
)

// WritePair writes NAME.key and NAME.key_secret into a directory that exists: both or none. Nobody but the owner can read the secret file
// at any time; a reader sees whole files only; what is written is on the disk when it returns. A file that exists is [fs.ErrExist].
func (c *Certificate) WritePair(directory, name string, options WriteOptions) error {
	if err := CheckName(name); err != nil {
		return err
	}
	secret, err := c.AppendSecret(nil)
	if err != nil {
		return fmt.Errorf("write keys of %s: %w", name, err)
	}
	defer clear(secret)
	public, err := c.AppendPublic(nil)
	if err != nil {
		return fmt.Errorf("write keys of %s: %w", name, err)
	}
	return writeAll(directory, []newFile{
		{SecretPath(directory, name), secretMode, secret},
		{PublicPath(directory, name), publicMode, public},
	}, options.Replace)
}

// WritePublic writes NAME.key alone into a directory that exists, as [Certificate.WritePair] does. It is also how a client is admitted: into
// the folder that [ReadClients] reads.
func (c *Certificate) WritePublic(directory, name string, options WriteOptions) error {
	if err := CheckName(name); err != nil {
		return err
	}
	public, err := c.AppendPublic(nil)
	if err != nil {
		return fmt.Errorf("write key of %s: %w", name, err)
	}
	return writeAll(directory, []newFile{{PublicPath(directory, name), publicMode, public}}, options.Replace)
}

// Revoke removes NAME.key from the folder of the clients, so that it is gone from the disk when it returns. That there was none is
// [fs.ErrNotExist].
func Revoke(directory, name string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	path := PublicPath(directory, name)
	if err := os.Remove(path); err != nil {
		return &FileError{path, err}
	}
	return syncDirectory(directory)
}

// existing returns an error for the first of files that exists.
func existing(files []newFile) error {
	for _, f := range files {
		_, err := os.Lstat(f.path)
		switch {
		case err == nil:
			return &FileError{f.path, fs.ErrExist}
		case !errors.Is(err, fs.ErrNotExist):
			return &FileError{f.path, err}
		}
	}
	return nil
}
