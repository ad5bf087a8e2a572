package deploy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

// panel is a part of a dashboard of Grafana.
type panel struct {
	ID      int
	Title   string
	Type    string
	GridPos struct{ H, W, X, Y int }
	Targets []struct{ Expr string }
}

func readDashboard(t *testing.T) []panel {
	t.Helper()
	text, err := os.ReadFile("grafana/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Title, UID    string
		SchemaVersion int
		Panels        []panel
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	if dashboard.Title == "" || dashboard.UID == "" || dashboard.SchemaVersion == 0 || len(dashboard.Panels) == 0 {
		t.Fatalf("no dashboard: %+v", dashboard)
	}
	return dashboard.Panels
}

// Panels have numbers of their own, and none stands on another one.
func TestDashboard(t *testing.T) {
	t.Parallel()
	seen, taken := make(map[int]bool), make(map[[2]int]string)
	for _, p := range readDashboard(t) {
		if seen[p.ID] {
			t.Errorf("two panels have the number %d", p.ID)
		}
		seen[p.ID] = true
		if (p.Type != "row") != (len(p.Targets) > 0) {
			t.Errorf("%s has %d queries", p.Title, len(p.Targets))
		}
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" {
					t.Fatalf("%s stands on %s", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
	}
}

// tool finds a program of Debian's package prometheus.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		testbed.Unavailable(t, "no %s: apt-get install prometheus", name)
	}
	return path
}

