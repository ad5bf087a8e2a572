package relay

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// TestSheet: what stands on a sheet stays as it was written, and is what stands in memory of its own.
func TestSheet(t *testing.T) {
	t.Parallel()
	shared := &sheet{}
	var got, want []string
	var frames [][]byte
	for i := range 500 {
		m, err := message.New("/a", "file", strings.Repeat("x", i*17%(2*sheetFrame)))
		if err != nil {
			t.Fatal(err)
		}
		words := message.Words{Subject: "/b" + strings.Repeat("y", i%50), Sender: "u@h"}
		frame, ok := shared.write(m, words)
		alone, err := m.WithWords(words)
		if !ok || err != nil {
			t.Fatalf("frame %d: %t, %v", i, ok, err)
		}
		_ = append(frame, "what somebody appends is not for the next one"...)
		frames = append(frames, frame)
		want = append(want, alone.String())
	}
	for _, f := range frames {
		got = append(got, string(f))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("frames (-want +got):\n%s", diff)
	}
	m, err := message.New("/norrköping", "file", nil)
	if err != nil {
		t.Fatal(err)
	}
	if frame, ok := shared.write(m, message.Words{Sender: "u@h"}); ok {
		t.Errorf("a header that is not ASCII: %q", frame)
	}
}
