package step_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/relay/step"
)

// FuzzChain: no message and no topic do harm, what comes out is a message, and who subscribes to it upstream gets it.
func FuzzChain(f *testing.F) {
	for _, frame := range []string{dataset, coll, fci, log, server, twice, bad, beat} {
		f.Add([]byte(frame), "pytroll://b")
	}
	c := compile(f, `rename = { prefix = { "/segment" = "/b", "/1b" = "/", "log" = "/log" } }`,
		"when = { field = [{ path = \"uid\", exists = true }] }\nset = { \"a.b\" = 1 }",
		`rewrite = { uri = [{ host = "*", to = "relay" }, { prefix = "/", to = "/x/" }], fields = ["path"], request_address = [{ host = "*", to = "[::1]:1" }], sender = [{ host = "*", to = "relay" }] }`,
		`rename = { pattern = "/b/([^/]+)/(.*)", to = "/c/$2/$1" }`, `remove = ["sensor", "dataset.0"]`, `version = "v1.01"`)
	f.Fuzz(func(t *testing.T, frame []byte, topic string) {
		m, err := message.Decode(frame)
		if err != nil {
			return
		}
		before := bytes.Clone(frame)
		got := c.Do(step.NewItem(m), now)
		if !bytes.Equal(frame, before) {
			t.Fatal("the frame was written to")
		}
		if (got.Message == nil) != (got.Reason != "") {
			t.Fatalf("got %+v", got)
		}
		if got.Message == nil {
			return
		}
		if _, err := message.Decode(got.Message.Bytes()); err != nil {
			t.Fatalf("%q: %v", got.Message.Bytes(), err)
		}
		if got.Message.Matches(topic) && strings.HasPrefix(topic, message.Magic) && !m.Matches(c.Upstream(topic)...) {
			t.Fatalf("%q comes out as %q, and %q is upstream %q", m, got.Message, topic, c.Upstream(topic))
		}
	})
}
