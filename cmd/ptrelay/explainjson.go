package main

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/relay"
)

// The keys of explain --json, which doc/json-lines.md describes. Those that are there stay.
type (
	explainedJSON struct {
		Line int `json:"line"`
		frameJSON
		Error  string      `json:"error,omitempty"`
		Routes []routeJSON `json:"routes"`
	}
	frameJSON struct {
		Frame       string `json:"frame,omitempty"`
		FrameBase64 []byte `json:"frame_base64,omitempty"`
	}
	routeJSON struct {
		Route  string     `json:"route"`
		Result relay.Fate `json:"result"`
		Reason string     `json:"reason,omitempty"`
		Step   int        `json:"step,omitempty"`
		Kind   string     `json:"kind,omitempty"`
		Group  string     `json:"loop_group,omitempty"`
		Error  string     `json:"error,omitempty"`
		Topics []string   `json:"topics"`
		Sink   sinkJSON   `json:"sink"`
		frameJSON
		ChangedBy []stepJSON   `json:"changed_by,omitempty"`
		Changes   []changeJSON `json:"changes,omitempty"`
	}
	sinkJSON struct {
		Service    string   `json:"service"`
		Address    string   `json:"address"`
		SharedWith []string `json:"shared_with,omitempty"`
	}
	stepJSON struct {
		Step int    `json:"step"`
		Kind string `json:"kind"`
	}
	changeJSON struct {
		Part   string          `json:"part"`
		Path   string          `json:"path,omitempty"`
		Before json.RawMessage `json:"before,omitempty"`
		After  json.RawMessage `json:"after,omitempty"`
	}
)

// json is a line of JSON.
func (e explained) json() []byte {
	line := explainedJSON{Line: e.line, frameJSON: newFrameJSON(e.frame), Routes: []routeJSON{}}
	if _, err := message.Decode(e.frame); err != nil {
		line.Error = err.Error()
	}
	for _, r := range e.routes {
		line.Routes = append(line.Routes, newRouteJSON(r))
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(line); err != nil {
		panic("ptrelay: an explanation can't be written: " + err.Error()) // it is made of texts, numbers and checked JSON
	}
	return b.Bytes()
}

func newFrameJSON(frame []byte) frameJSON {
	if utf8.Valid(frame) {
		return frameJSON{Frame: string(frame)}
	}
	return frameJSON{FrameBase64: frame}
}

func newRouteJSON(r relay.Explanation) routeJSON {
	one := routeJSON{
		Route: r.Route, Result: r.Fate, Reason: r.Reason, Step: r.Step, Kind: r.Kind, Group: r.LoopGroup, Topics: r.Topics,
		Sink:      sinkJSON{r.Sink.Service, r.Sink.Address, r.Sink.SharedWith},
		frameJSON: newFrameJSON(r.Frame),
	}
	if r.Err != nil {
		one.Error = r.Err.Error()
	}
	for _, by := range r.ChangedBy {
		one.ChangedBy = append(one.ChangedBy, stepJSON{by.Number, by.Kind})
	}
	for _, c := range r.Changes {
		change := changeJSON{Part: c.Part, Path: c.Path}
		if !c.Added {
			change.Before = valueJSON(c.Before)
		}
		if !c.Removed {
			change.After = valueJSON(c.After)
		}
		one.Changes = append(one.Changes, change)
	}
	return one
}

// valueJSON is a value as JSON that everybody can read; where that has no word for it, as for NaN, what messages have as a string.
func valueJSON(v any) json.RawMessage {
	text, err := message.AppendJSON(nil, v)
	if err == nil && json.Valid(text) {
		return text
	}
	if err != nil {
		text = []byte(err.Error())
	}
	quoted, err := json.Marshal(string(text))
	if err != nil {
		panic("ptrelay: a string can't be written: " + err.Error()) // every string can
	}
	return quoted
}
