package step_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pytroll/posttroll-go/pkg/relay/step"
)

const (
	rewriteTexts = `rewrite = { uri = [{ host = "h*", to = "relay" }, { prefix = "/a/", to = "/\u00e5/" }, { prefix = "x", to = "y" }], request_address = [{ host = "*", to = "r:1" }] }`
	lookAtData   = `drop = { field = [{ path = "no.such.field", exists = true }] }`
)

// texts are data with texts where rules look for them, and where they do not.
var texts = []string{
	`{"uri": "ssh://h/x", "uid": "ssh://h/x"}`,
	`{"uri": ["ssh://h/x", "/a/b", 1, ["ssh://h/x"], {"uri": "ssh://h/x"}], "other": {"uri": "ssh://h/x"}}`,
	`{"dataset": [{"uri": "ssh://h/1"}, {"uri": "ssh://other/2"}, [{"uri": "ssh://h/3"}]], "collection": [{"dataset": [{"uri": "ssh://h/4"}]}]}`,
	`{"dataset": {"uri": "ssh://h/1"}, "collection": [["ssh://h/1"]]}`,
	`{"uri": "ssh://h/1", "uri": "ssh://h/2"}`,
	`{"uri": "ssh://h/1", "uri": 1}`,
	`{"uri": 1, "uri": "ssh://h/1"}`,
	`{"uri": "ssh://h/1", "ur\u0069": "ssh://h/2"}`,
	`{"dataset": [{"uri": "ssh://h/1"}], "a": 1, "dataset": [{"uri": "ssh://h/2"}]}`,
	`{"uri": "\/a\/b\u00e5\ud83d\ude00", "request_address": "h:5"}`,
	`{"uri": "/a/\ud83d"}`,
	`{"uri": "ssh://h/\ud83d"}`,
	`[{"request_address": "h"}, [{"request_address": "tcp://u@h:2/x"}], {"a": {"request_address": "h"}}, "request_address"]`,
	`{"a": [{"request_address": "h"}], "request_address": ["h"]}`,
	`{"uri":"x"   ,  "n" : 1.0e5, "b":[ ],"c":{ }}`,
	`{"uri": "ssh://h/1", "n": 01}`,
	`{"uri": "ssh://h/1"} x`,
	`{"uri": "ssh://h/1", "\x": 1}`,
	`"ssh://h/1"`,
	`["ssh://h/1"]`,
	`{}`, ``, `{"uri"`,
}

// TestTexts: a rewrite of texts alone does what it does to data that a step before it has had decoded, byte for byte.
func TestTexts(t *testing.T) {
	t.Parallel()
	const head = "pytroll://a file a@b 2024-05-17T09:41:12 v1.2 application/json "
	short, long := compile(t, rewriteTexts), compile(t, lookAtData, rewriteTexts)
	for _, data := range texts {
		m := decode(t, head+data)
		got, want := short.Do(step.NewItem(m), now), long.Do(step.NewItem(m), now)
		text := func(r step.Result) string {
			if r.Message == nil {
				return string(r.Reason)
			}
			return r.Message.String()
		}
		if diff := cmp.Diff(text(want), text(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", data, diff)
		}
	}
}

// TestTextsISO: so does one of a message in ISO 8859-1.
func TestTextsISO(t *testing.T) {
	t.Parallel()
	for _, frame := range []string{
		"pytroll://a file a@b 2024-05-17T09:41:12 v1.01 application/json {\"uri\": \"ssh://h/\xe5\"}",
		"pytroll://\xe5 file a@b 2024-05-17T09:41:12 v1.01 application/json {\"uri\": \"ssh://h/\xe5\"}",
	} {
		m := decode(t, frame)
		got, want := compile(t, rewriteTexts).Do(step.NewItem(m), now), compile(t, lookAtData, rewriteTexts).Do(step.NewItem(m), now)
		if diff := cmp.Diff(want.Message.String(), got.Message.String()); diff != "" || string(got.Message.Bytes()) != string(want.Message.Bytes()) {
			t.Errorf("%q (-want +got):\n%s", frame, diff)
		}
	}
}
