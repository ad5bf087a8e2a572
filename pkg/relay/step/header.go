package step

import (
	"fmt"
	"time"

	"github.com/pytroll/posttroll-go/pkg/message"
)

type writeVersion message.Version

func (b *builder) version(key, version string) action {
	v := message.Version(version)
	if v != message.V101 && v != message.V12 {
		b.add(key, fmt.Sprintf("%q is unknown, want %s or %s", version, message.V101, message.V12), "")
	}
	return writeVersion(v)
}

func (v writeVersion) do(i *Item, _ time.Time) (Reason, error) {
	i.version = message.Version(v)
	return "", nil
}

type maxAge time.Duration

func (b *builder) maxAge(key string, d time.Duration) action {
	if d < time.Millisecond {
		b.add(key, fmt.Sprintf("%s is out of range, want 1ms or more", d), "")
	}
	return maxAge(d)
}

func (a maxAge) do(i *Item, now time.Time) (Reason, error) {
	if now.Sub(i.in.Time().Time) > time.Duration(a) {
		return TooOld, nil
	}
	return "", nil
}
