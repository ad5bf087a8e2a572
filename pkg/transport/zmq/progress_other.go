//go:build !linux

package zmq

// readProgress is known on Linux only.
func readProgress(int) (progress, bool) { return progress{}, false }
