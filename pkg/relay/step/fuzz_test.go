package step_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/pytroll/posttroll-go/internal/fieldpath"
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

// FuzzDataSteps: what goes out decodes to what the steps have made of the decoded data.
func FuzzDataSteps(f *testing.F) {
	for _, frame := range []string{dataset, coll, fci, server, twice, spelled, bad, beat} {
		_, data, _ := strings.Cut(frame, message.MIMEJSON+" ")
		f.Add([]byte(data))
	}
	c := compile(f, `set = { uid = "u", "dataset.n" = 1, a.b = [1, { x = 1.5 }] }`,
		`rewrite = { uri = [{ host = "*", to = "relay" }, { prefix = "/", to = "/x/" }], fields = ["path"], request_address = [{ host = "*", to = "h" }] }`,
		`remove = ["sensor", "dataset.0", "dataset.1", "collection.dataset.0", "0", "a.b.0"]`,
		`set = { sensor = ["a"], "dataset.uri" = "z" }`)
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := message.Decode(append([]byte("pytroll://a file a@b 2024-05-17T09:41:12 v1.01 application/json "), data...))
		if err != nil || bytes.Contains(data, []byte("NaN")) { // which is like nothing
			return
		}
		item := step.NewItem(m)
		got := c.Do(item, now)
		if got.Reason != "" {
			return // what can't be written, such as half a pair of surrogates
		}
		want, err := item.Data()
		if err != nil {
			t.Fatal(err)
		}
		after, err := got.Message.PlainData()
		if err != nil {
			t.Fatalf("%q became %q: %v", m, got.Message, err)
		}
		if o, ok := want.(*message.Object); got.Message.MIME() == "" && ok && o.Len() == 0 {
			return // an empty object is no data
		}
		if got.Message.MIME() == "" && want != nil {
			if l, ok := want.([]any); !ok || len(l) > 0 {
				t.Fatalf("%q became %q, want %v", m, got.Message, want)
			}
			return
		}
		if !fieldpath.Equal(want, after) {
			t.Fatalf("%q became %q, want data %v", m, got.Message, want)
		}
	})
}

// FuzzTexts: a rewrite of texts alone, which decodes nothing, does what it does to data that a step before it has had decoded.
func FuzzTexts(f *testing.F) {
	for _, frame := range []string{dataset, coll, fci, server, twice, spelled, bad, beat} {
		_, data, _ := strings.Cut(frame, message.MIMEJSON+" ")
		f.Add([]byte(data))
	}
	for _, data := range texts {
		f.Add([]byte(data))
	}
	short := compile(f, rewriteTexts)
	long := compile(f, lookAtData, rewriteTexts)
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := message.Decode(append([]byte("pytroll://a file a@b 2024-05-17T09:41:12 v1.01 application/json "), data...))
		if err != nil {
			return
		}
		got, want := short.Do(step.NewItem(m), now), long.Do(step.NewItem(m), now)
		if got.Reason != want.Reason {
			t.Fatalf("%q: got %q (%v), want %q (%v)", m, got.Reason, got.Err, want.Reason, want.Err)
		}
		if want.Message != nil && !bytes.Equal(got.Message.Bytes(), want.Message.Bytes()) {
			t.Fatalf("%q: got %q, want %q", m, got.Message, want.Message)
		}
	})
}
