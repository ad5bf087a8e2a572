package curve

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// acl makes a list of rights of triples: tag, rights, id.
func acl(version uint32, entries ...[3]uint32) []byte {
	list := binary.LittleEndian.AppendUint32(nil, version)
	for _, e := range entries {
		list = binary.LittleEndian.AppendUint16(list, uint16(e[0]))
		list = binary.LittleEndian.AppendUint16(list, uint16(e[1]))
		list = binary.LittleEndian.AppendUint32(list, e[2])
	}
	return list
}

func TestListGrantsOnly(t *testing.T) {
	t.Parallel()
	const (
		group, namedGroup, other = 0x04, 0x08, 0x20
		nobody                   = 0xffffffff
		uid                      = 977
	)
	// What systemd makes of a credential for a user.
	credential := [][3]uint32{{aclOwner, 4, nobody}, {aclUser, 4, uid}, {group, 0, nobody}, {aclMask, 4, nobody}, {other, 0, nobody}}
	with := func(entry ...[3]uint32) []byte {
		return acl(2, append(credential[:len(credential):len(credential)], entry...)...)
	}
	tests := map[string]struct {
		list []byte
		want bool
	}{
		"a credential":         {with(), true},
		"root beside":          {with([3]uint32{aclUser, 6, 0}), true},
		"another user":         {with([3]uint32{aclUser, 4, uid + 1}), false},
		"another can write":    {with([3]uint32{aclUser, 2, uid + 1}), false},
		"another can nothing":  {with([3]uint32{aclUser, 1, uid + 1}), true},
		"the group":            {with([3]uint32{group, 4, nobody}), false},
		"a group":              {with([3]uint32{namedGroup, 4, uid}), false},
		"others":               {with([3]uint32{other, 4, nobody}), false},
		"an unknown entry":     {with([3]uint32{0x40, 4, uid}), false},
		"an unknown version":   {acl(3, credential...), false},
		"cut":                  {with()[:len(with())-1], false},
		"no entry is no right": {acl(2), true},
		"nothing":              {nil, false},
		"short":                {bytes.Repeat([]byte{2}, 3), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := listGrantsOnly(test.list, uid); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
