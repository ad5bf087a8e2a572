package config_test

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/pytroll/posttroll-go/pkg/config"
)

// daemonConfig is a daemon's own struct.
type daemonConfig struct {
	// The same key as a shared setting.
	Port   int           `toml:"nameserver_port"`
	MaxAge time.Duration `toml:"max_age"`
	Bind   []string      `toml:"bind"`
	Ratio  float64       `toml:"ratio"`
	Limits struct {
		Total   int  `toml:"total"`
		PerHost uint `toml:"per_host"`
	} `toml:"limits"`
	Rules    []rule            `toml:"rule"`
	Labels   map[string]string `toml:"labels"`
	Optional *int              `toml:"optional"`
	NoKey    int
}

type rule struct {
	From    string        `toml:"from"`
	Timeout time.Duration `toml:"timeout"`
}

// ownError is an error that knows its setting, as other packages make them without importing config.
type ownError struct{ key string }

func (e ownError) Error() string     { return "is too small" }
func (e ownError) ConfigKey() string { return e.key }
func (e ownError) HintText() string  { return "use more" }

func (c *daemonConfig) Validate() error {
	var errs []error
	if c.MaxAge < time.Second {
		errs = append(errs, ownError{"max_age"})
	}
	if c.Ratio < 0 {
		errs = append(errs, errors.New("ratio is negative"))
	}
	return errors.Join(errs...)
}

func defaults() daemonConfig {
	c := daemonConfig{Port: 5557, MaxAge: 10 * time.Minute, Bind: []string{"*"}}
	c.Limits.Total = 1000
	return c
}

var equal = cmp.Options{cmpopts.EquateComparable(netip.Addr{}), cmpopts.EquateEmpty()}

// write makes files in a directory of their own and returns it.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestPrecedence(t *testing.T) {
	t.Parallel()
	// Each source sets the backend of all that come later too; want is the last.
	shared := "backend = \"secure_zmq\"\nmc_ttl = 1\nmc_group = \"224.1.1.1\"\n"
	own := "mc_ttl = 2\nmax_age = \"1h\"\nnameserver_port = 7000\nbind = [\"127.0.0.1\"]\n[limits]\nper_host = 7\n"
	dir := write(t, map[string]string{"posttroll.toml": shared, "nameserver.toml": own})
	src := config.Sources{
		Shared: []string{filepath.Join(dir, "posttroll.toml"), filepath.Join(dir, "missing.toml")},
		Own:    filepath.Join(dir, "nameserver.toml"),
		Environ: []string{
			"PYTROLL_MC_GROUP=224.9.9.9", // below files
			"NAMESERVER_PORT=6000",
			"POSTTROLL_MC_TTL=3",
			"PYTROLL_MC_TTL=9",
			"POSTTROLL_MAX_AGE=2h",
			"POSTTROLL_PUB_MIN_PORT=50000",
			"HOME=/nonexistent",
		},
		Flags: []config.Flag{{Name: "--max-age", Key: "max_age", Value: 3 * time.Hour}},
	}
	settings, own2 := config.DefaultSettings(), defaults()
	report, err := config.Load(src, &settings, &own2)
	if err != nil {
		t.Fatal(err)
	}
	wantSettings := config.DefaultSettings()
	wantSettings.Backend = config.Secure
	wantSettings.MulticastTTL = 3
	wantSettings.MulticastGroup = "224.1.1.1"
	wantSettings.NameserverPort = 7000
	wantSettings.PubMinPort = 50000
	if diff := cmp.Diff(wantSettings, settings, equal); diff != "" {
		t.Errorf("settings: (-want +got)\n%s", diff)
	}
	want := defaults()
	want.Port = 7000
	want.MaxAge = 3 * time.Hour
	want.Bind = []string{"127.0.0.1"}
	want.Limits.PerHost = 7
	if diff := cmp.Diff(want, own2, equal); diff != "" {
		t.Errorf("own: (-want +got)\n%s", diff)
	}
	for key, want := range map[string]string{
		"backend":         dir + "/posttroll.toml:1",
		"mc_ttl":          "POSTTROLL_MC_TTL",
		"nameserver_port": dir + "/nameserver.toml:3",
		"max_age":         "--max-age",
		"limits":          dir + "/nameserver.toml:5",
		"pub_max_port":    "default",
	} {
		if got := report.Origin(key).String(); got != want {
			t.Errorf("origin of %s: got %s, want %s", key, got, want)
		}
	}
	wantWarnings := []string{
		"NAMESERVER_PORT: old name of a setting; use POSTTROLL_NAMESERVER_PORT",
		"PYTROLL_MC_GROUP: old name of a setting; use POSTTROLL_MC_GROUP",
	}
	if diff := cmp.Diff(wantWarnings, warnings(report)); diff != "" {
		t.Errorf("warnings: (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{src.Shared[0], src.Own}, report.Files); diff != "" {
		t.Errorf("files: (-want +got)\n%s", diff)
	}
}

