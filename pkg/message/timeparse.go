package message

import (
	"errors"
	"fmt"
	"time"
)

var errNoTime = errors.New("no ISO 8601 date or time")

// ParseTime reads any form that Python 3.11's datetime.fromisoformat takes, and
// no other: dates as 2024-05-17, 20240517, 2024-W20-5, 2024W205 and 2024-W20;
// then, behind any one character, a time as 09, 09:41, 09:41:12, 0941 or 094112,
// with a fraction behind a point or comma; then Z or an offset in the same
// forms. Its oddities are kept too, since a value is a datetime for one peer
// exactly if it is one for the other.
func ParseTime(s string) (Time, error) {
	t, ok := parseTime(s)
	if !ok {
		return Time{}, fmt.Errorf("%q: %w", shown(s), errNoTime)
	}
	return t, nil
}

// parseTime is ParseTime without an error value. Most strings in data are no
// times and are refused at their first bytes.
func parseTime(s string) (Time, bool) {
	if len(s) < 7 || s[0]-'0' > 9 || s[1]-'0' > 9 || s[2]-'0' > 9 || s[3]-'0' > 9 {
		return Time{}, false
	}
	if t, ok := parseUsual(s); ok {
		return t, true
	}
	sep := dateEnd(s)
	year, month, day, ok := parseDate(s, sep)
	if !ok {
		return Time{}, false
	}
	var c clock
	if len(s) > sep {
		if c, ok = parseClock(s, sep+width(s[sep])); !ok {
			return Time{}, false
		}
	}
	return c.on(year, month, day)
}

// parseUsual reads the form that isoformat writes, in UTC or naive, which is
// what nearly all times have. What it refuses may be a time all the same.
func parseUsual(s string) (Time, bool) {
	if len(s) < 19 {
		return Time{}, false
	}
	date, ok1 := dateForm.read(s, 0)
	inMonth, ok2 := dayForm.read(s, 8)
	time, ok3 := clockForm.read(s, 11)
	if !ok1 || !ok2 || !ok3 {
		return Time{}, false
	}
	year, month, day := 100*date.at(0)+date.at(2), date.at(5), inMonth.at(0)
	c := clock{hour: time.at(0), minute: time.at(3), second: time.at(6)}
	rest := s[19:]
	if len(rest) >= 7 && rest[0] == '.' {
		fraction, ok := fractionForm.read(s, 18)
		if !ok {
			return Time{}, false
		}
		c.micro = 10000*fraction.at(2) + 100*fraction.at(4) + fraction.at(6)
		rest = rest[7:]
	}
	if year == 0 || month == 0 || month > 12 || day == 0 || day > 28 && day > daysIn(year, month) {
		return Time{}, false
	}
	switch rest {
	case "":
	case "+00:00":
		c.hasZone = true
	default:
		return Time{}, false
	}
	return c.on(year, month, day)
}

// on puts the clock on a day.
func (c clock) on(year, month, day int) (Time, bool) {
	if c.hour > 23 || c.minute > 59 || c.second > 59 {
		return Time{}, false
	}
	if !c.hasZone {
		return Time{Time: c.utc(year, month, day), Naive: true}, true
	}
	const limit = 24 * 3600
	if c.zone <= -limit || c.zone >= limit {
		return Time{}, false
	}
	t := c.utc(year, month, day)
	if c.zone != 0 {
		t = time.Unix(t.Unix()-int64(c.zone), int64(c.micro-c.zoneMicro)*1000).In(zone(c.zone, c.zoneMicro))
	}
	if t == (time.Time{}) { // but not the zero Time, which means "now" in Fields
		t = t.In(time.FixedZone("", 0))
	}
	return Time{Time: t}, true
}

// utc is the time at which it is so in UTC. [time.Date] would take twice as long, for days and hours that are none.
func (c *clock) utc(year, month, day int) time.Time {
	sec := int64(days(year, month, day))*24*3600 + int64(c.hour*3600+c.minute*60+c.second)
	return time.Unix(sec, int64(c.micro)*1000).UTC()
}

// days counts the days from 1970. Its years begin in March, so that a leap day is the last of one.
func days(year, month, day int) int {
	month -= 3
	if month < 0 {
		month += 12
		year--
	}
	const yearZero = 719468 // from the first of March of that year
	return year*365 + year/4 - year/100 + year/400 + (153*month+2)/5 + day - 1 - yearZero
}

// width is the length of the UTF-8 character that begins with c.
func width(c byte) int {
	switch {
	case c < 0x80:
		return 1
	case c&0xf0 == 0xe0:
		return 3
	case c&0xf0 == 0xf0:
		return 4
	}
	return 2
}

// at returns s[i], or 0 behind the end.
func at(s string, i int) byte {
	if i < len(s) {
		return s[i]
	}
	return 0
}

func isDigit(c byte) bool { return c-'0' <= 9 }

// digits reads n digits at i.
func digits(s string, i, n int) (int, bool) {
	if i+n > len(s) {
		return 0, false
	}
	v := 0
	for _, c := range []byte(s[i : i+n]) {
		if c -= '0'; c > 9 {
			return 0, false
		}
		v = 10*v + int(c)
	}
	return v, true
}

