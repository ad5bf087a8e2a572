// Package examples holds small programs to read and run, and messages.txt: real messages for the demo, with neutral host names.
//
// publish, subscribe, subscribe_topic, publish_nameservers, listener and keepalive are the programs of Python posttroll's
// documentation; secure is publish with the secure backend. Each begins with package program, which reads the settings of the host and opens the network.
package examples
