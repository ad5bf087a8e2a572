// Command bench measures the suite beside something real that does the same work in the same run. It is run by scripts/bench, which builds what it
// needs and says how it measures.
//
// The load comes from a program in C (c/load.c), so that it costs as little as can be and is not what is measured. A part of the benchmarks is a
// function with a table as its result; parts are in parts.
package main
