package daemon

import "fmt"

// Action is what -d asks for.
type Action string

// The actions; empty is none.
const (
	Start   Action = "start"
	Stop    Action = "stop"
	Restart Action = "restart"
	Query   Action = "status"
)

// Set takes the word of the command line.
func (a *Action) Set(s string) error {
	switch Action(s) {
	case Start, Stop, Restart, Query:
		*a = Action(s)
		return nil
	}
	return fmt.Errorf("want start, stop, status or restart")
}

// String returns the word.
func (a *Action) String() string { return string(*a) }

// Type is what the usage text shows in place of the value.
func (a *Action) Type() string { return "{start,stop,status,restart}" }
