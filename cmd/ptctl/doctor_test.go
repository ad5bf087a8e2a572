package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/internal/testbed"
	"github.com/pytroll/posttroll-go/pkg/config"
)

// TestChart: observations stand below the head of their area, what is wrong with what to do; in colours where those are wanted.
func TestChart(t *testing.T) {
	t.Parallel()
	all := []observation{
		{"ports", levelOK, "tcp 5557 is free", ""},
		{"ports", levelNote, "no nameserver", "start one"},
		{"keys", levelError, "a\x1b[31m key", "make one"},
	}
	tests := []struct {
		name  string
		chart chart
		want  string
	}{
		{"plain", chart{}, "ports\n  ok      tcp 5557 is free\n  note    no nameserver\n          -> start one\n\nkeys\n  error   a\uFFFD[31m key\n          -> make one\n"},
		{"quiet", chart{quiet: true}, "keys\n  error   a\uFFFD[31m key\n          -> make one\n"},
		{"quiet, in colours", chart{quiet: true, colours: true}, "\x1b[1mkeys\x1b[0m\n  \x1b[31merror  \x1b[0m a\uFFFD[31m key\n          -> make one\n"},
		{"JSON", chart{json: true}, `{"area":"ports","level":"ok","text":"tcp 5557 is free"}
{"area":"ports","level":"note","text":"no nameserver","advice":"start one"}
{"area":"keys","level":"error","text":"a\u001b[31m key","advice":"make one"}
`},
	}
	for _, test := range tests {
		var b bytes.Buffer
		test.chart.w = &b
		for _, o := range all {
			test.chart.add(o)
		}
		if diff := cmp.Diff(test.want, b.String()); diff != "" || test.chart.findings != 1 || test.chart.seen != 3 {
			t.Errorf("%s: %d findings of %d (-want +got):\n%s", test.name, test.chart.findings, test.chart.seen, diff)
		}
	}
}

