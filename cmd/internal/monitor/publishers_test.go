package monitor

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func samplePublishers() []Publisher {
	one := NewPublisher("tcp://10.0.0.2:9001", []string{"VIIRS/sdr", "viirs"}, time.Time{})
	one.Backend, one.State = "unsecure_zmq", "live"
	two := NewPublisher("tcp://[fe80::1]:9002", []string{"avhrr"}, time.Time{})
	two.Backend, two.State = "secure_zmq", "silent"
	three := NewPublisher("ipc:///run/x", nil, time.Time{})
	three.Backend, three.State = "unsecure_zmq", "live"
	return []Publisher{one, two, three}
}

func sampleListing() *Listing {
	return &Listing{States: []string{"live", "silent"}, All: func() iter.Seq[Publisher] { return slices.Values(samplePublishers()) }}
}

// ask asks a monitor that shows the sample.
func ask(t *testing.T, path string) (int, string) {
	t.Helper()
	m := New()
	m.Show(sampleListing())
	w := httptest.NewRecorder()
	m.mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code, strings.TrimSpace(w.Body.String())
}

func TestPublishers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		query string
		want  []string // URIs, without the scheme
	}{
		{"", []string{"10.0.0.2:9001", "[fe80::1]:9002", "/run/x"}},
		{"name=viirs", []string{"10.0.0.2:9001"}},
		{"name=viirs/SDR", []string{"10.0.0.2:9001"}},
		{"name=v*", []string{"10.0.0.2:9001"}},
		{"name=*", []string{"10.0.0.2:9001", "[fe80::1]:9002", "/run/x"}},
		{"name=*rr", []string{"[fe80::1]:9002"}},
		{"name=viirs&name=avhrr", []string{"10.0.0.2:9001", "[fe80::1]:9002"}},
		{"name=sdr", nil},
		{"host=10.0.*", []string{"10.0.0.2:9001"}},
		{"backend=secure_zmq", []string{"[fe80::1]:9002"}},
		{"state=live", []string{"10.0.0.2:9001", "/run/x"}},
		{"state=live&state=silent", []string{"10.0.0.2:9001", "[fe80::1]:9002", "/run/x"}},
		{"state=live&name=avhrr", nil},
		{"name=&host=&backend=&state=", []string{"10.0.0.2:9001", "[fe80::1]:9002", "/run/x"}},
		{"limit=1", []string{"10.0.0.2:9001"}},
		{"limit=1&offset=1", []string{"[fe80::1]:9002"}},
		{"offset=3", nil},
	} {
		t.Run(tt.query, func(t *testing.T) {
			t.Parallel()
			status, body := ask(t, "/v1/publishers?"+tt.query)
			var page Page
			if err := json.Unmarshal([]byte(body), &page); err != nil || status != http.StatusOK {
				t.Fatalf("%d %s: %v", status, body, err)
			}
			var got []string
			for _, p := range page.Publishers {
				_, at, _ := strings.Cut(p.URI, "://")
				got = append(got, at)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if page.Publishers == nil || page.Total < len(got) {
				t.Errorf("got %s", body)
			}
		})
	}
}

func TestBadQueries(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"nam=x":                                  `{"error":"unknown parameter \"nam\", there are name, host, backend, state, limit and offset"}`,
		"name=%zz":                               `{"error":"query: invalid URL escape \"%zz\""}`,
		"name=a;host=b":                          `{"error":"query: invalid semicolon separator in query"}`,
		"state=gone":                             `{"error":"state: \"gone\" is none of live, silent"}`,
		"backend=plain":                          `{"error":"backend: \"plain\" is none of unsecure_zmq, secure_zmq"}`,
		"name=[":                                 `{"error":"name: \"[\" is no pattern"}`,
		"limit=0":                                `{"error":"limit: \"0\" is no number from 1 to 10000"}`,
		"limit=x":                                `{"error":"limit: \"x\" is no number from 1 to 10000"}`,
		"offset=-1":                              `{"error":"offset: \"-1\" is no number from 0 to 1073741824"}`,
		"name=a" + strings.Repeat("&name=a", 10): `{"error":"name: 11 of them, want 10 at most"}`,
	} {
		for _, path := range []string{"/v1/publishers", "/v1/http_sd"} {
			if status, body := ask(t, path+"?"+query); status != http.StatusBadRequest || body != want {
				t.Errorf("%s?%s: got %d %s, want %s", path, query, status, body, want)
			}
		}
	}
}

