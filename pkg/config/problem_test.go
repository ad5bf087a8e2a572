package config_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pytroll/posttroll-go/pkg/config"
)

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
