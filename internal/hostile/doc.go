// Command hostile does to the real programs what strangers on a network may do to them, and looks after each thing whether all still works. It is run
// by scripts/hostile, which builds the programs and says how to choose among the cases.
//
// A case ([testCase]) is a name, the sockets that it is for, and a function; the files cases_*.go have them, by kind. It is run once for each of its sockets. A world is a nameserver for plain and for encrypted peers, a relay with routes of both kinds and one that looks into the
// data, publishers and subscribers of ptctl, and a publisher and subscribers of package pubsub in this process, all on loopback and on free ports.
//
// After each case, and once more while its connections are still open where it holds some:
//
//   - a publisher registers by multicast, by a request, and by an encrypted one; plain and encrypted lookups find what they should, and nothing else;
//   - both change feeds tell of it, and of its withdrawal;
//   - a message of each publisher comes out at each subscriber, on connections that were made when the world began;
//   - the relay answers over HTTP and at its control socket;
//   - no program has ended; the descriptors and the memory of each are back to what they were, and its log has not been flooded.
//
// Hostile servers ([rogue]) are publishers that are listed with the nameserver, so that all subscribers of the world come to them, and nameservers that the
// tools of ptctl ask, each in a process of its own, which has to end in time with a status of its own choosing and bounded memory.
//
// What a case throws at us comes from another address of the loopback network than what we check with, so that limits that count by address can be fair.
package main
