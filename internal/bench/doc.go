// Command bench measures the suite beside something real that does the same work in the same run. It is run by scripts/bench, which builds what it
// needs and says how it measures; doc/performance.md says what each line of its table is.
//
// What is compared runs in processes of its own, started anew for each comparison: ours are in peer, those in C in c, those in Python in py, and that of NATS in
// tools/nats. They take turns, round by round. A part of the benchmarks is a function with lines of the table as its result; parts are in parts.
package main
