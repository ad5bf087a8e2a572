package message

// timeForm is how eight characters of a time look. They are read all at once,
// which takes a third of the time of one by one.
type timeForm struct {
	text uint64
	over uint64 // added to what differs from text, gives a byte from 0x80 where that is too much
}

// The eight characters that a time begins with, and two places of it where eight
// more are.
var (
	dateForm     = newTimeForm("0000-00-")
	dayForm      = newTimeForm("00T00:00")
	clockForm    = newTimeForm("00:00:00")
	fractionForm = newTimeForm("0.000000")
)

// newTimeForm returns the form of text, with any digit where that has a 0.
func newTimeForm(text string) timeForm {
	f := timeForm{text: load8(text, 0)}
	for i, c := range []byte(text) {
		most := byte(0)
		if c == '0' {
			most = 9
		}
		f.over |= uint64(0x80-(most+1)) << (8 * i)
	}
	return f
}

// digitPairs has in each byte the number that a digit is with the one behind it.
type digitPairs uint64

// at returns the number whose first digit is character i.
func (p digitPairs) at(i int) int { return int(p >> (8 * i) & 0xff) }

// read reads the eight characters of s from i; ok is false where they are not of
// the form.
func (f timeForm) read(s string, i int) (_ digitPairs, ok bool) {
	x := load8(s, i) ^ f.text // 0 to 9 for digits, 0 for all others
	if (x|(x+f.over))&highs != 0 {
		return 0, false
	}
	return digitPairs(x*10 + x>>8), true
}
