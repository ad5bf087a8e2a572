package dedup_test

import (
	"fmt"
	"time"

	"github.com/pytroll/posttroll-go/pkg/dedup"
	"github.com/pytroll/posttroll-go/pkg/message"
)

// Two stations receive the same file; the second announcement is a duplicate.
func ExampleWindow() {
	window, err := dedup.New(dedup.Config{By: dedup.ByUID, Window: 10 * time.Minute})
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Date(2024, 5, 17, 9, 41, 12, 0, time.UTC)
	for _, station := range []string{"a", "b"} {
		m, err := message.New("/1b/hrit/0deg", "file", map[string]any{"uid": "H-000-MSG3.h5", "uri": "ssh://" + station + "/data/H-000-MSG3.h5"})
		if err != nil {
			fmt.Println(err)
			return
		}
		verdict, err := window.See(m, now)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(station, verdict)
	}
	// Output:
	// a first
	// b duplicate
}