func warnings(r *config.Report) []string {
	var all []string
	for _, w := range r.Warnings {
		all = append(all, w.String())
	}
	return all
}

// problems returns the lines of an error with their hints, the directory cut off.
func problems(err error, dir string) []string {
	var all []string
	for line := range problemsOf(err) {
		all = append(all, strings.ReplaceAll(line, dir+"/", ""))
	}
	return all
}

func problemsOf(err error) func(func(string) bool) {
	return func(yield func(string) bool) {
		joined, ok := err.(interface{ Unwrap() []error })
		if !ok {
			return
		}
		for _, e := range joined.Unwrap() {
			line := e.Error()
			if p, ok := errors.AsType[*config.Problem](e); ok && p.Hint != "" {
				line += " | " + p.Hint
			}
			if !yield(line) {
				return
			}
		}
	}
}

func TestFileProblems(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, shared, own string
		want              []string
	}{
		{name: "nothing"},
		{
			name:   "all at once, with lines and nearest names",
			shared: "backend = \"secure\"\n\nnameserver_prot = 1\nmc_ttl = \"31\"\n",
			own:    "max_age = 600\nlimits.totall = 3\n",
			want: []string{
				`shared.toml:1: backend: "secure" is unknown, want "unsecure_zmq" or "secure_zmq" | did you mean secure_zmq?`,
				"shared.toml:3: nameserver_prot: unknown key | did you mean nameserver_port?",
				`shared.toml:4: mc_ttl: want a whole number, got the text "31"`,
				"own.toml:1: max_age: want a duration such as \"10m\", got the number 600 | a bare number has no unit: write \"500ms\", \"30s\", \"10m\" or \"2h\"",
				"own.toml:2: limits.totall: unknown key | did you mean total?",
			},
		},
		{
			name:   "own key in shared file",
			shared: "max_age = \"1m\"\n",
			want:   []string{"shared.toml:1: max_age: is no shared setting | put it into the program's own file: other programs read this one too"},
		},
		{
			name: "shared key in own file",
			own:  "backend = \"secure_zmq\"\n",
		},
		{
			name: "syntax",
			own:  "max_age = \"1m\"\nbackend = secure\n",
			want: []string{`own.toml:2: backend: expected value but found "secure" instead | text stands in quotes: key = "text"`},
		},
		{
			name: "key twice",
			own:  "max_age = \"1m\"\nmax_age = \"2m\"\n",
			want: []string{"own.toml:2: max_age: is set twice in this file"},
		},
		{
			name: "text without quotes",
			own:  "max_age = 1m\n",
			want: []string{`own.toml:1: expected a top-level item to end with a newline, comment, or EOF, but got 'm' instead | one setting stands on a line, and text and durations stand in quotes: key = "10m"`},
		},
		{
			name: "YAML",
			own:  "max_age: 1m\n",
			want: []string{"own.toml:1: expected '.' or '=', but got ':' instead | this is TOML, not YAML: key = value"},
		},
		{
			name: "a table that is none",
			own:  "[limit]\ntotal = 1\n[max_ages]\nx = 1\n",
			want: []string{
				"own.toml:1: limit: unknown key | did you mean limits?",
				"own.toml:3: max_ages: unknown key",
			},
		},
		{
			name: "types",
			own: "backend = 1\nnameserver_port = 5557.0\nbind = \"a b\"\nratio = \"1\"\noptional = true\nmax_age = \"10\"\nrule = 5\nlabels = 1\n" +
				"limits = \"x\"\nmulticast_interface = \"eth0\"\ntcp_keepalive = \"maybe\"\n",
			want: []string{
				"own.toml:1: backend: want a text, got the number 1",
				"own.toml:2: nameserver_port: want a whole number, got the number 5557",
				`own.toml:3: bind: want a list, got the text "a b" | a list stands in brackets, also with one item: ["a b"]`,
				`own.toml:4: ratio: want a number, got the text "1"`,
				"own.toml:5: optional: want a whole number, got true",
				`own.toml:6: max_age: "10" is no duration | units are ms, s, m and h: "500ms", "30s", "1h30m"`,
				"own.toml:7: rule: want a list, got the number 5",
				"own.toml:8: labels: want a table, got the number 1",
				`own.toml:9: limits: want a table, got the text "x"`,
				`own.toml:10: multicast_interface: want an IP address, got the text "eth0"`,
				`own.toml:11: tcp_keepalive: want true, false or "system", got "maybe"`,
			},
		},
		{
			name: "ranges",
			own:  "mc_ttl = 256\npub_min_port = 60000\npub_max_port = 60000\nmc_group = \"10.0.0.1\"\nmulticast_interface = \"::1\"\nlimits.per_host = -1\n",
			want: []string{
				"own.toml:1: mc_ttl: 256 is out of range, want 1 to 255",
				"own.toml:3: pub_max_port: 60000 is not above pub_min_port, 60000",
				`own.toml:4: mc_group: "10.0.0.1" is no IPv4 multicast group, want 224.0.0.0 to 239.255.255.255 | "0.0.0.0" announces by UDP broadcast instead`,
				"own.toml:5: multicast_interface: ::1 is no IPv4 address | announcements go over IPv4 alone",
				"own.toml:6: limits.per_host: want a whole number that is not negative, got the number -1",
			},
		},
		{
			name: "tables in a list",
			own:  "[[rule]]\nfrom = \"a\"\n[[rule]]\nform = \"b\"\ntimeout = 5\n",
			want: []string{
				"own.toml:4: rule[2].form: unknown key | did you mean from?",
				"own.toml:5: rule[2].timeout: want a duration such as \"10m\", got the number 5 | a bare number has no unit: write \"500ms\", \"30s\", \"10m\" or \"2h\"",
			},
		},
		{
			name: "below the wrong heading",
			own:  "form = \"a\"\ntimeout = \"1s\"\n[[rule]]\nratio = 1\ntotal = 1\nqqq = 1\n",
			want: []string{
				"own.toml:1: form: unknown key",
				"own.toml:2: timeout: unknown key | timeout belongs to [[rule]]",
				"own.toml:4: rule[1].ratio: unknown key | ratio belongs to the top of the file, above all tables",
				"own.toml:5: rule[1].total: unknown key | total belongs to [limits]",
				"own.toml:6: rule[1].qqq: unknown key",
			},
		},
		{
			name: "a table where several may be",
			own:  "[rule]\nfrom = \"a\"\n",
			want: []string{"own.toml:1: rule: want a list, got a table | there may be several: each begins with [[rule]]"},
		},
		{
			name: "problems of a daemon's own",
			own:  "max_age = \"1ms\"\nratio = -1\n",
			want: []string{"own.toml:1: max_age: is too small | use more", "ratio is negative"},
		},
		{name: "nested too deep", own: "a = " + strings.Repeat("{a = ", 1000), want: []string{"own.toml: nested deeper than 32"}},
		{name: "too long", own: strings.Repeat("#", 1<<21), want: []string{"own.toml: larger than 1048576 bytes"}},
		{name: "not UTF-8", own: "a = \"\xff\"\n", want: []string{"own.toml:1: a: invalid UTF-8 byte: 0xff"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := write(t, map[string]string{"shared.toml": tt.shared, "own.toml": tt.own})
			settings, own := config.DefaultSettings(), defaults()
			_, err := config.Load(config.Sources{
				Shared: []string{filepath.Join(dir, "shared.toml")},
				Own:    filepath.Join(dir, "own.toml"),
			}, &settings, &own)
			if diff := cmp.Diff(tt.want, problems(err, dir)); diff != "" {
				t.Errorf("problems: (-want +got)\n%s", diff)
			}
		})
	}
}

