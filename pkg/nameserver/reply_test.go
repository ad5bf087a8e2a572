package nameserver

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// TestReplyHead: a header that is put together is the one that is encoded, with a fraction of a second and without.
func TestReplyHead(t *testing.T) {
	t.Parallel()
	for _, version := range []message.Version{message.V101, message.V12, "v1.1", "v1.10", "abc"} {
		for _, now := range []time.Time{
			time.Date(2024, 5, 17, 9, 41, 12, 345_678_901, time.UTC),
			time.Date(2024, 5, 17, 9, 41, 12, 0, time.FixedZone("", 7200)),
		} {
			got, want := string(appendHead([]byte("x"), version, now)), "x"+string(encodeHead(version, now))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", version, now, diff)
			}
		}
	}
}
