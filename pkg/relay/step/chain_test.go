package step_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/config"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/relay/step"
)

var now = time.Date(2024, 5, 17, 9, 42, 12, 0, time.UTC)

// route is a settings file with steps.
type route struct {
	Step []step.Config `toml:"step"`
}

// load reads steps as a daemon does.
func load(tb testing.TB, text string) []step.Config {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "relay.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	settings, r := config.DefaultSettings(), route{}
	if _, err := config.Load(config.Sources{Own: path, OwnRequired: true}, &settings, &r); err != nil {
		tb.Fatal(err)
	}
	return r.Step
}

// compile makes a chain of steps, each a line.
func compile(tb testing.TB, lines ...string) *step.Chain {
	tb.Helper()
	c, err := step.Compile("step", load(tb, "[[step]]\n"+strings.Join(lines, "\n[[step]]\n")))
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func decode(tb testing.TB, frame string) *message.Message {
	tb.Helper()
	m, err := message.Decode([]byte(frame))
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

const (
	dataset = `pytroll://segment/SDR/1B/nrk dataset safuser@lxserv1131.smhi.se 2024-05-17T09:41:12.752065 v1.01 application/json {"sensor": "viirs", "start_time": "2018-10-25T01:01:46.0", "orbit_number": 36230, "uid": "20240517", "dataset": [{"uri": "ssh://lxserv1131.smhi.se/san1/x.h5", "uid": "GMTCO_npp_x.h5"}]}`
	coll    = `pytroll://HRPT/0/NOAA-19/ collection safusr.t@lxserv2338.smhi.se 2024-05-17T09:41:12.089639 v1.01 application/json {"sensor": ["avhrr/3", "mhs"], "origin": "172.18.0.249:9108", "collection": [{"start_time": "2021-11-19T16:40:00", "uri": "ssh://h/x.hrp", "uid": "x.hrp", "dataset": [{"uri": "ssh://u@H:22/y"}]}]}`
	fci     = `pytroll://1b/FCI-segment/FDHSI file user@collecting.host.se 2024-05-17T09:41:12.483302+00:00 v1.2 application/json {"filesystem": {"host": "receiving_host"}, "uri": "ssh:///local_disk/x.nc", "path": "/local_disk/x.nc", "at": "2024-05-17T11:41:12+02:00"}`
	log     = `pytroll:/log/WARNING/trollflow2.launcher log.warning root@vm 2024-05-17T09:41:12.788680 v1.01 text/ascii Missing file: a.nc`
	server  = `pytroll://1b/hrit file safusr@vm 2024-05-17T09:41:12 v1.01 application/json {"uri":  "/local/path",  "uid": "x", "request_address": "10.0.0.1:9094", "n": 1.50}`
	twice   = `pytroll://segment/EPSSGA/1B/ dataset a@b 2024-05-17T09:41:12 v1.01 application/json {"uid": 1, "uid": 2}`
	spelled = `pytroll://segment dataset a@b 2024-05-17T09:41:12 v1.01 application/json {"dataset":[{"uri":"ssh://a/1", "n": 1.0},  {"n": 1.50,"uri" :"ssh://b/2"}] , "x": 1e2}`
	bad     = `pytroll://segment file a@b 2024-05-17T09:41:12 v1.01 application/json {x}`
	beat    = `pytroll://heartbeat/move_it_server ping root@vm 2024-05-17T09:41:12 v1.01`
)

// Steps and what they make of messages. A result without pairs of old and new is the very bytes that came in.
func TestSteps(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, frame string
		steps       []string
		changes     []string // old, new, …; one alone: the reason why it is dropped
	}{
		{"kept by subject", dataset, []string{`keep = { subject = ["/segment/**"] }`}, nil},
		{"not kept", dataset, []string{`keep = { subject = ["/segment/*", "/segment"] }`}, []string{"not_kept"}},
		{"a trailing slash", coll, []string{`keep = { subject = ["/HRPT/**"] }`}, nil},
		{"no leading slash", log, []string{`keep = { subject = ["log/**"], type = ["log.*"] }`}, nil},
		{"dropped by type", log, []string{`drop = { type = ["beat", "log.*"] }`}, []string{"dropped"}},
		{"not dropped", dataset, []string{`drop = { type = ["file"] }`}, nil},
		{"user and host", dataset, []string{`keep = { user = ["saf*"], host = ["LXSERV*"] }`}, nil},
		{"one of two lacks", dataset, []string{`keep = { user = ["saf*"], host = ["other"] }`}, []string{"not_kept"}},
		{"equals", dataset, []string{`keep = { field = [{ path = "orbit_number", equals = 36230.0 }] }`}, nil},
		{"a text is no number", dataset, []string{`keep = { field = [{ path = "orbit_number", equals = "36230" }] }`}, []string{"not_kept"}},
		{"in a list", coll, []string{`keep = { field = [{ path = "sensor", in = ["viirs", "mhs"] }] }`}, nil},
		{"in as text", dataset, []string{`keep = { field = [{ path = "sensor", in = ["viirs", "mhs"] }] }`}, nil},
		{"a whole list", coll, []string{`keep = { field = [{ path = "sensor", equals = ["avhrr/3", "mhs"] }] }`}, nil},
		{"glob", dataset, []string{`keep = { field = [{ path = "dataset.uid", glob = ["GMTCO_*"] }] }`}, nil},
		{"glob of a URI", dataset, []string{`keep = { field = [{ path = "dataset.uri", glob = ["ssh://lx*/**"] }] }`}, nil},
		{"exists", dataset, []string{`keep = { field = [{ path = "sensor", exists = true }] }`}, nil},
		{"does not exist", dataset, []string{`keep = { field = [{ path = "sensor", exists = false }] }`}, []string{"not_kept"}},
		{"text has no fields", log, []string{`keep = { field = [{ path = "sensor", exists = false }] }`}, nil},
		{"a date is a text", dataset, []string{`keep = { field = [{ path = "uid", equals = "20240517" }] }`}, nil},
		{"data that is none", bad, []string{`drop = { field = [{ path = "a", exists = true }] }`}, []string{"bad_data"}},
		{"data that nobody asks for", bad, []string{`keep = { subject = ["/segment"] }`}, nil},
		{"data of others", bad, []string{`drop = { type = ["beat"], field = [{ path = "a", exists = true }] }`}, nil},
		{"when", dataset, []string{"when = { type = [\"file\"] }\nset = { a = 1 }"}, nil},
		{"when it matches", server, []string{"when = { type = [\"file\"] }\nrename = { prefix = { \"/1b\" = \"/x\" } }"}, []string{"//1b", "//x"}},
		{"when of bad data", bad, []string{"when = { field = [{ path = \"a\", exists = true }] }\nremove = [\"a\"]"}, []string{"bad_data"}},

		{"prefix", dataset, []string{`rename = { prefix = { "/segment" = "/test/segment" } }`}, []string{"//segment", "//test/segment"}},
		{"the longest prefix", dataset, []string{`rename = { prefix = { "/" = "/a", "/segment" = "/b", "/segment/SDR/" = "/c/" } }`}, []string{"//segment/SDR", "//c"}},
		{"no part of a word", dataset, []string{`rename = { prefix = { "/seg" = "/b" } }`}, nil},
		{"to the root", twice, []string{`rename = { prefix = { "/segment" = "/" } }`}, []string{"//segment/", "//"}},
		{"a slash in front", log, []string{`rename = { prefix = { "log" = "/log" } }`}, []string{":/log", "://log"}},
		{"pattern", dataset, []string{`rename = { pattern = "/segment/([^/]+)/(?P<rest>.*)", to = "/${rest}/$1" }`}, []string{"//segment/SDR/1B/nrk", "//1B/nrk/SDR"}},
		{"another pattern", dataset, []string{`rename = { pattern = "/segment", to = "/x" }`}, nil},
		{"two renames", dataset, []string{`rename = { prefix = { "/segment" = "/a" } }`, `keep = { subject = ["/a/**"] }`, `rename = { prefix = { "/a" = "/b" } }`}, []string{"//segment", "//b"}},
		{"nothing left", dataset, []string{`rename = { pattern = "/segment(x?).*", to = "$1" }`}, []string{"bad_result"}},

		{"hosts of a dataset", dataset, []string{`rewrite = { uri = [{ host = "lxserv1131.smhi.se", to = "relay:2222" }] }`},
			[]string{`"ssh://lxserv1131.smhi.se/`, `"ssh://relay:2222/`, "46.0", "46.0"}},
		{"hosts of a collection", coll, []string{`rewrite = { uri = [{ host = "h", to = "relay" }] }`}, []string{"//h/", "//relay/", "u@H:22", "u@relay:22"}},
		{"prefix of a URI", fci, []string{`rewrite = { uri = [{ host = "*", to = "no" }, { prefix = "ssh:///local_disk/", to = "ssh://h/d/" }, { prefix = "/local_disk", to = "/d" }], fields = ["path"] }`},
			[]string{"ssh:///local_disk", "ssh://h/d", `"/local_disk`, `"/d`}},
		{"request address", server, []string{`rewrite = { request_address = [{ host = "10.0.0.*", to = "relay" }] }`},
			[]string{"10.0.0.1:9094", "relay:9094"}},
		{"nothing to rewrite", server, []string{`rewrite = { uri = [{ host = "h", to = "relay" }], request_address = [{ host = "h", to = "relay" }] }`}, nil},
		{"sender", dataset, []string{`rewrite = { sender = [{ host = "vm", to = "x" }, { host = "*.smhi.se", to = "relay.smhi.se" }] }`}, []string{"@lxserv1131.", "@relay."}},
		{"sender alone decodes nothing", bad, []string{`rewrite = { sender = [{ host = "b", to = "relay" }] }`}, []string{"a@b", "a@relay"}},

		{"set", server, []string{`set = { "uid" = "y", station = "nrk", "a.b" = [1, 2.5, true, { x = "y" }] }`},
			[]string{`"uid": "x"`, `"uid": "y"`, `1.50}`, `1.50, "a": {"b": [1, 2.5, true, {"x": "y"}]}, "station": "nrk"}`}},
		{"set in an object", fci, []string{`set = { filesystem.host = "x", filesystem."a.b".c = 1 }`}, []string{"receiving_host\"", "x\", \"a\": {\"b\": {\"c\": 1}}"}},
		{"set what is there", server, []string{`set = { n = 1.5, uid = "x" }`}, nil},
		{"set in elements", dataset, []string{`set = { "dataset.uid" = "z" }`}, []string{"GMTCO_npp_x.h5", "z"}},
		{"set where there is nothing", beat, []string{`set = { a = 1 }`}, []string{"v1.01", `v1.01 application/json {"a": 1}`}},
		{"set in text", log, []string{`set = { a = 1 }`}, nil},
		{"set, then match", beat, []string{`set = { a = 1 }`, `keep = { field = [{ path = "a", equals = 1 }] }`}, []string{"v1.01", `v1.01 application/json {"a": 1}`}},
		{"remove", dataset, []string{`remove = ["sensor", "dataset.uri"]`}, []string{`"sensor": "viirs", `, "", `"uri": "ssh://lxserv1131.smhi.se/san1/x.h5", `, ""}},
		{"remove the last", twice, []string{`remove = ["uid"]`}, []string{` application/json {"uid": 1, "uid": 2}`, ""}},
		{"a key twice", twice, []string{`set = { a = 1 }`}, []string{`"uid": 2`, `"uid": 2, "a": 1`}},
		{"the last of a key", twice, []string{`set = { uid = 3 }`}, []string{`"uid": 2`, `"uid": 3`}},
		{"remove, then rewrite elements", spelled, []string{`remove = ["dataset.0"]`, `rewrite = { uri = [{ host = "*", to = "z" }] }`}, []string{`{"uri":"ssh://a/1", "n": 1.0},  `, "", "ssh://b/", "ssh://z/"}},
		{"rewrite, then remove elements", spelled, []string{`rewrite = { uri = [{ host = "*", to = "z" }] }`, `remove = ["dataset.1", "dataset.0"]`},
			[]string{`{"uri":"ssh://a/1", "n": 1.0},  {"n": 1.50,"uri" :"ssh://b/2"}`, ""}},
		{"set in bad data", bad, []string{`set = { a = 1 }`}, []string{"bad_data"}},

		{"v1.01", fci, []string{`version = "v1.01"`}, []string{"+00:00 v1.2", " v1.01", "+02:00", ""}},
		{"v1.01 and set", fci, []string{`version = "v1.01"`, `set = { at = "2024-05-17T11:41:13+02:00" }`}, []string{"+00:00 v1.2", " v1.01", "12+02:00", "13"}},
		{"v1.01 already", dataset, []string{`version = "v1.01"`}, nil},
		{"v1.01 with an offset", strings.Replace(server, "12 v1", "12+00:00 v1", 1), []string{`version = "v1.01"`}, []string{"+00:00 v1", " v1"}},
		{"v1.2", dataset, []string{`version = "v1.2"`}, []string{" v1.01", "+00:00 v1.2"}},
		{"young", dataset, []string{`max_age = "1m"`}, nil},
		{"old", dataset, []string{`max_age = "30s"`}, []string{"too_old"}},
		{"no steps that change", dataset, []string{`max_age = "1m"`, `set = { sensor = "viirs" }`, `rename = { prefix = { "/x" = "/y" } }`, `rate_limit = { messages = 1 }`}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := decode(t, tt.frame)
			got := compile(t, tt.steps...).Do(step.NewItem(m), now)
			if len(tt.changes) == 1 {
				if string(got.Reason) != tt.changes[0] || got.Message != nil {
					t.Errorf("got reason %q (%v), want %s", got.Reason, got.Err, tt.changes[0])
				}
				return
			}
			if got.Reason != "" {
				t.Fatalf("dropped: %s: %v", got.Reason, got.Err)
			}
			if len(tt.changes) == 0 && got.Message != m {
				t.Error("the message is not the one that came in")
			}
			want := strings.NewReplacer(tt.changes...).Replace(tt.frame)
			if diff := cmp.Diff(want, string(got.Message.Bytes())); diff != "" {
				t.Errorf("frame (-want +got):\n%s", diff)
			}
			if string(m.Bytes()) != tt.frame {
				t.Error("what came in was written to")
			}
		})
	}
}
