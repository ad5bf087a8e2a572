package httpd

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// NewMux returns a mux that answers in JSON where there is nothing.
func NewMux() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		WriteError(w, http.StatusNotFound, "there is no "+r.Method+" "+r.URL.Path)
	})
	return mux
}

// ReadQuery returns what stands behind the question mark, which has no other parameters than the known ones. The error, for who asks, is what is wrong with it: what
// can't be read, as "%zz", is not passed over, or all would be told where some was asked for.
func ReadQuery(r *http.Request, known ...string) (url.Values, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if slices.Contains(known, key) {
			continue
		}
		if len(known) == 0 {
			return nil, fmt.Errorf("unknown parameter %q, there are none here", key)
		}
		return nil, fmt.Errorf("unknown parameter %q, there are %s", key, enumerate(known))
	}
	return values, nil
}

// enumerate writes words as people do.
func enumerate(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// Failure is what an answer holds instead of what was asked for.
type Failure struct {
	Error string `json:"error"`
}

// WriteError answers with a [Failure].
func WriteError(w http.ResponseWriter, status int, text string) {
	write(w, status, Failure{text})
}

// WriteJSON answers with v, which [json.Marshal] takes.
func WriteJSON(w http.ResponseWriter, v any) { write(w, http.StatusOK, v) }

func write(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		panic("httpd: an answer that is no JSON: " + err.Error())
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// A peer that has gone is no error of ours.
	_, _ = w.Write(append(body, '\n'))
}
