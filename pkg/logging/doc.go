// Package logging is being written.
package logging
