// Package httpd serves HTTP for daemons: what they tell of themselves at an address, to whoever may reach it, and what they are told by commands at a
// socket that is a file, to their own user alone.
//
//	mux := httpd.NewMux()
//	mux.Handle("GET /metrics", metrics)
//	s, err := httpd.Listen("127.0.0.1:9180", mux, httpd.Options{Logger: log}) // bound, or the error says why not
//	...
//	err = s.Serve(ctx) // until ctx ends
//
// It knows nothing of posttroll. What is served is the caller's; the package bounds what a peer may cost: connections, time, and sizes
// of headers and bodies.
//
// # Who may ask
//
// [Listen] serves GET and HEAD alone, so nobody changes anything there. There are no passwords: whoever may connect may read. A page in somebody's
// browser may connect as well, if the browser runs on that host or in that network. It is kept out: requests that a browser makes for another site are
// refused, and at a loopback address also those whose Host is another name, which is how a page makes itself one of the same site (DNS rebinding).
//
// [ListenUnix] makes a socket that its owner and root can connect to, whatever the umask is.
//
// A [Server] may be used concurrently.
package httpd
