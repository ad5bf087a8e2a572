//go:build unix && !linux

package multicast

// forceReadBuffer does nothing: only Linux lets a program have more than the limit.
func forceReadBuffer(int, int) {}