// aProc is a /proc with a process 7 that listens at two ports, and one socket whose process is not to be seen.
func aProc(t *testing.T) string {
	t.Helper()
	proc := t.TempDir()
	const head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
	files := map[string]string{
		"net/tcp": head + "   0: 00000000:15B5 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0000 100 0 0 10 0\n" +
			"   1: 0100007F:409F 0100007F:1234 01 00000000:00000000 00:00000000 00000000     0        0 112 1 0000 100 0 0 10 0\n",
		"net/tcp6": head + "   0: 00000000000000000000000000000000:409F 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  4242        0 113 1 0000 100 0 0 10 0\n",
		"net/udp":  head + " 123: 00000000:52D0 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 114 2 0000 0\nshort\n",
	}
	for name, text := range files {
		path := filepath.Join(proc, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(proc, "7", "fd"), 0o755); err != nil {
		t.Fatal(err)
	}
	for fd, to := range map[string]string{"3": "socket:[111]", "4": "socket:[114]", "5": "/dev/null", "6": "socket:[111]"} {
		if err := os.Symlink(to, filepath.Join(proc, "7", "fd", fd)); err != nil {
			t.Fatal(err)
		}
	}
	return proc
}

func TestOpenSockets(t *testing.T) {
	t.Parallel()
	proc := aProc(t)
	held, err := openSockets(proc)
	if err != nil {
		t.Fatal(err)
	}
	processes := processesOf(proc, held)
	if diff := cmp.Diff(map[string][]int{"111": {7}, "114": {7}}, processes); diff != "" {
		t.Errorf("processes (-want +got):\n%s", diff)
	}
	for p, want := range map[neededPort][]int{
		{protocol: "tcp", port: 5557}:  {7},
		{protocol: "tcp", port: 16543}: {0}, // whose process is not to be seen
		{protocol: "udp", port: 21200}: {7},
		{protocol: "tcp", port: 21200}: nil,
	} {
		var got []int
		for _, o := range ownersOf(p, held, processes) {
			got = append(got, o.pid)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s %d (-want +got):\n%s", p.protocol, p.port, diff)
		}
	}
	if _, err := openSockets(t.TempDir()); err == nil {
		t.Error("no /proc: no error")
	}
}

func TestLookAtCore(t *testing.T) {
	t.Parallel()
	ours, other, unseen, systemd := owner{7, "nameserverd (process 7)"}, owner{8, "httpd (process 8)"}, owner{0, "a process of x"}, owner{1, "systemd (process 1)"}
	tests := []struct {
		name          string
		lookups, feed owner
		want          level
	}{
		{"both", ours, ours, ""},
		{"none", owner{}, owner{}, levelNote},
		{"one", ours, owner{}, levelError},
		{"the other", owner{}, other, levelError},
		{"two", ours, other, levelError},
		{"nobody knows", unseen, other, ""},
		{"socket activation", systemd, ours, ""},
	}
	for _, test := range tests {
		core := map[string]owner{}
		if test.lookups != (owner{}) {
			core["nameserver_port"] = test.lookups
		}
		if test.feed != (owner{}) {
			core["address_publish_port"] = test.feed
		}
		var got level
		lookAtCore(func(l level, _, _ string, _ ...any) { got = l }, core)
		if got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestLookAtMissingKeys(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		set  config.Settings
		want []level
	}{
		{"plain", config.Settings{Backend: config.Plain}, []level{levelOK}},
		{"plain, with keys", config.Settings{Backend: config.Plain, ServerSecretKeyFile: "x"}, nil},
		{"secure, without keys", config.Settings{Backend: config.Secure}, []level{levelError}},
		{"secure server", config.Settings{Backend: config.Secure, ServerSecretKeyFile: "x", ClientsPublicKeysDirectory: "y"}, []level{levelNote}},
		{"secure client", config.Settings{Backend: config.Secure, ClientSecretKeyFile: "x", ServerPublicKeys: []string{"*=y"}}, []level{levelNote}},
	}
	for _, test := range tests {
		var got []level
		lookAtMissingKeys(func(l level, _, _ string, _ ...any) { got = append(got, l) }, test.set)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// observed runs the doctor on a host, and returns what it saw by area.
func observed(t *testing.T, h *testbed.Host, args ...string) map[string][]observation {
	t.Helper()
	ptctl, err := exec.LookPath("ptctl") // this test, as TestMain has it
	if err != nil {
		t.Fatal(err)
	}
	cmd := h.Command(t.Context(), ptctl, append([]string{"doctor", "--json"}, args...)...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	out, err := cmd.Output()
	if _, status := err.(*exec.ExitError); err != nil && !status {
		t.Fatal(err)
	}
	byArea := map[string][]observation{}
	for line := range strings.SplitSeq(strings.TrimSpace(string(out)), "\n") {
		var o observation
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if o.finding() && o.Advice == "" {
			t.Errorf("nothing is said of what to do about %+v", o)
		}
		byArea[o.Area] = append(byArea[o.Area], o)
	}
	return byArea
}

// has tells whether there is an observation with such a text.
func has(all []observation, l level, text string) bool {
	for _, o := range all {
		if o.Level == l && strings.Contains(o.Text, text) {
			return true
		}
	}
	return false
}

// TestDoctorInNetwork: on a host in a network multicast comes back on each interface, publishers of another host are heard, and what is broken then is found.
func TestDoctorInNetwork(t *testing.T) {
	t.Parallel()
	hosts := testbed.NewHosts(t, 2)
	ptctl, err := exec.LookPath("ptctl")
	if err != nil {
		t.Fatal(err)
	}
	publisher := testbed.Start(t, hosts[1].Command(t.Context(), ptctl, "publish", "--name", "there", "--stay", "1h", "/x", "info"))
	publisher.WaitLine(0, "publishing on")

	well := observed(t, hosts[0], "--listen", "3s")
	for _, want := range []struct{ area, text string }{
		{"multicast", "lo (127.0.0.1): what is sent to 225.0.0.212, port 21200 comes back"},
		{"multicast", "eth0 (10.77.0.1): what is sent to 225.0.0.212, port 21200 comes back"},
		{"address", "publishers here announce 10.77.0.1"},
		{"announcements", "heard from other hosts: 10.77.0.2 ("},
		{"ports", "tcp 5557 (nameserver_port) is free"},
	} {
		if !has(well[want.area], levelOK, want.text) {
			t.Errorf("%s: got %+v, want %q", want.area, well[want.area], want.text)
		}
	}
	if !has(well["nameserver"], levelError, "connection refused") {
		t.Errorf("nameserver: got %+v, want an error", well["nameserver"])
	}

	hosts[0].Run("ip", "route", "flush", "default")
	if broken := observed(t, hosts[0], "--listen", "100ms"); !has(broken["announcements"], levelWarning, "is not heard from other hosts") {
		t.Errorf("without a route: got %+v, want a warning", broken["announcements"])
	}
	hosts[0].Run("ip", "link", "set", "eth0", "down")
	broken := observed(t, hosts[0], "--listen", "0s")
	if !has(broken["address"], levelWarning, "127.0.0.1, which no other host can reach") || !has(broken["interfaces"], levelOK, "eth0: down") {
		t.Errorf("without an interface: got %+v, %+v, want a warning", broken["address"], broken["interfaces"])
	}
}

// TestDoctorOnTwoNetworks: publishers announce the address of the default route, and the nameserver is on the other network.
func TestDoctorOnTwoNetworks(t *testing.T) {
	t.Parallel()
	hosts := testbed.NewNetworks(t, []int{0, 1}, []int{0}, []int{1})
	near, far := hosts[1].Addr.String(), hosts[2].Addr.String()
	const want = "publishers here announce 10.77.0.1, but it is from 10.77.1.1 that this host reaches "
	found := observed(t, hosts[0], "--listen", "0s", "--nameserver", near, "--nameserver", far)["address"]
	if !has(found, levelWarning, want+far) || has(found, levelWarning, near) {
		t.Errorf("got %+v, want a warning for %s alone", found, far)
	}
	found = observed(t, hosts[0], "--listen", "0s", "--nameserver", near)["address"]
	if has(found, levelWarning, "") {
		t.Errorf("the nameserver on the network of the route: got %+v, want no warning", found)
	}
}
