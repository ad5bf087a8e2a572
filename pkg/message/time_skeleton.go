package message

import "time"

// Time is a point in time as posttroll knows it: with an offset, or naive (wall-clock digits without
// one, by convention UTC).
type Time struct {
	time.Time // in UTC when Naive
	Naive     bool
}

// ParseTime reads any form that Python 3.11's datetime.fromisoformat takes.
func ParseTime(s string) (Time, error) { panic("message: skeleton") }

// String is Python's isoformat().
func (t Time) String() string { panic("message: skeleton") }

func (t Time) MarshalJSON() ([]byte, error)  { panic("message: skeleton") }
func (t *Time) UnmarshalJSON(b []byte) error { panic("message: skeleton") }
