package monitor

import (
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

func samplePage() *StatusPage {
	return &StatusPage{
		Title: "Relay", Summary: func() string { return "2 publishers connected" }, Kinds: []string{"publisher_added"}, Links: []string{"routes"},
		Columns: []Column{{Title: "Routes"}, {Title: "Messages/s", Number: true}, {Title: "Bytes/s", Number: true}, {Title: "Messages", Number: true}, {Title: "Cause"}}, // as the relay has them
		Cells: func(*Publisher) []Cell {
			return []Cell{{Text: "gather, rename"}, {Text: "5.7"}, {Text: "647"}, {Text: "17"}, {}}
		},
		Before: func() []Table {
			return []Table{{ID: "routes", Title: "Routes", Columns: []Column{{Title: "State"}, {Title: "Route"}}, Rows: []Row{{"one", []Cell{{"paused", Warn}, {Text: "one"}}}}}}
		},
		After: func() []Table {
			return []Table{{ID: "subjects", Title: "Subjects", Columns: []Column{{Title: "Subject"}}, Empty: "Nothing has come."}}
		},
	}
}

// showPage asks for the page of a monitor.
func showPage(t *testing.T, m *Monitor, path string) (*httptest.ResponseRecorder, string) {
	t.Helper()
	w := httptest.NewRecorder()
	m.mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w, w.Body.String()
}

// The page as it comes has all there is, for who has no JavaScript.
func TestPage(t *testing.T) {
	t.Parallel()
	m := New()
	m.Show(sampleListing())
	m.ShowPage(samplePage())
	m.Health.SetReady(true)
	m.Events.Add("publisher_added", map[string]any{"uri": "tcp://10.0.0.2:9001", "services": []string{"viirs"}, "cause": "<b>"})
	w, body := showPage(t, m, "/")
	if got := w.Header().Get("Content-Security-Policy"); w.Code != http.StatusOK || got != pagePolicy || strings.Contains(got, "unsafe") {
		t.Errorf("%d, policy %q", w.Code, got)
	}
	for _, want := range []string{
		"<title>Relay on ", `<span class="badge good">serves</span> 2 publishers connected`, `data-kinds="publisher_added"`,
		`<span class="badge warn">paused</span>`, "Nothing has come.", "<td role=\"cell\" data-label=\"Address\" class=\" \">tcp://10.0.0.2:9001</td>",
		`<span class="badge good">live</span>`, `<span class="badge warn">silent</span>`, "3 publishers.", "<strong>publisher added</strong> viirs tcp://10.0.0.2:9001 - &lt;b&gt;",
		`<a href="v1/routes">routes</a>`, `<option>secure_zmq</option>`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("there is no %s in\n%s", want, body)
		}
	}
	// Nothing is loaded from elsewhere, and nothing in the page itself is code.
	for _, not := range []string{"https://", "<script>", "<style", "style=", "onclick", "javascript:"} {
		if strings.Contains(strings.ReplaceAll(body, "http://www.w3.org", ""), not) {
			t.Errorf("there is %s", not)
		}
	}
}

func TestPageFilter(t *testing.T) {
	t.Parallel()
	m := New()
	m.Show(sampleListing())
	m.ShowPage(samplePage())
	for _, tt := range []struct {
		query  string
		status int
		want   []string
		not    string
	}{
		{"?name=iir", http.StatusOK, []string{`value="iir"`, "1 publisher.", "tcp://10.0.0.2:9001"}, "fe80"},
		{"?host=fe80&backend=secure_zmq&state=silent", http.StatusOK, []string{"<option selected>secure_zmq", "<option selected>silent", "fe80"}, "10.0.0.2"},
		{"?name=nobody", http.StatusOK, []string{"0 publishers.", "None."}, "fe80"},
		{"?state=gone", http.StatusBadRequest, []string{`<div id="problem" role="alert" data-live><p class="error">state: &#34;gone&#34; is none of live, silent</p>`}, "</script><"},
		{"?name=%zz", http.StatusBadRequest, []string{"query: invalid URL escape"}, "</script><"},
		{"?name=%22%3E%3Cscript%3Ealert(1)%3C/script%3E", http.StatusOK, []string{"value=\"&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;\""}, "<script>"},
	} {
		w, body := showPage(t, m, "/"+tt.query)
		if w.Code != tt.status {
			t.Errorf("%s: got %d, want %d", tt.query, w.Code, tt.status)
		}
		for _, want := range tt.want {
			if !strings.Contains(body, want) {
				t.Errorf("%s: there is no %s in\n%s", tt.query, want, body)
			}
		}
		if strings.Contains(body, tt.not) {
			t.Errorf("%s: there is %s", tt.query, tt.not)
		}
	}
}

// What publishers are called can be anything, and very many can be listed.
func TestPageOfHostileNames(t *testing.T) {
	t.Parallel()
	m := New()
	m.Show(&Listing{States: []string{"live"}, All: func() iter.Seq[Publisher] {
		return func(yield func(Publisher) bool) {
			for i := range 2000 {
				p := NewPublisher(fmt.Sprintf("tcp://h:%d", i), slices.Repeat([]string{"<img src=x onerror=alert(1)>"}, 20), time.Now())
				p.State = `live" onmouseover="alert(1)`
				if !yield(p) {
					return
				}
			}
		}
	}})
	page := samplePage()
	page.Before, page.After = nil, nil
	m.ShowPage(page)
	_, body := showPage(t, m, "/")
	if strings.Contains(body, "<img") || strings.Contains(body, `" onmouseover`) {
		t.Error("names are not escaped")
	}
	if !strings.Contains(body, "The first 500 of 2000; the filter leads to others.") || !strings.Contains(body, "and 9 more") {
		t.Errorf("the page is not bounded: %d bytes", len(body))
	}
}

func TestPageHealth(t *testing.T) {
	t.Parallel()
	m := New()
	if got := m.health(); got.Text != "not ready" || got.Class != Warn {
		t.Errorf("at first: %+v", got)
	}
	m.Health.SetReady(true)
	m.Health.beat.Store(new(time.Now().Add(-time.Hour)))
	if got := m.health(); got.Text != "stuck" || got.Class != Bad {
		t.Errorf("without beats: %+v", got)
	}
}

func TestAgo(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0 s ago", 59 * time.Second: "59 s ago", time.Minute: "1 min ago", 90 * time.Minute: "1 h ago", 47 * time.Hour: "47 h ago", 49 * time.Hour: "2 days ago",
	} {
		if got := Ago(d); got != want {
			t.Errorf("%s: got %q, want %q", d, got, want)
		}
	}
}

// Those in trouble stand first, however many others there are; and what there is room for is not exceeded.
func TestWorstFirst(t *testing.T) {
	t.Parallel()
	states := []string{"live", "withdrawn", "silent", "live", "dead", "unconfirmed", "missing", "connected"}
	l := &Listing{All: func() iter.Seq[Publisher] {
		return func(yield func(Publisher) bool) {
			for i, state := range states {
				if !yield(Publisher{URI: fmt.Sprint(i), State: state}) {
					return
				}
			}
		}
	}}
	for limit, want := range map[int]string{1: "4", 3: "4 6 2", 100: "4 6 2 5 0 1 3 7"} {
		page := l.worstFirst(query{limit: limit})
		var got []string
		for _, p := range page.Publishers {
			got = append(got, p.URI)
		}
		if strings.Join(got, " ") != want || page.Total != len(states) {
			t.Errorf("limit %d: got %q of %d, want %q of %d", limit, got, page.Total, want, len(states))
		}
	}
}
