package curve

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Endings of key files.
const (
	PublicSuffix = ".key"
	SecretSuffix = ".key_secret"
)

// maxIdentity bounds a name, in bytes, so that the file name stays below 255 also while it is written.
const maxIdentity = 200

// CheckName says why a name can't be that of a key. It becomes the name of files and the identity that logs show: so it is not empty, has no slash,
// no control character and no blank at its ends, does not begin with a dot or a dash, does not end in .key or .key_secret, is UTF-8,
// and has 200 bytes at most.
func CheckName(name string) error {
	switch {
	case name == "":
		return errors.New("the name is empty")
	case len(name) > maxIdentity:
		return fmt.Errorf("the name has %d bytes, at most %d", len(name), maxIdentity)
	case !utf8.ValidString(name):
		return fmt.Errorf("name %q: not UTF-8", name)
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fmt.Errorf("name %q: holds a character that can't be printed", name)
	case strings.ContainsRune(name, filepath.Separator):
		return fmt.Errorf("name %q: holds a %c", name, filepath.Separator)
	case name[0] == '.' || name[0] == '-':
		return fmt.Errorf("name %q: begins with %c", name, name[0])
	case strings.TrimSpace(name) != name:
		return fmt.Errorf("name %q: blanks around it", name)
	case strings.HasSuffix(name, PublicSuffix) || strings.HasSuffix(name, SecretSuffix):
		return fmt.Errorf("name %q: ends in .key or .key_secret, which are added", name)
	}
	return nil
}

// PublicPath is where the public key of a name lies.
func PublicPath(directory, name string) string { return filepath.Join(directory, name+PublicSuffix) }

// SecretPath is where both keys of a name lie.
func SecretPath(directory, name string) string { return filepath.Join(directory, name+SecretSuffix) }
