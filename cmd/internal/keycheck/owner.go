package keycheck

import (
	"fmt"
	"io/fs"
	"os/user"
	"strconv"
	"syscall"
)

// ownerOf returns the number of the user whom a file belongs to.
func ownerOf(info fs.FileInfo) (uint32, bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return stat.Uid, true
}

// userName names a user.
func userName(uid uint32) string {
	number := strconv.FormatUint(uint64(uid), 10)
	u, err := user.LookupId(number)
	if err != nil {
		return "user " + number // nobody has the number: it came from another machine
	}
	return fmt.Sprintf("%s (user %s)", u.Username, number)
}
