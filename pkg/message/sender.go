package message

import (
	"os"
	"os/user"
	"strconv"
	"strings"
	"sync"
)

// LocalSender returns user@host of this process, never with white space. The
// user is the name of the process's real user id in the system's user database,
// or the number where it has none. The environment does not count, except that
// os/user built without cgo takes $USER for a user that has no name. Both are
// read once.
func LocalSender() string { return localSender() }

var localSender = sync.OnceValue(func() string {
	uid := strconv.Itoa(os.Getuid())
	name := uid
	if u, err := user.LookupId(uid); err == nil {
		name = u.Username
	}
	host, err := os.Hostname()
	if err != nil {
		host = ""
	}
	return senderWord(name, uid) + "@" + senderWord(host, "localhost")
})

// senderWord makes s fit for a sender: white space becomes "_".
func senderWord(s, empty string) string {
	s = strings.ToValidUTF8(s, "_")
	if s == "" {
		return empty
	}
	return strings.Map(func(r rune) rune {
		if isSpace(r) {
			return '_'
		}
		return r
	}, s)
}
