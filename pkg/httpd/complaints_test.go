package httpd

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// TestComplaints: whoever connects a thousand times to no good gets no thousand lines into the log.
func TestComplaints(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		core, seen := observer.New(zap.InfoLevel)
		log := newComplaints(zap.New(core))
		for range 3 {
			for i := range 1000 {
				log.Printf("http: TLS handshake error from 192.0.2.1:%d: EOF", i)
			}
			time.Sleep(complaintSpan)
		}
		log.Print("http: panic serving 192.0.2.1:1: on purpose\ngoroutine 1 [running]")
		var got []string
		for _, e := range seen.All() {
			got = append(got, fmt.Sprint(e.Message, " ", e.ContextMap()["count"], " ", e.ContextMap()["error"]))
		}
		var want []string
		for _, first := range []int{1, 996, 996} {
			for i := range complaintLines {
				count := 1
				if i == 0 {
					count = first
				}
				want = append(want, fmt.Sprintf("HTTP connection failed %d TLS handshake error from 192.0.2.1:%d: EOF", count, i))
			}
		}
		want = append(want, "HTTP handler panicked 1 panic serving 192.0.2.1:1: on purpose\ngoroutine 1 [running]")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}
