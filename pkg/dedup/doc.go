// Package dedup tells whether a message has been seen a while ago: the window of a relay that makes one stream of two receptions, and of a
// subscriber with two relays side by side.
//
//	window, err := dedup.New(dedup.Config{By: dedup.ByUID, Window: 10 * time.Minute})
//	...
//	verdict, err := window.See(m, time.Now())
//	if verdict == dedup.Duplicate {
//		return // it has been passed on already
//	}
//
// # By what a message is known again
//
// [Config.By] says it. Messages are the same when all of what follows is:
//
//   - [ByMessage]: every byte, as the message came in. Two relays side by side that pass on one publisher are told so.
//   - [ByContent]: type, sender, the instant of the time in the header, and every byte of the data, but not the subject: a message is known again
//     after it was renamed, and after its header went from one version to the other. A relay that rewrites the sender or the data, or
//     whose version cuts offsets off times in the data, makes another message of it.
//   - [ByUID], [ByURI]: type, subject, and the uids or URIs of all files in the data, in order: at the top, in the list "dataset", and in
//     "collection" with what is nested in it. Values are compared as they are written.
//   - [ByFields]: type, subject, and the values at the paths of [Config.Fields]. One that a message lacks counts as lacking.
//
// The type always counts: what announces a file and what tells of its deletion have the same uid. The subject counts unless
// [Config.AnySubject] is set, so that a file that is announced again at the next stage of a chain is not lost.
// A message that has nothing of what is asked for (no uid, none of the fields, data that is no JSON) is [Unknown]; nothing is remembered of it.
//
// # The bounds
//
// A message is a duplicate for less than [Config.Window] after the first one that was not: at exactly the window it is new again. Duplicates do not
// prolong it, so what is sent for ever with the same key passes once in a window.
//
// At most [Config.MaxEntries] messages are remembered. At the bound the oldest is forgotten for the new one, even though its time is not
// over; a duplicate of it passes then. [Stats.Forgotten] counts that: where it grows, raise the bound. The bound can be
// reached by whoever may publish; and whoever may publish can have messages of others taken for duplicates, by naming what they are known by first.
//
// Time is what the caller passes in. One that is earlier than that of the call before counts as that one, so a clock that is
// set back makes windows longer by as much, and one that is set forward makes them shorter. Times of [time.Now] have a monotonic clock and are not
// touched by either.
//
// # Cost
//
// There are no timers and no goroutines. A call takes constant time, apart from hashing or decoding the message: it adds one entry at
// most and removes a few that have run out. The tables double when they are full, from nothing up to MaxEntries, which copies them: 20
// ms for a million entries.
//
// Of a message 16 bytes are kept, two keyed hashes, whatever its size: two different messages are taken for one with a probability
// of about the number of entries in 2^128. With its time and its place in the tables an entry takes 32 to 40 bytes: 4 MB at most for the default of
// 100,000 entries, and half as much again while the tables double. Memory is not given back before the window is dropped.
//
// The methods of a [Window] may be called by several goroutines at once.
package dedup
