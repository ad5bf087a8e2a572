package discovery

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"weak"

	"github.com/pytroll/posttroll-go/pkg/message"
)

const answerHead = "pytroll://oper/ns info root@ns 2024-05-17T09:41:12.345678 v1.01 application/json "

// What is kept of an answer keeps nothing else of it: it may have been long, and a subscriber keeps entries as long as there are publishers.
func TestEntryKeepsNoAnswer(t *testing.T) {
	t.Parallel()
	for name, extra := range map[string]string{"usual": "", "with further keys": `"site": "north", `} {
		answer := func() ([]Entry, weak.Pointer[byte]) {
			list := strings.Repeat(`{"URI": "tcp://h:1", `+extra+`"service": ["x", "20260101"], "backend": "unsecure_zmq", "supported_message_version": "v1.2", "name": "address"}, `, 1000)
			frame := []byte(answerHead + "[" + strings.TrimSuffix(list, ", ") + "]")
			entries, err := parseReply(frame, func(err error) { t.Error(err) })
			if err != nil || len(entries) != 1000 {
				t.Fatal(len(entries), err)
			}
			return entries[500:501:501], weak.Make(&frame[0])
		}
		entries, frame := answer()
		runtime.GC()
		if frame.Value() != nil {
			t.Errorf("%s: the frame is kept", name)
		}
		if got, want := fmt.Sprint(entries[0].URI, entries[0].Services, entries[0].Backend, entries[0].SupportedVersion, entries[0].Name),
			fmt.Sprint("tcp://h:1", []string{"x", "20260101"}, "unsecure_zmq", "v1.2", "address"); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

// More publishers than may be are refused, and said to be too many.
func TestTooManyEntries(t *testing.T) {
	t.Parallel()
	const entry = `{"URI": "tcp://h:1", "service": ""}`
	for n, want := range map[int]string{2: "2 entries, <nil>", 3: "3 entries, <nil>", 4: "0 entries, more than 3 publishers"} {
		m, err := message.Decode([]byte(answerHead + "[" + strings.Repeat(entry+", ", n-1) + entry + "]"))
		must(t, err)
		entries, err := readEntries(m, 3, func(err error) { t.Error(err) })
		if got := fmt.Sprintf("%d entries, %v", len(entries), err); got != want {
			t.Errorf("of %d: got %s, want %s", n, got, want)
		}
	}
}