func TestPublisherAsJSON(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		heard := time.Now()
		time.Sleep(1500 * time.Millisecond)
		p := NewPublisher("tcp://h:9001", []string{"a", "b"}, heard)
		p.Backend, p.State, p.Interval = "unsecure_zmq", "live", 2
		got, err := json.Marshal([]Publisher{p, NewPublisher("nonsense", nil, time.Time{})})
		if err != nil {
			t.Fatal(err)
		}
		want := `[{"name":"a","aliases":["b"],"uri":"tcp://h:9001","host":"h","backend":"unsecure_zmq","state":"live","heard":"2000-01-01T00:00:00Z",` +
			`"age_seconds":1.5,"interval_seconds":2},` +
			`{"name":"","aliases":[],"uri":"nonsense","host":"","backend":"","state":"","heard":null,"age_seconds":null}]`
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

// What Prometheus takes: hosts and ports with labels, none that is not reached over TCP.
func TestTargets(t *testing.T) {
	t.Parallel()
	status, body := ask(t, "/v1/http_sd?"+url.Values{"name": {"*"}}.Encode())
	want := `[{"targets":["10.0.0.2:9001"],"labels":{"__meta_posttroll_aliases":",viirs,","__meta_posttroll_backend":"unsecure_zmq","__meta_posttroll_host":"10.0.0.2",` +
		`"__meta_posttroll_name":"VIIRS/sdr","__meta_posttroll_state":"live","__meta_posttroll_uri":"tcp://10.0.0.2:9001"}},` +
		`{"targets":["[fe80::1]:9002"],"labels":{"__meta_posttroll_aliases":",,","__meta_posttroll_backend":"secure_zmq","__meta_posttroll_host":"fe80::1",` +
		`"__meta_posttroll_name":"avhrr","__meta_posttroll_state":"silent","__meta_posttroll_uri":"tcp://[fe80::1]:9002"}}]`
	if diff := cmp.Diff(want, body); diff != "" || status != http.StatusOK {
		t.Errorf("%d (-want +got)\n%s", status, diff)
	}
	if _, body := ask(t, "/v1/http_sd?name=nobody"); body != "[]" {
		t.Errorf("got %s", body)
	}
}

// Queries take turns, and who does not wait for the answer any more loses his.
func TestTurns(t *testing.T) {
	t.Parallel()
	m := New()
	l := sampleListing()
	m.Show(l)
	m.ShowPage(samplePage())
	for range maxQueries {
		l.turns <- struct{}{}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, path := range []string{"/", "/v1/publishers"} {
		w := httptest.NewRecorder()
		m.mux.ServeHTTP(w, httptest.NewRequestWithContext(gone, http.MethodGet, path, nil))
		if w.Body.Len() > 0 {
			t.Errorf("%s: answered out of turn: %s", path, w.Body)
		}
	}
	for range maxQueries {
		<-l.turns
	}
	if w, body := showPage(t, m, "/v1/publishers"); w.Code != http.StatusOK || !strings.Contains(body, `"total":3`) {
		t.Errorf("got %d %s", w.Code, body)
	}
}

// A query that panics gives its turn back: else a few of them would leave the page and the lists without an answer for ever.
func TestTurnAfterPanic(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/", "/v1/publishers"} {
		m := New()
		l := sampleListing()
		all := l.All
		l.All = func() iter.Seq[Publisher] { panic("a fault") }
		m.Show(l)
		m.ShowPage(samplePage())
		for range maxQueries {
			func() {
				defer func() {
					if recover() == nil { // as net/http does
						t.Errorf("%s: it does not panic", path)
					}
				}()
				showPage(t, m, path)
			}()
		}
		l.All = all
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		w := httptest.NewRecorder()
		m.mux.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil))
		cancel()
		if w.Code != http.StatusOK || w.Body.Len() == 0 {
			t.Errorf("%s: got %d, %q", path, w.Code, w.Body)
		}
	}
}
