// Package nameserver is being written.
package nameserver
