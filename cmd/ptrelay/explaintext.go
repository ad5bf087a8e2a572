package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/pytroll/posttroll-go/internal/textlines"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/relay"
)

// How much of a message and of a value is shown, in characters, and how many values of one message.
const (
	shownFrame   = 140
	shownValue   = 60
	shownChanges = 20
)

// text is what people read: the message, and indented below it each route.
func (e explained) text() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%d: %s\n", e.line, shortened(printable(e.frame), shownFrame))
	for _, r := range e.routes {
		fmt.Fprintf(&b, "  route %s: %s\n", r.Route, e.fate(r))
		if r.Fate == relay.Sent && !bytes.Equal(r.Frame, e.frame) {
			fmt.Fprintf(&b, "    %s\n", printable(r.Frame))
			writeChanges(&b, r.Changes)
		}
	}
	return b.Bytes()
}

// fate is what becomes of the message on a route, in a few words.
func (e explained) fate(r relay.Explanation) string {
	switch r.Fate {
	case relay.Paused:
		return "paused"
	case relay.NotSubscribed:
		if !bytes.HasPrefix(e.frame, []byte(message.Magic)) {
			return "not subscribed (nobody subscribes to what does not begin with " + message.Magic + ")"
		}
		return "not subscribed (topics " + subjects(r.Topics) + ")"
	case relay.Dropped:
		return dropped(r)
	}
	text := fmt.Sprintf("sent to %s at %s", r.Sink.Service, r.Sink.Address)
	if len(r.Sink.SharedWith) > 0 {
		text += fmt.Sprintf(", which %s feeds too", strings.Join(r.Sink.SharedWith, " and "))
	}
	switch {
	case bytes.Equal(r.Frame, e.frame):
		return text + ", as it came in"
	case len(r.ChangedBy) > 0:
		return text + ", changed by " + steps(r.ChangedBy)
	}
	return text + ", with the sender translated"
}

func dropped(r relay.Explanation) string {
	text := "dropped: " + r.Reason
	switch r.Reason {
	case "duplicate", "loop":
		text = r.Reason
	}
	if r.LoopGroup != "" {
		text += fmt.Sprintf(" (a route of loop_group %q had it before)", r.LoopGroup)
	}
	if r.Step > 0 {
		text += " by step " + steps([]relay.StepRef{{Number: r.Step, Kind: r.Kind}})
	}
	if r.Err != nil {
		text += ": " + textlines.Printable(r.Err.Error())
	}
	return text
}

func steps(refs []relay.StepRef) string {
	var texts []string
	for _, ref := range refs {
		texts = append(texts, fmt.Sprintf("%d (%s)", ref.Number, ref.Kind))
	}
	return strings.Join(texts, ", ")
}

// subjects are topics as settings have them.
func subjects(topics []string) string {
	var texts []string
	for _, topic := range topics {
		texts = append(texts, textlines.Printable(strings.TrimPrefix(topic, message.Magic)))
	}
	return strings.Join(texts, ", ")
}

func writeChanges(b *bytes.Buffer, changes []relay.Change) {
	for i, c := range changes {
		if i == shownChanges {
			fmt.Fprintf(b, "    and %d more; --json has all\n", len(changes)-i)
			return
		}
		name := c.Part
		if c.Path != "" {
			name += " " + textlines.Printable(c.Path)
		}
		switch {
		case c.Added:
			fmt.Fprintf(b, "    %s: added %s\n", name, value(c.After))
		case c.Removed:
			fmt.Fprintf(b, "    %s: removed %s\n", name, value(c.Before))
		default:
			fmt.Fprintf(b, "    %s: %s → %s\n", name, value(c.Before), value(c.After))
		}
	}
}

// value is a value of a header, or of data as JSON, in short.
func value(v any) string {
	b, err := message.AppendJSON(nil, v)
	if err != nil {
		return err.Error() // it has been read from JSON, so it can be written
	}
	return shortened(string(b), shownValue)
}

// printable is a frame as text without control characters.
func printable(frame []byte) string {
	return textlines.Printable(strings.ToValidUTF8(string(frame), "\uFFFD"))
}

func shortened(s string, most int) string {
	n := 0
	for at := range s {
		if n == most {
			return s[:at] + "…"
		}
		n++
	}
	return s
}
