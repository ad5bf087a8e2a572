// Package daemon is being written.
package daemon