func TestNestedSettings(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"own.toml": `optional = 5
labels = {site = "norrköping"}
[limits]
per_host = 3
[[rule]]
from = "a"
timeout = "5s"
[[rule]]
from = "b"
`})
	settings, got := config.DefaultSettings(), defaults()
	if _, err := config.Load(config.Sources{Own: filepath.Join(dir, "own.toml")}, &settings, &got); err != nil {
		t.Fatal(err)
	}
	want := defaults()
	want.Optional = new(5)
	want.Labels = map[string]string{"site": "norrköping"}
	want.Limits.PerHost = 3
	want.Rules = []rule{{"a", 5 * time.Second}, {"b", 0}}
	if diff := cmp.Diff(want, got, equal); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Of lists of tables what fits is there also after an error, so that whoever validates them finds more at once; each problem has its line.
func TestWhatFitsOfTables(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"own.toml": `max_age = 5
[limits]
total = "many"
per_host = 3
[[rule]]
from = "a"
timeout = 5
[[rule]]
from = "b"
form = "c"
`})
	settings, got := config.DefaultSettings(), defaults()
	report, err := config.Load(config.Sources{Own: filepath.Join(dir, "own.toml")}, &settings, &got)
	want := []string{
		`own.toml:1: max_age: want a duration such as "10m", got the number 5 | a bare number has no unit: write "500ms", "30s", "10m" or "2h"`,
		`own.toml:3: limits.total: want a whole number, got the text "many"`,
		`own.toml:7: rule[1].timeout: want a duration such as "10m", got the number 5 | a bare number has no unit: write "500ms", "30s", "10m" or "2h"`,
		`own.toml:10: rule[2].form: unknown key | did you mean from?`,
	}
	if diff := cmp.Diff(want, problems(err, dir)); diff != "" {
		t.Errorf("problems: (-want +got)\n%s", diff)
	}
	kept := defaults()
	kept.Limits.PerHost = 3
	kept.Rules = []rule{{From: "a"}, {From: "b"}}
	if diff := cmp.Diff(kept, got, equal); diff != "" {
		t.Errorf("settings: (-want +got)\n%s", diff)
	}
	if at := report.Origin("rule[2].from"); at.Line != 9 {
		t.Errorf("rule[2].from is at %s", at)
	}
}

