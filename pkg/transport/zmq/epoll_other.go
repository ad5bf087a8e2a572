//go:build !linux

package zmq

// outlivesResets is true where nothing was done about it: nobody is warned of what they can't change.
func outlivesResets() bool { return true }
