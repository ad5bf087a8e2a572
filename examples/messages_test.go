package examples

import (
	"bytes"
	"os"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// The messages that the demo sends are valid to the last byte, and no peer dies of them.
func TestMessages(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("messages.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSuffix(file, []byte("\n")), []byte("\n"))
	if len(lines) < 10 {
		t.Errorf("only %d messages", len(lines))
	}
	for i, line := range lines {
		m, err := message.Decode(line)
		if err == nil {
			err = m.CheckStrict()
		}
		if err == nil {
			_, err = m.Data()
		}
		if err != nil {
			t.Errorf("line %d: %v", i+1, err)
		}
	}
}
