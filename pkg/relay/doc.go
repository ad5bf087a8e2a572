// Package relay carries posttroll messages between networks, sites and backends: many publishers behind one stable port, a plain network behind
// an encrypted door, test fed from production. The program ptrelay is a thin main around it; it can as well be run inside another
// program or a test.
//
//	cfg := relay.DefaultConfig()
//	cfg.Routes = []relay.Route{{
//		Name:   "gather",
//		Source: relay.SourceConfig{Services: []string{"viirs"}, Topics: []string{"/segment"}},
//		Sink:   relay.SinkConfig{Port: 9100},
//	}}
//	r, err := relay.New(cfg, relay.Options{Transport: t, Settings: settings, Security: sec, Logger: log})
//	...
//	defer r.Close()
//	if err := r.Listen(ctx); err != nil { ... } // every port is bound, or the error says which is not
//	err = r.Run(ctx, relay.Hooks{})             // until ctx ends
//
// # Routes
//
// A route is source → steps → sink. Routes whose sources have the same settings, apart from their topics, share one subscription, and routes whose sinks
// have the same settings share one publisher; same_as says so by name. A message goes through the routes of a source in their order, and what comes out
// of a sink is in the order in which it came in from one publisher.
//
// What no step changes goes out as the very bytes that came in. What would end a Python subscriber is dropped and counted
// ([message.Message.CheckStrict]), unless the route is lax. Delivery is at most once, as that of all publishers.
//
// # Loops
//
// Relays may carry messages in circles: A to B and B to A, or round a ring. Each route remembers for a while what it has received and
// sent, by type, sender, time and data but not by subject, so a message that comes back is dropped, also under another subject
// ([Config.LoopWindow], doc/relay.md). A relay never subscribes to its own sinks.
//
// # Looking at it
//
// [Relay.Stats] counts what each route received, dropped (by reason), changed and sent, who subscribes to it, and what slow subscribers lose. [Hooks] tell
// when all is bound, that the loops go round, and how it is in one line. An [Explainer] says what the routes would make of a message, without any network.
//
// # Concurrency
//
// One goroutine for each source receives, runs the steps of its routes and sends; nothing else stands between the sockets. [Relay.Reload],
// [Relay.Pause], [Relay.Resume], [Relay.Stats] and [Relay.Routes] may be called concurrently with everything else. The caller owns transport and security and
// closes them after Close.
package relay
