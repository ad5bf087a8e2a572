package discovery

import (
	"fmt"
	"slices"
	"time"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/multicast"
)

// fitted returns a with as many of its extra keys, from the first, as fit into a datagram together with everything
// else, whatever the time in it. Both types of announcement are measured.
func (a Announcement) fitted(enc message.Encoder) (Announcement, error) {
	for {
		size, err := a.size(enc)
		if err != nil {
			return Announcement{}, err
		}
		if size <= multicast.MaxSend {
			return a, nil
		}
		extra, ok := a.lastDroppable()
		if !ok {
			return Announcement{}, a.tooLong(size)
		}
		a = a.clone()
		a.Extra.Delete(extra)
	}
}

// size is the length in bytes of the longest message that is made of a.
func (a Announcement) size(enc message.Encoder) (int, error) {
	var size int
	for _, typ := range []string{TypeInfo, TypeWithdraw} {
		f, err := a.outgoing(typ).fields(typ, enc)
		if err != nil {
			return 0, err
		}
		// Times without fractions are written shorter.
		f.Time = message.Time{Time: time.Date(2000, 1, 1, 0, 0, 0, 999999000, time.UTC)}
		m, err := enc.Encode(f)
		if err != nil {
			return 0, fmt.Errorf("announcement of %q: %w", a.Name, err)
		}
		size = max(size, len(m.Bytes()))
	}
	return size, nil
}

func (a Announcement) tooLong(size int) error {
	var aliases int
	for _, s := range a.Services {
		aliases += len(s)
	}
	return fmt.Errorf("announcement of %q takes %d bytes, and a datagram at most %d: shorten its name (%d bytes) or its aliases "+
		"(%d with %d bytes together), or name the nameservers to register with instead of using multicast",
		a.Name, size, multicast.MaxSend, len(a.Name), len(a.Services), aliases)
}

// outgoing is what is sent of a in a message of the given type: a withdrawal needs
// no more than to say who goes.
func (a Announcement) outgoing(typ string) Announcement {
	if typ == TypeWithdraw {
		return Announcement{Name: a.Name, URI: a.URI, Services: slices.Clone(a.Services), ServiceText: a.ServiceText}
	}
	return a
}
