//go:build !linux

package zmq

// receivedBytes is known on Linux only.
func receivedBytes(int) int { return unknown }

// leftOpen is known on Linux only.
func leftOpen(int) bool { return false }
