// Package httpd serves HTTP for daemons: what they tell of themselves at an address, to whoever may reach it or knows a secret, and what they are told by commands at a
// socket that is a file, to their own user alone.
//
//	mux := httpd.NewMux()
//	mux.Handle("GET /metrics", metrics)
//	s, err := httpd.Listen(httpd.Config{Listen: "127.0.0.1:9180"}, mux, httpd.Options{Logger: log}) // bound, or the error says why not
//	...
//	err = s.Serve(ctx) // until ctx ends
//
// It knows nothing of posttroll. What is served is the caller's; the package bounds what a peer may cost: connections, time, and sizes
// of headers and bodies.
//
// # Who may ask
//
// [Listen] serves GET and HEAD alone, so nobody changes anything there. Whoever may connect may read, unless [Config] has a token; with a certificate it is HTTPS that is
// spoken. A page in somebody's browser may connect as well, if the browser runs on that host or in that network. It is kept out: requests that a browser makes for another
// site are refused, unless it is a link that is followed, and so are those whose Host is a name that is not known to be this host's, which is how a page makes itself one of
// the same site (DNS rebinding). Tokens are compared by their hashes, in constant time, and stand in no log, error or answer.
//
// [ListenUnix] makes a socket that its owner and root can connect to, whatever the umask is.
//
// A [Server] may be used concurrently.
package httpd
