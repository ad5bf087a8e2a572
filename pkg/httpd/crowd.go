package httpd

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
)

// crowd bounds the connections of a server without letting those wait that come: when there are too many, the one that has waited for longest for its peer to ask
// something goes; where all get answers, the one that gets its answer for longest, since it does not read it or is one of many. So neither half a
// question nor an answer that nobody reads, on each of many connections, keeps anybody else out.
type crowd struct {
	most int

	mu    sync.Mutex
	count uint64
	all   map[net.Conn]*visitor
}

// visitor is a connection.
type visitor struct {
	number uint64 // counts up, also when it has got an answer
	busy   bool   // it gets one
}

// goesBefore tells whether v is rather to go than o.
func (v *visitor) goesBefore(o *visitor) bool {
	if v.busy != o.busy {
		return o.busy
	}
	return v.number < o.number
}

// visitorKey is that of the visitor in the context of a request.
type visitorKey struct{}

func newCrowd(most int) *crowd { return &crowd{most: most, all: make(map[net.Conn]*visitor)} }

// enter takes in a connection, as [http.Server].ConnContext.
func (c *crowd) enter(ctx context.Context, conn net.Conn) context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count++
	v := &visitor{number: c.count}
	c.all[conn] = v
	if len(c.all) > c.most {
		var oldest net.Conn
		for other, o := range c.all {
			if o != v && (oldest == nil || o.goesBefore(c.all[oldest])) {
				oldest = other
			}
		}
		delete(c.all, oldest)
		_ = beneath(oldest).Close() // its peer sees it
	}
	return context.WithValue(ctx, visitorKey{}, v)
}

// beneath returns the connection that TLS is spoken on: that of TLS says goodbye when it is closed, and would wait for a peer that does not read.
func beneath(conn net.Conn) net.Conn {
	if encrypted, ok := conn.(*tls.Conn); ok {
		return encrypted.NetConn()
	}
	return conn
}

// state follows connections, as [http.Server].ConnState.
func (c *crowd) state(conn net.Conn, s http.ConnState) {
	if s == http.StateClosed || s == http.StateHijacked {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.all, conn)
	}
}

// served notes who gets an answer from h.
func (c *crowd) served(h http.Handler) http.Handler {
	note := func(v *visitor, busy bool) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.count++
		v.number, v.busy = c.count, busy
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if v, ok := r.Context().Value(visitorKey{}).(*visitor); ok {
			note(v, true)
			defer note(v, false)
		}
		h.ServeHTTP(w, r)
	})
}
