//go:build !linux

package curve

// grantsOnlyUs says no: lists of rights are read on Linux alone.
func grantsOnlyUs(string) bool { return false }
