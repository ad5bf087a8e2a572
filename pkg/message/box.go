package message

import "unsafe"

// An any holds a pointer to its string or [Time], and Go allocates memory for
// what it points to each time one is made. The functions here make an any of a
// value that lies in memory already, so that all strings of a message share one
// piece of memory, and all its times another: decoding generic data takes a
// fifth less time then. The price is that an any keeps the whole piece.
//
// They rely on how Go lays out an any: a pointer to the type and one to the
// value, for all types that are no pointers themselves. The language does not
// promise that, but the compiler, reflect and the collector of garbage agree on
// it, and TestBoxed fails where it is not so. An any is a value that nobody can
// change, so nobody may write to what p points to any more.

// anyWords are the two words of an any.
type anyWords struct{ typ, value unsafe.Pointer }

// The pointers to types are those in values that Go has made itself.
var (
	sampleText any = ""
	sampleTime any = Time{}
	textType       = (*anyWords)(unsafe.Pointer(&sampleText)).typ
	timeType       = (*anyWords)(unsafe.Pointer(&sampleTime)).typ
)

// boxedText is any(*p).
func boxedText(p *string) any {
	words := anyWords{textType, unsafe.Pointer(p)}
	return *(*any)(unsafe.Pointer(&words))
}

// boxedTime is any(*p).
func boxedTime(p *Time) any {
	words := anyWords{timeType, unsafe.Pointer(p)}
	return *(*any)(unsafe.Pointer(&words))
}
