package httpd

import (
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
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

// sameSite refuses what is asked under a name that is not one of names, and what a browser asks for another site's page. A link to a page of ours may be followed from
// anywhere: the other site does not get to see it.
func sameSite(names hostNames, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Frame-Options", "DENY")
		header.Set("Cache-Control", "no-store")
		if !names.include(r.Host) {
			WriteError(w, http.StatusMisdirectedRequest, names.refusal())
			return
		}
		// Browsers tell by it for whom they ask ("none": the user); others do not set it (Fetch Metadata Request Headers, W3C).
		switch r.Header.Get("Sec-Fetch-Site") {
		case "", "none", "same-origin":
		default:
			if r.Header.Get("Sec-Fetch-Mode") != "navigate" || r.Header.Get("Sec-Fetch-Dest") != "document" {
				WriteError(w, http.StatusForbidden, "not for pages of other sites")
				return
			}
		}
		h.ServeHTTP(w, r)
	})
}

// hostNames are the names under which a server may be asked. A page in a browser that gives itself a name which leads here (DNS rebinding) is one of the same site for the
// browser; by the name it is told. A name without a dot, and an address, nobody can give himself.
type hostNames struct {
	loopback bool
	own      string   // of this host
	more     []string // of the settings
}

func newHostNames(at net.Addr, more []string) hostNames {
	own, err := os.Hostname()
	if err != nil {
		own = "localhost"
	}
	return hostNames{loopback: isLoopback(at), own: own, more: more}
}

// include tells whether a Host header means this host, whatever its port is.
func (n hostNames) include(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	host = strings.TrimSuffix(host, ".")
	same := func(other string) bool { return strings.EqualFold(strings.TrimSuffix(other, "."), host) }
	if same("localhost") || slices.ContainsFunc(n.more, same) {
		return true
	}
	addr, err := netip.ParseAddr(host)
	if n.loopback {
		return err == nil && addr.Unmap().IsLoopback()
	}
	return err == nil || same(n.own) || host != "" && !strings.Contains(host, ".")
}

// refusal is what is said to who asks under another name.
func (n hostNames) refusal() string {
	if n.loopback {
		return "this is localhost, and no other host"
	}
	return "not under this name: http_hosts adds names"
}
