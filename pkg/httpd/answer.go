package httpd

import (
	"encoding/json"
	"net/http"
)

// NewMux returns a mux that answers in JSON where there is nothing.
func NewMux() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		WriteError(w, http.StatusNotFound, "there is no "+r.Method+" "+r.URL.Path)
	})
	return mux
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
