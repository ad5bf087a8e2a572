package message

import (
	"errors"
	"time"
)

// Time is a point in time as posttroll knows it: with an offset from UTC, or
// naive, that is wall-clock digits without one, by convention UTC.
//
// It is written as Python's datetime.isoformat() does, in microseconds: finer
// digits are cut. Years are 1 to 9999; anything else cannot be encoded.
//
// Comparing: [Time.Equal] holds a naive time and one with an offset to be
// different, as Python does. The other methods that come with [time.Time]
// (Before, After, Compare, Sub) see the instant alone, in which a naive time
// counts as UTC.
type Time struct {
	time.Time      // in UTC when Naive and read by this package
	Naive     bool // without offset
}

// Equal tells whether t and u are the same instant, and both naive or both not.
func (t Time) Equal(u Time) bool {
	return t.Naive == u.Naive && t.Time.Equal(u.Time)
}

// String is Python's isoformat(): 2024-05-17T09:41:12.345678+00:00, without the
// fraction when the microseconds are 0, and without the offset when t is naive.
func (t Time) String() string {
	return string(t.appendISO(make([]byte, 0, 40), !t.Naive))
}

// MarshalJSON writes t as a JSON string.
func (t Time) MarshalJSON() ([]byte, error) {
	if !t.inRange() {
		return nil, errYear
	}
	b := append(make([]byte, 0, 40), '"')
	b = t.appendISO(b, !t.Naive)
	return append(b, '"'), nil
}

// UnmarshalJSON reads a JSON string of any form that [ParseTime] takes; null
// changes nothing.
func (t *Time) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	sc := scanner{s: string(b), maxDepth: 1}
	if sc.peek() != '"' {
		return errors.New("no JSON string")
	}
	s, err := sc.str()
	if err != nil {
		return err
	}
	u, err := ParseTime(s)
	if err == nil {
		*t = u
	}
	return err
}

// AppendText appends what [Time.String] returns.
func (t Time) AppendText(b []byte) ([]byte, error) {
	if !t.inRange() {
		return b, errYear
	}
	return t.appendISO(b, !t.Naive), nil
}

// MarshalText writes t as [Time.String] does.
func (t Time) MarshalText() ([]byte, error) { return t.AppendText(nil) }

// UnmarshalText reads any form that [ParseTime] takes.
func (t *Time) UnmarshalText(b []byte) error {
	u, err := ParseTime(string(b))
	if err == nil {
		*t = u
	}
	return err
}

// The binary forms are the text as well: those of time.Time would forget
// whether there is an offset.

// AppendBinary is AppendText.
func (t Time) AppendBinary(b []byte) ([]byte, error) { return t.AppendText(b) }

// MarshalBinary is MarshalText.
func (t Time) MarshalBinary() ([]byte, error) { return t.AppendText(nil) }

// UnmarshalBinary is UnmarshalText.
func (t *Time) UnmarshalBinary(b []byte) error { return t.UnmarshalText(b) }

// GobEncode is MarshalText.
func (t Time) GobEncode() ([]byte, error) { return t.AppendText(nil) }

// GobDecode is UnmarshalText.
func (t *Time) GobDecode(b []byte) error { return t.UnmarshalText(b) }

var errYear = errors.New("year outside 1 to 9999")

func (t Time) inRange() bool {
	y := t.Year()
	return y >= 1 && y <= 9999
}

// appendISO appends Python's isoformat() of the wall-clock digits, and of the
// offset if asked.
func (t Time) appendISO(b []byte, offset bool) []byte {
	wall, zone, micro := t.Time, 0, 0
	if offset {
		var name string
		name, zone = wall.Zone()
		micro = zoneMicros(name)
	}
	if micro != 0 {
		wall = wall.Add(time.Duration(micro) * time.Microsecond)
	}
	year, month, day := wall.Date()
	hour, minute, sec := wall.Clock()
	b = append2(append2(b, year/100), year%100)
	b = append2(append(b, '-'), int(month))
	b = append2(append(b, '-'), day)
	b = append2(append(b, 'T'), hour)
	b = append2(append(b, ':'), minute)
	b = append2(append(b, ':'), sec)
	if us := wall.Nanosecond() / 1000; us != 0 {
		b = append6(append(b, '.'), us)
	}
	if !offset {
		return b
	}
	return appendOffset(b, zone, micro)
}

// appendOffset appends +hh:mm, and seconds and microseconds where there are any.
func appendOffset(b []byte, sec, micro int) []byte {
	sign := byte('+')
	if sec < 0 || micro < 0 {
		sign, sec, micro = '-', -sec, -micro
	}
	b = append2(append(b, sign), sec/3600)
	b = append2(append(b, ':'), sec/60%60)
	if sec%60 != 0 || micro != 0 {
		b = append2(append(b, ':'), sec%60)
	}
	if micro != 0 {
		b = append6(append(b, '.'), micro)
	}
	return b
}

func append2(b []byte, n int) []byte {
	return append(b, byte('0'+n/10%10), byte('0'+n%10))
}

func append6(b []byte, n int) []byte {
	return append2(append2(append2(b, n/10000), n/100%100), n%100)
}

// An offset may have microseconds, which Go's locations have not. Such a
// location has the whole seconds as its offset and is named by all of it,
// "+01:02:03.000004"; zoneMicros gives the rest, with its sign.

func zoneMicros(name string) int {
	const form = "+hh:mm:ss.ffffff"
	if len(name) != len(form) || (name[0] != '+' && name[0] != '-') || name[9] != '.' {
		return 0
	}
	n, ok := digits(name, 10, 6)
	if !ok {
		return 0
	}
	if name[0] == '-' {
		return -n
	}
	return n
}

// zone returns the location of an offset.
func zone(sec, micro int) *time.Location {
	switch {
	case sec == 0: // Python ignores the microseconds then
		return time.UTC
	case micro == 0:
		return time.FixedZone("", sec)
	}
	return time.FixedZone(string(appendOffset(nil, sec, micro)), sec)
}
