//go:build linux

package main

import (
	"os"
	"strings"
	"testing"
)

// TestDropStartPages: the process goes on, and has fewer pages of its program.
func TestDropStartPages(t *testing.T) {
	before := programPages(t)
	check(t, dropStartPages())
	if after := programPages(t); after >= before {
		t.Errorf("%d pages of files are mapped, were %d", after, before)
	}
}

// programPages is how many pages of files the process has.
func programPages(t *testing.T) (n int) {
	t.Helper()
	statm, err := os.ReadFile("/proc/self/statm")
	check(t, err)
	fields := strings.Fields(string(statm))
	for _, digit := range fields[2] {
		n = 10*n + int(digit-'0')
	}
	return n
}