// Lists of tables are printed as such, last, with what is set in them alone.
func TestReportOfTables(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"own.toml": "[[rule]]\nfrom = \"a\"\n\n[[rule]]\nfrom = \"b\"\ntimeout = \"5s\"\n"})
	settings, own := config.DefaultSettings(), defaults()
	report, err := config.Load(config.Sources{Own: dir + "/own.toml"}, &settings, &own)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if _, err := report.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	_, tables, _ := strings.Cut(b.String(), "\n\n")
	want := "[[rule]]  # own.toml:1\nfrom = \"a\"\n\n[[rule]]  # own.toml:4\nfrom = \"b\"\ntimeout = \"5s\"\n"
	if diff := cmp.Diff(want, strings.ReplaceAll(tables, dir+"/", "")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestMissingAndUnreadable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, tt := range []struct {
		name string
		src  config.Sources
		want []string
	}{
		{"missing files are passed over", config.Sources{Shared: []string{dir + "/a"}, Own: dir + "/b"}, nil},
		{"unless one was named", config.DaemonSources("nameserver", dir+"/b", nil), []string{"b: no such file or directory"}},
		{"a directory", config.Sources{Own: dir}, []string{dir + ": not a regular file"}},
	} {
		settings := config.DefaultSettings()
		tt.src.Shared = nil // not those of the machine
		_, err := config.Load(tt.src, &settings)
		if diff := cmp.Diff(tt.want, problems(err, dir)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.name, diff)
		}
	}
}

