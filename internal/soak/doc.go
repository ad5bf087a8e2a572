// Command soak runs the real programs under a mixed load for a while, with publishers and subscribers that come and go, and tells whether anything was lost, answered
// wrongly, or grew. scripts/soak starts it, in a network namespace of its own: see there for what it checks.
//
// It is all parties but the daemons: it starts itself with -role as publisher, subscriber or as the clients that look names up. These print what they have
// seen as a line of JSON for each line that they read.
package main
