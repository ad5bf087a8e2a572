package message

import (
	"errors"
	"fmt"
	"time"
)

// Time is a point in time as posttroll knows it: with an offset from UTC, or
// naive, that is wall-clock digits without one, by convention UTC.
//
// It is written as Python's datetime.isoformat() does, in microseconds: finer
// digits are cut. Years are 1 to 9999; anything else cannot be encoded, and
// [Time.String] shows it in a form that [ParseTime] does not take.
//
// Comparing: [Time.Equal] holds a naive time and one with an offset to be
// different, as Python does. The other methods that come with [time.Time]
// (Before, After, Compare, Sub) see the instant alone, in which a naive time
// counts as UTC. Those that make another time of it (Add, In, Truncate) give a
// time.Time.
type Time struct {
	time.Time      // in UTC when Naive and read by this package
	Naive     bool // without offset
}

// Equal tells whether t and u are the same instant, and both naive or both not.
func (t Time) Equal(u Time) bool {
	return t.Naive == u.Naive && t.Time.Equal(u.Time)
}

// String is Python's isoformat(): 2024-05-17T09:41:12.345678+00:00, without the
// fraction when the microseconds are 0, and without the offset when t is naive. A
// year outside 1 to 9999, which Python has no datetime for, stands there with its
// sign: +12024-05-17T09:41:12.345678+00:00.
func (t Time) String() string {
	if !t.inRange() {
		return t.beyond()
	}
	return string(t.appendISO(make([]byte, 0, 40), !t.Naive))
}

// beyond is String for a year that does not have four digits.
func (t Time) beyond() string {
	layout := "-01-02T15:04:05.000000-07:00"
	if t.Naive {
		layout = "-01-02T15:04:05.000000"
	}
	return fmt.Sprintf("%+05d", t.Year()) + t.Format(layout)
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
	if err == nil {
		err = sc.end()
	}
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

// The seconds since 1970 that begin and end the years 1 to 9999.
const (
	firstSecond = -62135596800
	lastSecond  = 253402300799
)

func (t Time) inRange() bool {
	wall, sec, _ := t.wall()
	s := wall.Unix() + int64(sec)
	return s >= firstSecond && s <= lastSecond
}

// wall returns the time whose digits are the wall clock's, and the offset.
func (t Time) wall() (wall time.Time, sec, micro int) {
	if t.Location() == time.UTC {
		return t.Time, 0, 0
	}
	name, sec := t.Zone()
	if micro = zoneMicros(name); micro != 0 {
		return t.Add(time.Duration(micro) * time.Microsecond), sec, micro
	}
	return t.Time, sec, 0
}

// appendISO appends Python's isoformat() of the wall-clock digits, and of the
// offset if asked.
func (t Time) appendISO(b []byte, offset bool) []byte {
	wall, sec, micro := t.wall()
	start := len(b)
	b = append(b, "0000-00-00T00:00:00.000000"...)
	text := (*[26]byte)(b[start:])
	year, month, day := wall.Date()
	hour, minute, second := wall.Clock()
	put2(text[0:2], year/100)
	put2(text[2:4], year)
	put2(text[5:7], int(month))
	put2(text[8:10], day)
	put2(text[11:13], hour)
	put2(text[14:16], minute)
	put2(text[17:19], second)
	if us := wall.Nanosecond() / 1000; us != 0 {
		put6(text[20:26], us)
	} else {
		b = b[:start+19]
	}
	if !offset {
		return b
	}
	if sec|micro == 0 {
		return append(b, "+00:00"...)
	}
	return appendOffset(b, sec, micro)
}

// asWritten returns what is read of t when it has been written, with its offset or
// without. It does so only for what is in UTC; ok is false for all else.
func (t Time) asWritten(offset bool) (_ Time, ok bool) {
	if t.Location() != time.UTC {
		return Time{}, false
	}
	u := time.Unix(t.Unix(), int64(t.Nanosecond()/1000*1000)).UTC()
	return Time{Time: u, Naive: !offset}, u != time.Time{}
}

// appendOffset appends +hh:mm, and seconds and microseconds where there are any.
func appendOffset(b []byte, sec, micro int) []byte {
	buf := [16]byte{0: '+', 3: ':', 6: ':', 9: '.'}
	if sec < 0 || micro < 0 {
		buf[0], sec, micro = '-', -sec, -micro
	}
	put2(buf[1:3], sec/3600)
	put2(buf[4:6], sec/60%60)
	put2(buf[7:9], sec%60)
	put6(buf[10:16], micro)
	switch {
	case micro != 0:
		return append(b, buf[:]...)
	case sec%60 != 0:
		return append(b, buf[:9]...)
	}
	return append(b, buf[:6]...)
}

// twoDigits are the numbers from 0 to 99.
var twoDigits = func() (text [100][2]byte) {
	for n := range text {
		text[n] = [2]byte{byte('0' + n/10), byte('0' + n%10)}
	}
	return text
}()

// put2 writes the last two digits of n: offsets may have more.
func put2(b []byte, n int) {
	digits := &twoDigits[uint(n)%100]
	b[0], b[1] = digits[0], digits[1]
}

// put6 writes six digits.
func put6(b []byte, n int) {
	put2(b[0:2], n/10000)
	put2(b[2:4], n/100)
	put2(b[4:6], n)
}

// zoneMicros returns the microseconds of an offset, with its sign. Go's
// locations have none, so one that needs them has the whole seconds as its
// offset and is named by all of it, "+01:02:03.000004".
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
