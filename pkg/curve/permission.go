package curve

import (
	"fmt"
	"io/fs"
	"strings"
)

// PermissionError says that others than its owner can read or change a secret key file.
type PermissionError struct {
	Path string
	Mode fs.FileMode // the permission bits
}

// Error returns the mode.
func (e *PermissionError) Error() string {
	return fmt.Sprintf("mode %04o: others than the owner can read or change the secret key", e.Mode)
}

// HintText returns the command that mends it.
func (e *PermissionError) HintText() string { return "chmod 600 " + shellQuote(e.Path) }

// sharedBits are those by which group and others read and write.
const (
	othersBits = 0o006
	sharedBits = 0o060 | othersBits
)

// checkShared finds that others can read or change a file. With a list of rights (acl(5)) the group's bits are only the upper bound of what
// the list grants: systemd puts credentials so into the hands of one user, and they look as if the group could read them.
func checkShared(path string, info fs.FileInfo) error {
	mode := info.Mode().Perm()
	if mode&sharedBits == 0 || mode&othersBits == 0 && grantsOnlyUs(path) {
		return nil
	}
	return &PermissionError{path, mode}
}

// shellQuote makes one word for a shell of a path.
func shellQuote(path string) string {
	if strings.HasPrefix(path, "-") {
		path = "./" + path
	}
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,:@%"
	if path != "" && !strings.ContainsFunc(path, func(r rune) bool { return !strings.ContainsRune(plain, r) }) {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
