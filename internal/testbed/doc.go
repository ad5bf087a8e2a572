// Package testbed holds what tests share.
package testbed
