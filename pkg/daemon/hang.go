//go:build !hangtest

package daemon

// Daemons do not hang on purpose, but when they are built to show what a watchdog does then: with the tag hangtest.

func armHang() {}
func hang()    {}
