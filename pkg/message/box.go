package message

import "unsafe"

// A string or a [Time] in an any is a pointer to it, for which Go allocates
// memory each time. The functions here put a value that lies in memory already
// into an any without that, so that all strings of a message share one piece of
// memory: decoding generic data takes a fifth less time then. They rely on how
// Go lays out an any, a pointer to the type and one to the value, which the
// language does not promise, but the runtime, the compiler and reflect agree on;
// a test of this file fails where it is not so. Nobody may write to what p
// points to any more.

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
