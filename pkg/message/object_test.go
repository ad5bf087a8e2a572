package message_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/message"
)

func keys(o *message.Object) []string {
	var all []string
	for k := range o.All() {
		all = append(all, k)
	}
	return all
}

func TestObject(t *testing.T) {
	t.Parallel()
	var o message.Object
	o.Set("b", 1)
	o.Set("a", 2)
	o.Set("c", 3)
	o.Set("a", 4)
	if diff := cmp.Diff([]string{"b", "a", "c"}, keys(&o)); diff != "" {
		t.Errorf("keys: want -, got +\n%s", diff)
	}
	if v, ok := o.Get("a"); !ok || v != 4 {
		t.Errorf("a: got %v, %v", v, ok)
	}
	if v, ok := o.Get("A"); ok {
		t.Errorf("A: got %v", v)
	}
	c := o.Clone()
	o.Delete("b")
	o.Delete("nothing")
	o.Set("b", 5)
	if diff := cmp.Diff([]string{"a", "c", "b"}, keys(&o)); diff != "" || o.Len() != 3 {
		t.Errorf("keys: want -, got +\n%s", diff)
	}
	if got := c.String(); got != `{"b": 1, "a": 4, "c": 3}` {
		t.Errorf("the copy is now %s", got)
	}
	for k := range o.All() {
		if k != "a" {
			t.Errorf("got %s after the loop was left", k)
		}
		break
	}
}

func TestMessageEqual(t *testing.T) {
	t.Parallel()
	m, same, other := mustDecode(t, head), mustDecode(t, head), mustDecode(t, head+" text/ascii x")
	var none *message.Message
	for _, test := range []struct {
		x, y *message.Message
		want bool
	}{{m, same, true}, {m, other, false}, {m, none, false}, {none, m, false}, {none, nil, true}} {
		if got := test.x.Equal(test.y); got != test.want {
			t.Errorf("%v and %v: got %v, want %v", test.x, test.y, got, test.want)
		}
	}
}

func TestNilObject(t *testing.T) {
	t.Parallel()
	var o *message.Object
	if _, ok := o.Get("a"); ok || o.Len() != 0 || len(keys(o)) != 0 || o.Clone().Len() != 0 {
		t.Error("a nil object is not empty")
	}
	o.Delete("a")
}

// Objects behave alike with few and with many keys.
func TestLargeObject(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 31, 32, 33, 34, 64, 100, 1000} {
		var text strings.Builder
		text.WriteString(`{"first": 0`)
		for i := range n {
			fmt.Fprintf(&text, `, "key%d": %d`, i, i)
		}
		text.WriteString(`, "key0": "again", "first": "again"}`)
		data, err := decodeJSON(t, text.String())
		if err != nil {
			t.Fatal(err)
		}
		o := data.(*message.Object)
		if o.Len() != n+1 || keys(o)[0] != "first" || keys(o)[n] != fmt.Sprintf("key%d", n-1) {
			t.Errorf("%d: got %d keys %v", n, o.Len(), keys(o))
		}
		o = o.Clone()
		for _, key := range []string{"first", "key0"} {
			if v, ok := o.Get(key); !ok || v != "again" {
				t.Errorf("%d: %s: got %v, %v", n, key, v, ok)
			}
		}
		for i := n - 1; i >= 0; i-- {
			o.Delete(fmt.Sprintf("key%d", i))
			o.Set("new", i)
		}
		if !slices.Equal(keys(o), []string{"first", "new"}) {
			t.Errorf("%d: got keys %v", n, keys(o))
		}
	}
}

// Keys that fall on each other in every cheap hash are still kept apart.
func TestSimilarKeys(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&text, `, "a%04da": %d, "a%04da": %d`, i, i, i, -i)
	}
	data, err := decodeJSON(t, "{"+text.String()[2:]+"}")
	if err != nil {
		t.Fatal(err)
	}
	o := data.(*message.Object)
	if v, _ := o.Get("a1999a"); o.Len() != 2000 || v != int64(-1999) {
		t.Errorf("got %d keys, and %v", o.Len(), v)
	}
}

func TestObjectJSON(t *testing.T) {
	t.Parallel()
	var got struct{ O *message.Object }
	if err := json.Unmarshal([]byte(`{"O": {"b": 1, "t": "2010-12-03T00:00Z", "a": [2.5]}}`), &got); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(got)
	if want := `{"O":{"b":1,"t":"2010-12-03T00:00:00+00:00","a":[2.5]}}`; err != nil || string(b) != want {
		t.Errorf("got %s, %v; want %s", b, err, want)
	}
	if err := json.Unmarshal([]byte(`{"O": []}`), &got); err == nil {
		t.Error("a list as object: no error")
	}
	if s := obj(member("a", make(chan int))).String(); !strings.Contains(s, "no JSON") {
		t.Errorf("got %s, want the error", s)
	}
}
