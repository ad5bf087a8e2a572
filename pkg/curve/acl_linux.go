package curve

import (
	"encoding/binary"
	"os"
	"syscall"
)

// The binary form of a list of rights: a version, then entries of a tag, the rights and an id, all little-endian (linux/posix_acl_xattr.h).
const (
	aclAttribute = "system.posix_acl_access"
	aclVersion   = 2
	aclEntry     = 8

	aclOwner = 0x01
	aclUser  = 0x02
	aclMask  = 0x10

	aclReadWrite = 4 | 2
)

// grantsOnlyUs says that a file has a list of rights which lets nobody read or write but its owner, root and this process's user. No list, and
// one that can't be read, say no.
func grantsOnlyUs(path string) bool {
	list := make([]byte, 4096)
	n, err := syscall.Getxattr(path, aclAttribute, list)
	return err == nil && listGrantsOnly(list[:n], os.Geteuid())
}

// listGrantsOnly reads the list.
func listGrantsOnly(list []byte, uid int) bool {
	if len(list) < 4 || len(list)%aclEntry != 4 || binary.LittleEndian.Uint32(list) != aclVersion {
		return false
	}
	for entry := list[4:]; len(entry) > 0; entry = entry[aclEntry:] {
		tag := binary.LittleEndian.Uint16(entry)
		rights := binary.LittleEndian.Uint16(entry[2:])
		id := binary.LittleEndian.Uint32(entry[4:])
		ours := tag == aclOwner || tag == aclMask || tag == aclUser && (id == 0 || int64(id) == int64(uid))
		if !ours && rights&aclReadWrite != 0 {
			return false
		}
	}
	return true
}
