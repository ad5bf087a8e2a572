package httpd

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// readOnly lets GET and HEAD pass.
func readOnly(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			WriteError(w, http.StatusMethodNotAllowed, "nothing can be changed here")
			return
		}
		h.ServeHTTP(w, r)
	})
}

// sameSite refuses what a browser asks for another site's page; loopback: also by a Host that is not this one's.
func sameSite(loopback bool, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if loopback && !isLocalName(r.Host) {
			WriteError(w, http.StatusMisdirectedRequest, "this is localhost, and no other host")
			return
		}
		// Browsers tell by it for whom they ask ("none": the user); others do not set it (Fetch Metadata Request Headers, W3C).
		switch r.Header.Get("Sec-Fetch-Site") {
		case "", "none", "same-origin":
		default:
			WriteError(w, http.StatusForbidden, "not for pages of other sites")
			return
		}
		header := w.Header()
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Cache-Control", "no-store")
		h.ServeHTTP(w, r)
	})
}

// isLocalName tells whether a Host header means this host, whatever its port is.
func isLocalName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
