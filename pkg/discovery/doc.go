// Package discovery is how posttroll programs find each other: publishers announce themselves, nameservers are asked, and
// subscribers follow what changes.
package discovery
