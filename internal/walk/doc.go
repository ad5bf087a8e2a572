// Walk runs the commands that a page shows, on the hosts that the page names, and holds what they tell against what the page shows. So what the page tells of an incident stays
// true. scripts/e2e calls it when the hosts are there and broken as they should be:
//
//	walk [--update] PAGE HOST=PID...
//
// A command stands in a block of the page that begins with ```console, behind the name of its host and "$ "; what it tells stands below, up to the next command. One that ends
// with " &" goes on beside those that follow, and what it tells stands below a "wait" on the same host. PID is a process whose namespaces are those of the host.
//
// Times, durations, sizes, rates, numbers of processes and ports that are free to be any are not compared, nor is the order of lines; see [normal]. A check (ptctl check) that tells something else is asked again for
// ten seconds, since what one host has heard another one hears a moment later. With --update
// it writes into the page what the commands have told. The status is 1 when something differs, or a command does not end.
package main
