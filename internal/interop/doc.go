// Package interop tests the programs of this suite against peers that speak as Python posttroll 1.11, 1.13 and 1.16
// do: publishers, nameservers and subscribers in all combinations, by multicast and designated, and relays between them over several networks.
//
// The peers, in the directory peers, are written from doc/protocol.md. They are as brittle as the real programs: what ends those ends these, so a test
// passes only when our programs never send it. They need python3 with pyzmq; and since each test runs on a machine of its own, a network
// namespace with the default ports, it needs root.
package interop
