package monitor

import (
	"context"
	"fmt"
	"testing"

	"github.com/pytroll/posttroll-go/internal/testbed"
	"github.com/pytroll/posttroll-go/pkg/httpd"
)

// The page of a daemon that is started again says meanwhile that nobody answers, and goes on by itself with what the new one tells.
func TestPageOutlivesRestart(t *testing.T) {
	t.Parallel()
	addr := fmt.Sprintf("127.0.0.1:%d", testbed.FreePort(t))
	stop := serveAt(t, addr, "before")
	b := startBrowser(t)
	b.visit("http://" + addr + "/")
	b.until("the page follows", `document.getElementById("live").textContent.startsWith("Live")`)
	stop()
	b.until("it is told", `document.getElementById("live").textContent.startsWith("The daemon does not answer")`)
	stop = serveAt(t, addr, "after")
	b.until("the page follows the new one", `document.getElementById("live").textContent.startsWith("Live") && document.querySelector("#events").textContent.includes("after")`)
	stop()
}

// serveAt serves a page with one event about a route until stop is called.
func serveAt(t *testing.T, listen, route string) (stop func()) {
	t.Helper()
	m := New()
	m.Show(&Listing{States: []string{"live", "silent"}, All: (&shownList{}).each})
	m.ShowPage(samplePage())
	m.Events.Add("publisher_added", map[string]any{"route": route})
	server, err := httpd.Listen(httpd.Config{Listen: listen}, m.mux, httpd.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}
