package message_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// elements returns what an element of m is decoded to, each; the error is the last item.
func elements(t *testing.T, m *message.Message) (all []any, err error) {
	t.Helper()
	for e, err := range m.Elements() {
		if err != nil {
			return all, err
		}
		var v any
		if err := e.Unmarshal(&v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all, nil
}

// Element by element a list is what it is as a whole, errors and their places among it.
func TestElements(t *testing.T) {
	t.Parallel()
	const head = "pytroll://s info u@h 2024-05-17T09:41:12 v1.2 "
	for _, tt := range []struct {
		name, data string
		elements   int // before an error
		want       string
	}{
		{"none", "application/json []", 0, ""},
		{"of all kinds", `application/json  [ 1, -2.5 ,"20101203", null,NaN, true, ["20101203", []], {"a": "20101203", "b": [{"c": "x\u00e5\n"}]} ]  `, 8, ""},
		{"not ASCII", `application/json ["å", {"å": "ø"}]`, 2, ""},
		{"ISO 8859-1", "application/json [\"\xe5\", {\"\xe5\": 1}, 2, x]", 3, "message: data at byte 82: 'x' where a value should be"},
		{"an object", `application/json {"a": 1}`, 0, "message: data at byte 63: an object is no list"},
		{"a number", `application/json 5`, 0, "message: data at byte 63: a number is no list"},
		{"bad before it is no list", `application/json {"a": }`, 0, "message: data at byte 69: '}' where a value should be"},
		{"text", `text/ascii [1]`, 0, "message: data at byte 57: text is no list"},
		{"ends early", `application/json [1, 2`, 2, "message: data at byte 68: JSON ends where a comma or ] should be"},
		{"bad element", `application/json [1, {"a" 1}, 3]`, 1, "message: data at byte 72: '1' where a colon should be"},
		{"something behind it", `application/json [1] 2`, 1, "message: data at byte 67: '2' where the end should be"},
		{"too deep", "application/json [1, " + strings.Repeat("[", 985) + strings.Repeat("]", 985) + "]", 1, "message: data at byte 1051: nested too deeply"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m, err := message.Decode([]byte(head + tt.data))
			if err != nil {
				t.Fatal(err)
			}
			got, err := elements(t, m)
			if text := textOf(err); text != tt.want {
				t.Errorf("got %q, want %q", text, tt.want)
			}
			if len(got) != tt.elements {
				t.Errorf("got %d elements, want %d", len(got), tt.elements)
			}
			whole, err := m.Data()
			if list, ok := whole.([]any); ok {
				if diff := cmp.Diff(texts(t, list), texts(t, got)); diff != "" {
					t.Errorf("(-as a whole +one by one)\n%s", diff)
				}
			}
			if err != nil && err.Error() != tt.want {
				t.Errorf("as a whole the error is %v", err)
			}
		})
	}
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// texts are values as they would be written, with their types.
func texts(t *testing.T, values []any) []string {
	t.Helper()
	var all []string
	for _, v := range values {
		text, err := message.AppendJSON(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		_, isTime := v.(message.Time)
		all = append(all, string(text)+map[bool]string{true: " (a time)"}[isTime])
	}
	return all
}

// An element that does not fit is an error with its place in the frame; the next one is there all the same.
func TestElementThatDoesNotFit(t *testing.T) {
	t.Parallel()
	m, err := message.Decode([]byte(`pytroll://s info u@h 2024-05-17T09:41:12 v1.2 application/json [{"n": 1}, {"n": "x"}, 3, {"n": 4}]`))
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	var failed []string
	for e, err := range m.Elements() {
		if err != nil {
			t.Fatal(err)
		}
		var v struct {
			N int `json:"n"`
		}
		if err := e.Unmarshal(&v); err != nil {
			failed = append(failed, err.Error())
			continue
		}
		got = append(got, v.N)
		if err := e.Unmarshal(v); err == nil || !strings.Contains(err.Error(), "no pointer") {
			t.Errorf("into a value: %v", err)
		}
	}
	if diff := cmp.Diff([]int{1, 4}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"message: data at byte 80: n: a string does not fit into int", "message: data at byte 86: 3 does not fit into struct { N int \"json:\\\"n\\\"\" }"}, failed); diff != "" {
		t.Errorf("errors (-want +got)\n%s", diff)
	}
}

// Whoever has seen enough stops, before an error that would come later too.
func TestElementsStopped(t *testing.T) {
	t.Parallel()
	m, err := message.Decode([]byte(`pytroll://s info u@h 2024-05-17T09:41:12 v1.2 application/json [1, 2, x`))
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, err := range m.Elements() {
		if err != nil {
			t.Fatal(err)
		}
		if seen++; seen == 2 {
			break
		}
	}
	if seen != 2 {
		t.Errorf("saw %d elements", seen)
	}
}
