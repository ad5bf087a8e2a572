// Package nameserver is the posttroll nameserver: publishers announce themselves to it, subscribers ask it where they are, and its change
// feed tells who comes and goes. The program nameserverd is a thin main around it; it can as well be run inside another program or a
// test, on port 0.
//
//	cfg := nameserver.DefaultConfig()
//	server, err := nameserver.New(cfg, nameserver.Options{Transport: t, Receiver: group, Sender: group, Logger: log})
//	...
//	if err := server.Listen(ctx); err != nil { ... } // every port is bound, or the error says which is not
//	defer server.Close()
//	err = server.Run(ctx, nameserver.Hooks{})        // until ctx ends
//
// What it answers, stores and publishes is in doc/protocol.md, section 4. In short: every request is answered, also one that is no
// message; an announcement that a subscriber could not survive is refused and counted; no peer can end it, block another or grow its memory
// beyond the limits in [Config].
//
// With the keys of [Options.Security] all of it is served encrypted as well, on ports of its own ([Endpoints]), to clients that have a key. What came
// over these ports is counted by the names of their keys ([Stats]). Plain peers do not hear of publishers that speak encrypted, which Python
// subscribers would not survive, unless [Config.ShowSecureEntries] is set.
//
// The caller owns transport, receiver and sender and closes them after Run has returned. [Nameserver.Stats], [Nameserver.Reload] and
// [Nameserver.Endpoints] may be called concurrently with everything else.
package nameserver
