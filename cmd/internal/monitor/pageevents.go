package monitor

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/pytroll/posttroll-go/pkg/httpd"
)

// pageEvent is an event as people read it.
type pageEvent struct {
	Key        string
	At         time.Time
	What, Text string
}

// recentEvents are events for the page.
func recentEvents(all []httpd.Event) []pageEvent {
	var shown []pageEvent
	for _, e := range all {
		shown = append(shown, pageEvent{Key: e.ID, At: e.Time, What: strings.ReplaceAll(e.Kind, "_", " "), Text: eventText(e.Data)})
	}
	return shown
}

// eventText says what an event is about: of the keys that events of the daemons have, those that people look for.
func eventText(data json.RawMessage) string {
	var about struct {
		URI      string   `json:"uri"`
		Services []string `json:"services"`
		Routes   []string `json:"routes"`
		Route    string   `json:"route"`
		Cause    string   `json:"cause"`
	}
	if json.Unmarshal(data, &about) != nil {
		return ""
	}
	var parts []string
	add := func(before, text, behind string) {
		if text != "" {
			parts = append(parts, before+text+behind)
		}
	}
	add("", strings.Join(about.Services, ", "), "")
	add("", about.URI, "")
	add("", about.Route, "")
	add("(", strings.Join(about.Routes, ", "), ")")
	add("- ", about.Cause, "")
	return strings.Join(parts, " ")
}
