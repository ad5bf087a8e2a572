// Package registry is the table of live publishers that a nameserver keeps: add, renew, look up by service, expire, withdraw.
//
// It is pure: no network, and no clock but the time that each call passes in.
package registry
