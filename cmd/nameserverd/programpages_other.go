//go:build !linux

package main

// dropProgramPages is for Linux.
func dropProgramPages() error { return nil }