// dateEnd returns where in s the separator between date and time stands, or
// would stand. Where "-" and digits leave it open, it guesses as Python does.
func dateEnd(s string) int {
	if len(s) == 7 {
		return 7
	}
	if s[4] == '-' {
		if s[5] != 'W' {
			return 10
		}
		if s[8:] == "" || s[8] != '-' {
			return 8
		}
		if len(s) > 10 && isDigit(s[10]) {
			return 8 // 2024-W20-0941 is a time on the Monday
		}
		return 10
	}
	if s[4] != 'W' {
		return 8
	}
	i := 7
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	switch {
	case i < 9:
		return i
	case i%2 == 0:
		return 7 // pairs of digits follow: the day is missing
	}
	return 8
}

// parseDate reads the date that ends at end.
func parseDate(s string, end int) (year, month, day int, ok bool) {
	year, ok = digits(s, 0, 4)
	if !ok || year == 0 {
		return 0, 0, 0, false
	}
	i := 4
	dashed := s[4] == '-'
	if dashed {
		i++
	}
	if at(s, i) == 'W' {
		return parseWeek(s, end, i+1, year, dashed)
	}
	if month, ok = digits(s, i, 2); !ok {
		return 0, 0, 0, false
	}
	i += 2
	if dashed {
		if at(s, i) != '-' {
			return 0, 0, 0, false
		}
		i++
	}
	if day, ok = digits(s, i, 2); !ok {
		return 0, 0, 0, false
	}
	ok = month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month)
	return year, month, day, ok
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// parseWeek reads the week, and the day of the week if there is one.
func parseWeek(s string, end, i, isoYear int, dashed bool) (year, month, day int, ok bool) {
	week, ok := digits(s, i, 2)
	if !ok {
		return 0, 0, 0, false
	}
	i += 2
	weekday := 1
	if i < end {
		if dashed {
			if at(s, i) != '-' {
				return 0, 0, 0, false
			}
			i++
		}
		if weekday, ok = digits(s, i, 1); !ok {
			return 0, 0, 0, false
		}
	}
	if week < 1 || weekday < 1 || weekday > 7 {
		return 0, 0, 0, false
	}
	// The fourth of January is always in week 1.
	jan4 := time.Date(isoYear, 1, 4, 0, 0, 0, 0, time.UTC)
	monday := jan4.AddDate(0, 0, -(int(jan4.Weekday())+6)%7)
	d := monday.AddDate(0, 0, 7*(week-1)+weekday-1)
	if y, w := d.ISOWeek(); y != isoYear || w != week {
		return 0, 0, 0, false // a week 53 that the year has not
	}
	y, m, dd := d.Date()
	return y, int(m), dd, y >= 1 && y <= 9999
}

// clock is a time of day with its offset.
type clock struct {
	hour, minute, second, micro int
	hasZone                     bool
	zone, zoneMicro             int // seconds and microseconds, both with the sign
}

// parseClock reads the time that begins at i and ends with s.
func parseClock(s string, i int) (c clock, ok bool) {
	z := i
	for z < len(s) && s[z] != '+' && s[z] != '-' && s[z] != 'Z' {
		z++
	}
	whole, ok := c.parse(s, i, z)
	if !ok {
		return c, false
	}
	if z >= len(s) {
		return c, whole
	}
	c.hasZone = true
	if s[z] == 'Z' {
		return c, at(s, z+1) == 0
	}
	var off clock
	if whole, ok = off.parse(s, z+1, len(s)); !ok || !whole {
		return c, false
	}
	c.zone, c.zoneMicro = off.hour*3600+off.minute*60+off.second, off.micro
	if s[z] == '-' {
		c.zone, c.zoneMicro = -c.zone, -c.zoneMicro
	}
	return c, true
}

// parse reads hh[:mm[:ss[.ffffff]]], with or without colons, in s[i:end]. Where
// something is left of it, whole is false. As in Python, that is fine when an
// offset follows, for one more character, or anything behind six digits of a
// fraction.
func (c *clock) parse(s string, i, end int) (whole, ok bool) {
	colons := true
fields:
	for n, v := range [3]*int{&c.hour, &c.minute, &c.second} {
		if *v, ok = digits(s, i, 2); !ok {
			return false, false
		}
		next := at(s, i+2)
		i += 3
		if n == 0 {
			colons = next == ':'
		}
		switch {
		case i >= end:
			return next == 0, true
		case colons && next == ':':
		case next == '.' || next == ',':
			break fields
		case !colons:
			i--
		default:
			return false, false
		}
	}
	return c.fraction(s, i, end)
}

// fraction reads the digits of a fraction; those past the sixth are cut.
func (c *clock) fraction(s string, i, end int) (whole, ok bool) {
	n := min(end-i, 6)
	if c.micro, ok = digits(s, i, n); !ok {
		return false, false
	}
	for range 6 - n {
		c.micro *= 10
	}
	i += n
	for isDigit(at(s, i)) {
		i++
	}
	return at(s, i) == 0, true
}
