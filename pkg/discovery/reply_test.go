package discovery

import (
	"context"
	"errors"
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
			entries, err := parseReply(t.Context(), frame, func(err error) { t.Error(err) })
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

// More entries than may be are refused, and said to be too many, also where they can't be used: each costs time and memory.
func TestTooManyEntries(t *testing.T) {
	t.Parallel()
	const used, useless = `{"URI": "tcp://h:1", "service": ""}`, `0`
	tests := []struct {
		list []string
		want string
	}{
		{[]string{used, used}, "2 entries, 0 refused, <nil>"},
		{[]string{used, used, used}, "3 entries, 0 refused, <nil>"},
		{[]string{used, used, used, used}, "0 entries, 0 refused, more than 3 entries"},
		{[]string{used, useless, useless}, "1 entries, 2 refused, <nil>"},
		{[]string{useless, useless, useless, useless, useless}, "0 entries, 3 refused, more than 3 entries"},
		{[]string{useless, useless, useless, used}, "0 entries, 3 refused, more than 3 entries"},
	}
	for _, test := range tests {
		m, err := message.Decode([]byte(answerHead + "[" + strings.Join(test.list, ", ") + "]"))
		must(t, err)
		refused := 0
		entries, err := readEntries(t.Context(), m, 3, func(error) { refused++ })
		if got := fmt.Sprintf("%d entries, %d refused, %v", len(entries), refused, err); got != test.want {
			t.Errorf("of %v: got %s, want %s", test.list, got, test.want)
		}
	}
}

// Nobody reads on in a long answer when the time is over.
func TestReadingEndsInTime(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	m, err := message.Decode([]byte(answerHead + "[" + strings.Repeat("0, ", 5*lookEvery) + "0]"))
	must(t, err)
	refused := 0
	entries, err := readEntries(ctx, m, MaxEntries, func(error) {
		if refused++; refused == lookEvery+1 {
			cancel()
		}
	})
	if entries != nil || refused != 2*lookEvery || !errors.Is(err, context.Canceled) {
		t.Errorf("got %d entries, %d refused, %v, want none, %d and the end of the time", len(entries), refused, err, 2*lookEvery)
	}
}