// The alerts are good for Prometheus, and come and go when they should.
func TestAlerts(t *testing.T) {
	t.Parallel()
	promtool := tool(t, "promtool")
	for _, args := range [][]string{{"check", "rules", "alerts.yml"}, {"test", "rules", "alerts_test.yml"}} {
		cmd := exec.Command(promtool, args...)
		cmd.Dir = "grafana"
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

// TestPrometheus has a real Prometheus look at both daemons, and ask all that the dashboard and the alerts do.
func TestPrometheus(t *testing.T) {
	t.Parallel()
	prometheus := tool(t, "prometheus")
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", dir, "../cmd/nameserverd", "../cmd/ptrelay", "../cmd/ptctl")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	free := func() int { return testbed.FreePort(t) }
	lookups, ns, relay, pub, sink, port := free(), free(), free(), free(), free(), free()
	settings := fmt.Sprintf(`
nameserver_port = %d
address_publish_port = %d
broadcast_port = %d
`, lookups, free(), free())
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	nsConfig := write("ns.toml", settings+fmt.Sprintf("http_listen = \"127.0.0.1:%d\"\nbind_addresses = [\"127.0.0.1\"]\nfeed_address = \"127.0.0.1\"\n", ns))
	relayConfig := write("relay.toml", fmt.Sprintf(`
http_listen = "127.0.0.1:%d"
control_socket = "none"
[[route]]
name = "one"
source = { addresses = ["tcp://127.0.0.1:%d"] }
sink = { address = "tcp://127.0.0.1:%d", announce = "none" }
`, relay, pub, sink))
	rules, err := filepath.Abs("grafana/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	config := write("prometheus.yml", fmt.Sprintf(`
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [%q]
scrape_configs:
  - job_name: posttroll
    static_configs: [{ targets: ["127.0.0.1:%d", "127.0.0.1:%d"] }]
  - job_name: doors
    http_sd_configs: [{ url: "http://127.0.0.1:%d/v1/http_sd", refresh_interval: 1s }]
    relabel_configs: [{ source_labels: [__meta_posttroll_state], regex: live, action: drop }] # found, and not looked at: they speak no HTTP
`, rules, ns, relay, ns))
	start := func(program string, args ...string) { testbed.Start(t, exec.Command(program, args...)) }
	start(filepath.Join(dir, "nameserverd"), "--no-multicast", "-c", nsConfig)
	start(filepath.Join(dir, "ptrelay"), "-c", relayConfig)
	var lines strings.Builder
	for i := range 2000 { // no two are the same, or they would be taken for such as come back
		fmt.Fprintf(&lines, "pytroll://viirs/sdr/1B file u@h 2024-05-17T09:41:12 v1.01 text/ascii %d\n", i)
	}
	messages := write("messages", lines.String())
	in, err := os.Open(messages)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	publish := exec.Command(filepath.Join(dir, "ptctl"), "publish", "--port", fmt.Sprint(pub), "--wait", "1", "--interval", "100ms")
	publish.Stdin = in
	testbed.Start(t, publish)
	start(prometheus, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"), fmt.Sprintf("--web.listen-address=127.0.0.1:%d", port), "--log.level=warn")

	ask := asker(fmt.Sprintf("http://127.0.0.1:%d/api/v1/", port))
	testbed.WaitUpTo(t, testbed.HeavyPatience, "both daemons are looked at, and messages come", func() bool {
		up, err := ask("query", url.Values{"query": {`sum(up{job="posttroll"}) == 2 and on () sum(rate(posttroll_relay_messages_sent_total[10s])) > 0`}})
		return err == nil && strings.Contains(up, `"value"`)
	})
	testbed.WaitUpTo(t, testbed.HeavyPatience, "publishers are discovered", func() bool {
		targets, err := ask("targets", url.Values{"state": {"dropped"}})
		return err == nil && strings.Contains(targets, `"__meta_posttroll_state":"live"`)
	})
	names, err := ask("label/__name__/values", nil)
	if err != nil {
		t.Fatal(err)
	}
	for from, expression := range expressions(t, rules) {
		if _, err := ask("query", url.Values{"query": {expression}}); err != nil {
			t.Errorf("%s: %v", from, err)
		}
		for _, name := range regexp.MustCompile(`\b(posttroll|process)_[a-z_0-9]+`).FindAllString(expression, -1) {
			if !strings.Contains(names, `"`+name+`"`) {
				t.Errorf("%s asks for %s, which nobody has", from, name)
			}
		}
	}
	// Of a counter that begins with 1 no increase is seen: what alerts look at is there from the start.
	for _, labelled := range regexp.MustCompile(`\bposttroll_[a-z_0-9]+_total\{[^}]*\}`).FindAllString(readFile(t, rules), -1) {
		if found, err := ask("query", url.Values{"query": {labelled}}); err != nil || !strings.Contains(found, `"value"`) {
			t.Errorf("there is no %s yet: %v", labelled, err)
		}
	}
	alerts, err := ask("rules", nil)
	if err != nil || strings.Contains(alerts, `"health":"err"`) || !strings.Contains(alerts, "PosttrollDown") {
		t.Errorf("rules: %v\n%s", err, alerts)
	}
}

// asker asks a Prometheus.
func asker(api string) func(what string, values url.Values) (string, error) {
	return func(what string, values url.Values) (_ string, err error) {
		ctx, cancel := context.WithTimeout(context.Background(), testbed.Patience)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, api+what+"?"+values.Encode(), nil)
		if err != nil {
			return "", err
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return "", err
		}
		defer func() { err = errors.Join(err, res.Body.Close()) }()
		text, err := io.ReadAll(res.Body)
		if err == nil && res.StatusCode != http.StatusOK {
			err = errors.New(string(text))
		}
		return string(text), err
	}
}

// expressions are those of the dashboard, with values for its variables, and of the alerts, by where they stand.
func expressions(t *testing.T, rules string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	variables := strings.NewReplacer("$__rate_interval", "5s", "$instance", ".*")
	for _, p := range readDashboard(t) {
		for i, target := range p.Targets {
			all[fmt.Sprintf("%s, query %d", p.Title, i+1)] = variables.Replace(target.Expr)
		}
	}
	text := readFile(t, rules)
	found := regexp.MustCompile(`(?m)- alert: (\w+)\n\s+expr: (.+)$`).FindAllStringSubmatch(text, -1)
	if len(found) != strings.Count(text, "- alert:") {
		t.Errorf("%d expressions are found in the rules", len(found))
	}
	for _, m := range found {
		all["alert "+m[1]] = m[2]
	}
	if len(all) < 30 {
		t.Errorf("%d expressions", len(all))
	}
	return all
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
