package monitor

import (
	"context"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/httpd"
)

// shownList is a list of publishers that changes.
type shownList struct {
	mu  sync.Mutex
	all []Publisher
}

func (l *shownList) set(all ...Publisher) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = all
}

func (l *shownList) each() iter.Seq[Publisher] {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Values(slices.Clone(l.all))
}

// serveMonitor serves a page as a daemon does, and returns where.
func serveMonitor(t *testing.T) (m *Monitor, list *shownList, url string) {
	t.Helper()
	m, list = New(), &shownList{all: samplePublishers()}
	m.Show(&Listing{States: []string{"live", "silent"}, All: list.each})
	m.ShowPage(samplePage())
	m.Health.SetReady(true)
	server, err := httpd.Listen(httpd.Config{Listen: "127.0.0.1:0"}, m.mux, httpd.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return m, list, "http://" + server.Addr().String() + "/"
}

// In a real browser, under the policy of the page, its script shows what happens, and disturbs nothing that stays as it is.
func TestLivePage(t *testing.T) {
	t.Parallel()
	m, list, url := serveMonitor(t)
	b := startBrowser(t)
	b.visit(url)
	b.until("the page follows", `document.getElementById("live").textContent.startsWith("Live")`)
	b.value(`document.querySelector("#publishers-table tr[data-key='tcp://[fe80::1]:9002']").mark = "the same"; document.querySelector("[name=host]").focus()`)

	all := samplePublishers()
	fresh := NewPublisher("tcp://10.0.0.9:9009", []string{"<i>newcomer</i>"}, time.Now())
	fresh.State, all[1].State = "live", "live"
	list.set(all[1], all[2], fresh)
	m.Events.Add("publisher_added", map[string]any{"uri": fresh.URI, "services": []string{fresh.Name}})
	b.until("the newcomer is there", `[...document.querySelectorAll("#publishers-table td")].some(td => td.textContent == "<i>newcomer</i>")`)
	b.until("its event is there", `document.querySelector("#events li").textContent.includes("publisher added <i>newcomer</i>")`)
	b.until("who has gone is not there", `!document.body.innerText.includes("10.0.0.2:9001")`)
	b.until("the state has changed", `document.querySelector("#publishers-table tr[data-key='tcp://[fe80::1]:9002'] .badge").textContent == "live"`)
	b.until("a line that stays is the same one", `document.querySelector("#publishers-table tr[data-key='tcp://[fe80::1]:9002']").mark == "the same"`)
	b.until("who types is not disturbed", `document.activeElement.name == "host"`)

	// The filter works as one types, and in the address of the page, which can be given to others.
	b.value(`document.querySelector("[name=name]").value = "avhrr"; document.querySelector("[name=name]").dispatchEvent(new Event("input", {bubbles: true}))`)
	b.until("one is left", `document.querySelectorAll("#publishers-table tbody tr").length == 1 && location.search == "?name=avhrr"`)
	b.value(`document.querySelector(".all").click()`)
	b.until("all are back", `document.querySelectorAll("#publishers-table tbody tr").length == 3 && location.search == ""`)

	// What comes in place of the page, as where a token has been set, is told, and nobody is shown what is old as if it were new.
	b.value(`window.asked = fetch; fetch = async () => new Response("{}", {status: 401})`)
	b.until("it is told", `document.getElementById("live").textContent.includes("status 401")`)
	b.value(`fetch = window.asked`)
	b.until("the page follows again", `document.getElementById("live").textContent.startsWith("Live")`)

	// Without events it is shown anew by the clock.
	looks := b.value(`document.body.dataset.looks`)
	b.until("it looks again", `document.body.dataset.looks > `+looks)
	b.quiet()
}

// A filter that is none is told as soon as it is typed, and the browser's console may say so too.
func TestBadFilter(t *testing.T) {
	t.Parallel()
	_, _, url := serveMonitor(t)
	b := startBrowser(t)
	b.visit(url)
	b.value(`document.querySelector("[name=name]").value = "["; document.querySelector("[name=name]").dispatchEvent(new Event("input", {bubbles: true}))`)
	b.until("the filter is refused", `document.getElementById("problem").textContent.includes("is no pattern")`)
	b.value(`document.querySelector(".all").click()`)
	b.until("it is well again", `document.getElementById("problem").textContent == ""`)
}

// Without JavaScript the page shows the same, and its filter is a form.
func TestPageWithoutScript(t *testing.T) {
	t.Parallel()
	_, _, url := serveMonitor(t)
	b := startBrowser(t)
	b.call("Emulation.setScriptExecutionDisabled", map[string]any{"value": true}, nil)
	b.visit(url)
	b.until("it says what to do", `document.getElementById("live").textContent == "Load the page again for what is new."`)
	b.value(`document.querySelector("[name=name]").value = "avhrr"; document.querySelector("form button").click()`)
	b.until("one is left", `location.search.startsWith("?name=avhrr") && document.querySelectorAll("#publishers-table tbody tr").length == 1`)
	b.quiet()
}

// On a phone nothing stands beyond the edge, in the dark it is dark, and who does not see it hears tables with their headings, and landmarks.
func TestPageForAll(t *testing.T) {
	t.Parallel()
	_, list, url := serveMonitor(t)
	long := NewPublisher("tcp://"+strings.Repeat("a-very-long-name.", 8)+"example:9009", []string{strings.Repeat("x", 200)}, time.Now())
	long.State = "live"
	list.set(append(samplePublishers(), long)...)
	b := startBrowser(t)
	for _, width := range []int{320, 390, 768, 1280} {
		b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 700}, nil)
		b.visit(url)
		if got := b.value(`document.documentElement.scrollWidth > document.documentElement.clientWidth`); got != "false" {
			t.Errorf("at a width of %d it is %s wide", width, b.value(`document.documentElement.scrollWidth`))
		}
		lines := b.value(`(() => {
			const text = document.createRange();
			text.selectNodeContents(document.querySelector("#publishers-table tr[data-key='tcp://10.0.0.2:9001'] td[data-label=Address]"));
			return text.getClientRects().length;
		})()`)
		if width > 700 && lines != "1" {
			t.Errorf("at a width of %d an address that has room stands on %s lines", width, lines)
		}
		shown := b.nodes()
		for _, want := range []string{"main", "table Publishers", "table Routes", "heading Recent events", "log Recent events", "search Filter publishers", "textbox Name", "combobox State"} {
			if shown[want] == 0 {
				t.Errorf("at a width of %d there is no %s for screen readers: %v", width, want, shown)
			}
		}
		if width > 700 && shown["columnheader State"] == 0 {
			t.Errorf("at a width of %d no heading of a column", width)
		}
	}
	ground := `getComputedStyle(document.body).backgroundColor`
	b.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": "light"}}}, nil)
	light := b.value(ground)
	b.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": "dark"}}}, nil)
	if dark := b.value(ground); light != "rgb(251, 251, 250)" || dark != "rgb(20, 23, 26)" {
		t.Errorf("ground is %s in light, %s in the dark", light, dark)
	}
	b.quiet()
}

// nodes are what a screen reader finds: roles with their names, and how many there are of each.
func (b *browser) nodes() map[string]int {
	b.t.Helper()
	var tree struct {
		Nodes []struct {
			Ignored    bool
			Role, Name struct{ Value any }
		}
	}
	b.call("Accessibility.getFullAXTree", nil, &tree)
	found := make(map[string]int)
	for _, node := range tree.Nodes {
		role, _ := node.Role.Value.(string)
		name, _ := node.Name.Value.(string)
		if !node.Ignored {
			found[strings.TrimSpace(role+" "+name)]++
		}
	}
	return found
}
