package httpd

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
)

// withToken lets those pass who know the token, and everybody to the paths of public. Browsers ask their users for a password, which is the token too; so
// the page works as well as a scraper with a header.
func withToken(held *atomic.Pointer[secrets], public []string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if want := held.Load().token; want != nil && !slices.Contains(public, r.URL.Path) && !knows(r, want) {
			w.Header().Add("WWW-Authenticate", "Bearer")
			w.Header().Add("WWW-Authenticate", `Basic realm="posttroll", charset="UTF-8"`)
			WriteError(w, http.StatusUnauthorized, "a token is needed")
			return
		}
		h.ServeHTTP(w, r)
	})
}

// knows tells whether who asks knows the token with this hash.
func knows(r *http.Request, want *[sha256.Size]byte) bool {
	given, ok := "", false
	if scheme, rest, found := strings.Cut(r.Header.Get("Authorization"), " "); found && strings.EqualFold(scheme, "Bearer") {
		given, ok = strings.TrimSpace(rest), true
	} else {
		_, given, ok = r.BasicAuth()
	}
	got := sha256.Sum256([]byte(given))
	return subtle.ConstantTimeCompare(got[:], want[:]) == 1 && ok
}