func TestForeignFiles(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"posttroll.yaml": "backend: secure_zmq\n", "notes.txt": ""})
	settings := config.DefaultSettings()
	report, err := config.Load(config.Sources{Shared: []string{dir + "/posttroll.toml"}}, &settings)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{dir + "/posttroll.yaml: only Python programs read this file; what it sets for all programs belongs into " + dir + "/posttroll.toml too"}
	if diff := cmp.Diff(want, warnings(report)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestReportIsTOML(t *testing.T) {
	t.Parallel()
	settings, own := config.DefaultSettings(), defaults()
	own.Labels = map[string]string{"a\"b": "c\nd"}
	report, err := config.Load(config.Sources{Environ: []string{
		"POSTTROLL_MC_GROUP=", "POSTTROLL_TCP_KEEPALIVE=1", "POSTTROLL_AUTHORIZED_CLIENT_ADDRESSES=a,b", "POSTTROLL_RATIO=2",
	}}, &settings, &own)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if _, err := report.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"backend = \"unsecure_zmq\"\n",
		"mc_group = \"\"  # POSTTROLL_MC_GROUP\n",
		"tcp_keepalive = true  # POSTTROLL_TCP_KEEPALIVE\n",
		"authorized_client_addresses = [\"a\", \"b\"]  # POSTTROLL_AUTHORIZED_CLIENT_ADDRESSES\n",
		"max_age = \"10m\"\n",
		"ratio = 2.0  # POSTTROLL_RATIO\n",
	} {
		if !strings.Contains(b.String(), line) {
			t.Errorf("got\n%swant the line %s", b.String(), line)
		}
	}
	// Read again as a file it means the same.
	text := strings.Replace(b.String(), "optional = \"\"\n", "", 1) // unset has no form in TOML
	dir := write(t, map[string]string{"own.toml": text})
	again, own2 := config.DefaultSettings(), daemonConfig{}
	if _, err := config.Load(config.Sources{Own: dir + "/own.toml"}, &again, &own2); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(settings, again, equal); diff != "" {
		t.Errorf("settings: (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(own, own2, equal); diff != "" {
		t.Errorf("own: (-want +got)\n%s", diff)
	}
}

func TestChanged(t *testing.T) {
	t.Parallel()
	before := config.DefaultSettings()
	after := before.With(func(s *config.Settings) {
		s.Backend = config.Secure
		s.AuthorizedClientAddresses = append(s.AuthorizedClientAddresses, "10.0.0.1")
	})
	if diff := cmp.Diff([]string{"backend", "authorized_client_addresses"}, config.Changed(before, after)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := config.Changed(&before, &before); got != nil {
		t.Errorf("got %v, want none", got)
	}
}

func TestWithLeavesTheOriginal(t *testing.T) {
	t.Parallel()
	s := config.DefaultSettings()
	s.AuthorizedClientAddresses = append(make([]string, 0, 4), "a")
	changed := s.With(func(s *config.Settings) {
		s.AuthorizedClientAddresses[0] = "b"
		s.AuthorizedClientAddresses = append(s.AuthorizedClientAddresses, "c")
	})
	if diff := cmp.Diff([]string{"a"}, s.AuthorizedClientAddresses); diff != "" {
		t.Errorf("original: (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"b", "c"}, changed.AuthorizedClientAddresses); diff != "" {
		t.Errorf("copy: (-want +got)\n%s", diff)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte("backend = \"secure_zmq\"\nmax_age = \"10m\"\n"), "POSTTROLL_MC_TTL=3")
	f.Add([]byte("limits.total = 3\n[[rule]]\nfrom = 'a'\n"), "POSTTROLL_RULE=[{'from': 'a', 'timeout': '5s'}]")
	f.Add([]byte("rule = [{from = \"a\"}, {}]\nlabels = {a = 1}\n"), "POSTTROLL_LIMITS={'total': 5}")
	f.Add([]byte("a.b.c = 1\n[a.d]\n\"\" = 1"), "POSTTROLL_OPTIONAL=None")
	f.Add([]byte("bind = [\n 'a', # b\n \"\"\"c\nd\"\"\"]"), "POSTTROLL_BIND='a' 'b', 'c'")
	f.Fuzz(func(t *testing.T, file []byte, variable string) {
		path := filepath.Join(t.TempDir(), "own.toml")
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		settings, own := config.DefaultSettings(), defaults()
		report, err := config.Load(config.Sources{Own: path, Environ: []string{variable}}, &settings, &own)
		var b strings.Builder
		if _, werr := report.WriteTo(&b); werr != nil {
			t.Fatal(werr)
		}
		if err != nil {
			return
		}
		if err := settings.Validate(); err != nil {
			t.Errorf("loaded without an error, but %v", err)
		}
	})
}

// A setting of type any takes what stands in the file as it is.
func TestLoadAny(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "own.toml")
	if err := os.WriteFile(path, []byte("[set]\na = 1\nb = \"x\"\nc = [true, 2.5]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	settings := config.DefaultSettings()
	var own struct {
		Set map[string]any `toml:"set"`
	}
	report, err := config.Load(config.Sources{Own: path}, &settings, &own)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"a": int64(1), "b": "x", "c": []any{true, 2.5}}
	if diff := cmp.Diff(want, own.Set); diff != "" {
		t.Errorf("setting (-want +got):\n%s", diff)
	}
	values := report.Values()
	if got := values[len(values)-1].Text; got != `{"a" = 1, "b" = "x", "c" = [true, 2.5]}` {
		t.Errorf("as text: got %s", got)
	}
}
