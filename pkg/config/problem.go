package config

import (
	"fmt"
	"strings"
)

// Origin is where the value of a setting comes from. The zero value is the default.
type Origin struct {
	File     string
	Line     int    // in File, from 1; 0 when it can't be told
	Variable string // of the environment
	Flag     string // of the command line, as "--max-age"
}

// String returns "default", "FILE:LINE", or the name of the variable or flag.
func (o Origin) String() string {
	switch {
	case o.Flag != "":
		return o.Flag
	case o.Variable != "":
		return o.Variable
	case o.File != "" && o.Line > 0:
		return fmt.Sprintf("%s:%d", o.File, o.Line)
	case o.File != "":
		return o.File
	default:
		return "default"
	}
}

// Problem is one thing that is wrong with a setting or a file.
type Problem struct {
	Origin
	Key  string // empty when it is about a whole file
	Text string
	Hint string // what to try; may be empty
	Err  error  // the cause, where there is one

	unread bool // nothing of the file counts
}

// Error returns all but the hint, in one line.
func (p *Problem) Error() string {
	var parts []string
	if p.Origin != (Origin{}) {
		parts = append(parts, p.Origin.String())
	}
	// The name of a variable or a flag tells the key, but not which part of it.
	named := p.Variable == "" && p.Flag == ""
	if p.Key != "" && named {
		parts = append(parts, p.Key)
	}
	if p.Text != "" {
		parts = append(parts, p.Text)
	}
	if p.Err != nil {
		text := p.Err.Error()
		if named || !strings.ContainsAny(p.Key, ".[") {
			text = strings.TrimPrefix(text, p.Key+": ") // errors that know their key tell it
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ": ")
}

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Err }

// HintText returns the hint, for programs that print it on a line of its own.
func (p *Problem) HintText() string { return p.Hint }

// ConfigKey returns the key, for [Load] to tell where its value came from.
func (p *Problem) ConfigKey() string { return p.Key }

// Warning is something that an operator should know and that stops nothing.
type Warning struct {
	Origin
	Text string
	Hint string
}

// String returns all of w in one line.
func (w Warning) String() string {
	s := w.Origin.String() + ": " + w.Text
	if w.Hint != "" {
		s += "; " + w.Hint
	}
	return s
}
