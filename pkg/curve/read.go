package curve

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// ErrNotRegular says that a directory, device or pipe stands where a key file was to be.
var ErrNotRegular = errors.New("not a regular file")

// FileError says which file is bad and why. Its text tells nothing of what stands in the file.
type FileError struct {
	Path string
	Err  error
}

// Error returns the path and what is wrong.
func (e *FileError) Error() string {
	if pe, ok := errors.AsType[*fs.PathError](e.Err); ok {
		return fmt.Sprintf("%s: %s: %v", e.Path, pe.Op, pe.Err)
	}
	return fmt.Sprintf("%s: %v", e.Path, e.Err)
}

// Unwrap returns what is wrong.
func (e *FileError) Unwrap() error { return e.Err }

// ReadOptions says what is taken of a file with a secret key.
type ReadOptions struct {
	// AllowShared takes also a file that others than its owner can read or change. For containers, whose secrets are mounted so.
	AllowShared bool
}

// ReadPair reads a secret key file, NAME.key_secret. Besides files that can't be read or parsed, those without a secret key are refused
// ([ErrNoSecretKey]), and, unless options allow them, those that others can read or change ([PermissionError]). All errors are a [FileError].
func ReadPair(path string, options ReadOptions) (KeyPair, error) {
	cert, info, err := read(path)
	if err != nil {
		return KeyPair{}, err
	}
	if !cert.HasSecret() {
		return KeyPair{}, &FileError{path, ErrNoSecretKey}
	}
	if !options.AllowShared {
		if err := checkShared(path, info); err != nil {
			cert.Secret.Wipe()
			return KeyPair{}, &FileError{path, err}
		}
	}
	return cert.KeyPair, nil
}

// ReadPublic reads the public key from a public key file, or from a secret one, as the reference does. All errors are a [FileError].
func ReadPublic(path string) (PublicKey, error) {
	cert, _, err := read(path)
	if err != nil {
		return PublicKey{}, err
	}
	cert.Secret.Wipe()
	return cert.Public, nil
}

// Read reads a key file of either kind, with its metadata, and does not ask who else can read it: for tools that show, copy or check.
// All errors are a [FileError].
func Read(path string) (*Certificate, error) {
	cert, _, err := read(path)
	return cert, err
}

func read(path string) (*Certificate, fs.FileInfo, error) {
	text, info, err := readBounded(path)
	defer clear(text)
	if err != nil {
		return nil, nil, &FileError{path, err}
	}
	cert, err := Parse(text)
	if err != nil {
		return nil, nil, &FileError{path, err}
	}
	return cert, info, nil
}

// readBounded reads a regular file of 64 KiB at most.
func readBounded(path string) ([]byte, fs.FileInfo, error) {
	// A pipe must not hold us up.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close() // it was only read
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, nil, err
	case !info.Mode().IsRegular():
		return nil, nil, ErrNotRegular
	case info.Size() > maxFile:
		return nil, nil, ErrTooLarge
	}
	// One buffer: growing would leave a copy of the secret key behind.
	text := make([]byte, maxFile+1)
	n, err := io.ReadFull(f, text)
	switch {
	case err == nil:
		return text, nil, ErrTooLarge
	case !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF):
		return text, nil, err
	}
	return text[:n], info, nil
}
