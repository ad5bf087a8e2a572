//go:build amd64 || arm64

package relay

// prefetch asks for a line of memory and does not wait for it. Go has nothing for that: reading a part of it does, and the next lock or
// atomic counter waits until what was read has come.
//
//go:noescape
func prefetch(p *loopBucket)
