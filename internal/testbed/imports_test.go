package testbed_test

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const module = "github.com/pytroll/posttroll-go/"

// unit is a package as go list tells of it; paths within the module are without its name.
type unit struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// levels says how high a package of pkg/ stands: it may import what stands lower, and the siblings named.
var levels = map[string]struct {
	level    int
	siblings []string
}{
	"pkg/message":                 {level: 0},
	"pkg/curve":                   {level: 0},
	"pkg/registry":                {level: 0},
	"pkg/transport":               {level: 1},
	"pkg/multicast":               {level: 1},
	"pkg/transport/transporttest": {level: 1, siblings: []string{"pkg/transport"}},
	"pkg/transport/zmq":           {level: 1, siblings: []string{"pkg/transport"}},
	"pkg/transport/inmem":         {level: 1, siblings: []string{"pkg/transport", "pkg/multicast"}},
	"pkg/security":                {level: 1, siblings: []string{"pkg/transport"}},
	"pkg/dedup":                   {level: 1},
	"pkg/discovery":               {level: 2},
	"pkg/pubsub":                  {level: 2, siblings: []string{"pkg/discovery"}},
	"pkg/pubsub/pubsubtest":       {level: 2, siblings: []string{"pkg/pubsub"}},
	"pkg/pubsub/ptlog":            {level: 2, siblings: []string{"pkg/pubsub"}},
	"pkg/nameserver":              {level: 3},
	"pkg/relay":                   {level: 3, siblings: []string{"pkg/relay/step"}},
	"pkg/relay/step":              {level: 3},
}

// rule forbids an import, for a reason.
type rule struct {
	reason  string
	forbids func(importer, imported string) bool
	tests   bool // also what test files import
}

var rules = []rule{{
	reason: "imports go down only: message, curve, registry; then transport, multicast, security; then discovery, pubsub; then nameserver, relay; then cmd",
	forbids: func(importer, imported string) bool {
		from, ok := levels[importer]
		to, known := levels[imported]
		return ok && known && to.level >= from.level && !slices.Contains(from.siblings, imported)
	},
}, {
	reason: "libraries don't know programs",
	forbids: func(importer, imported string) bool {
		return in(importer, "pkg") && in(imported, "cmd", "examples")
	},
}, {
	reason: "message, curve and registry use the standard library alone",
	forbids: func(importer, imported string) bool {
		return pure(importer) && strings.Contains(firstElement(imported), ".")
	},
}, {
	reason: "message, curve and registry never log and know no network",
	forbids: func(importer, imported string) bool {
		return pure(importer) && imported != "net/netip" && in(imported, "log", "net")
	},
}, {
	reason: "config, logging, daemon, httpd and metrics know no other package of ours",
	forbids: func(importer, imported string) bool {
		return equipment(importer) && in(imported, "pkg", "cmd", "internal", "examples") && !in(imported, importer)
	},
}, {
	reason: "only programs import config, logging, daemon, httpd and metrics (and confdoc, which shows config's structs): libraries are told what they need",
	forbids: func(importer, imported string) bool {
		return equipment(imported) && !in(importer, imported, "cmd", "examples", "internal/confdoc")
	},
}, {
	reason: "only transport/zmq knows ZeroMQ and needs cgo",
	tests:  true,
	forbids: func(importer, imported string) bool {
		return (imported == "C" || in(imported, "github.com/pebbe/zmq4")) && !in(importer, "pkg/transport/zmq")
	},
}, {
	reason: "only programs choose a transport",
	forbids: func(importer, imported string) bool {
		return in(imported, "pkg/transport/zmq", "pkg/transport/inmem") && in(importer, "pkg") &&
			!in(importer, "pkg/transport/zmq", "pkg/pubsub/pubsubtest")
	},
}, {
	reason: "zap is the one logging API; its lines are structured",
	forbids: func(importer, imported string) bool {
		forOthers := importer == "pkg/pubsub/ptlog" && imported == "log/slog" // for programs that log with it
		forServer := importer == "pkg/httpd" && imported == "log"             // net/http takes no other
		return in(importer, "pkg", "cmd") && in(imported, "log") && !forOthers && !forServer
	},
}, {
	reason: "the command line is the business of programs and of daemon, which has their common flags",
	forbids: func(importer, imported string) bool {
		return in(imported, "flag", "github.com/spf13/cobra", "github.com/spf13/pflag") &&
			in(importer, "pkg") && !in(importer, "pkg/daemon")
	},
}, {
	reason: "what is for tests stays in tests",
	forbids: func(importer, imported string) bool {
		return in(imported, "testing", "internal/testbed", "internal/scripttest", "pkg/transport/transporttest", "github.com/google/go-cmp", "go.uber.org/goleak") &&
			in(importer, "pkg", "cmd") && !strings.HasSuffix(importer, "test")
	},
}}

// pure tells whether p is one of the packages at the bottom.
func pure(p string) bool {
	l, ok := levels[p]
	return ok && l.level == 0
}

// equipment tells whether p is one of the packages that equip programs.
func equipment(p string) bool {
	return in(p, "pkg/config", "pkg/logging", "pkg/daemon", "pkg/httpd", "pkg/metrics")
}

// in tells whether p is one of the directories or below one.
func in(p string, directories ...string) bool {
	return slices.ContainsFunc(directories, func(d string) bool { return p == d || strings.HasPrefix(p, d+"/") })
}

func firstElement(p string) string {
	first, _, _ := strings.Cut(p, "/")
	return first
}

// violations says which imports are against which rule.
func violations(units []unit) []string {
	var found []string
	for _, u := range units {
		if _, ok := levels[u.ImportPath]; in(u.ImportPath, "pkg") && !ok && !equipment(u.ImportPath) && !internal(u.ImportPath) {
			found = append(found, fmt.Sprintf("%s has no level: give it one in internal/testbed", u.ImportPath))
		}
		for _, r := range rules {
			imports := slices.Clone(u.Imports)
			if r.tests {
				imports = slices.Concat(imports, u.TestImports, u.XTestImports)
			}
			slices.Sort(imports)
			for _, i := range slices.Compact(imports) {
				if r.forbids(u.ImportPath, i) {
					found = append(found, fmt.Sprintf("%s imports %s: %s", u.ImportPath, i, r.reason))
				}
			}
		}
	}
	return found
}

// internal tells whether p belongs to one package alone, which stands for it.
func internal(p string) bool {
	return path.Base(path.Dir(p)) == "internal" && in(p, "pkg")
}

func TestImports(t *testing.T) {
	t.Parallel()
	units := listUnits(t)
	if len(units) < len(levels)/2 {
		t.Fatalf("go list tells of %d packages", len(units))
	}
	for _, v := range violations(units) {
		t.Error(v)
	}
}

func listUnits(t *testing.T) []unit {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", module+"...")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s", cmd, err, &stderr)
	}
	var units []unit
	for d := json.NewDecoder(strings.NewReader(strings.ReplaceAll(string(out), `"`+module, `"`))); d.More(); {
		var u unit
		if err := d.Decode(&u); err != nil {
			t.Fatal(err)
		}
		units = append(units, u)
	}
	return units
}

// Each rule finds what it is for, and nothing in what is as it should be.
func TestImportRules(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		unit unit
		want string // the rule's reason begins so; empty: nothing is found
	}{
		{"down", unit{ImportPath: "pkg/nameserver", Imports: []string{"pkg/discovery", "go.uber.org/zap", "net"}}, ""},
		{"up", unit{ImportPath: "pkg/transport", Imports: []string{"pkg/discovery"}}, "imports go down only"},
		{"sideways", unit{ImportPath: "pkg/discovery", Imports: []string{"pkg/pubsub"}}, "imports go down only"},
		{"sibling", unit{ImportPath: "pkg/pubsub", Imports: []string{"pkg/discovery"}}, ""},
		{"program", unit{ImportPath: "pkg/pubsub", Imports: []string{"cmd/ptctl"}}, "libraries don't know programs"},
		{"pure dependency", unit{ImportPath: "pkg/message", Imports: []string{"go.uber.org/zap"}}, "message, curve and registry use the standard library"},
		{"pure log", unit{ImportPath: "pkg/registry", Imports: []string{"log/slog"}}, "message, curve and registry never log"},
		{"pure network", unit{ImportPath: "pkg/curve", Imports: []string{"net/http"}}, "message, curve and registry never log"},
		{"pure address", unit{ImportPath: "pkg/registry", Imports: []string{"net/netip"}}, ""},
		{"equipment", unit{ImportPath: "pkg/daemon", Imports: []string{"pkg/config"}}, "config, logging, daemon, httpd and metrics know no other"},
		{"equipped library", unit{ImportPath: "pkg/pubsub", Imports: []string{"pkg/config"}}, "only programs import config"},
		{"equipped program", unit{ImportPath: "cmd/ptctl", Imports: []string{"pkg/config", "pkg/transport/zmq"}}, ""},
		{"binding", unit{ImportPath: "cmd/ptctl", Imports: []string{"github.com/pebbe/zmq4"}}, "only transport/zmq knows ZeroMQ"},
		{"binding in a test", unit{ImportPath: "pkg/pubsub", XTestImports: []string{"github.com/pebbe/zmq4"}}, "only transport/zmq knows ZeroMQ"},
		{"cgo", unit{ImportPath: "pkg/multicast", Imports: []string{"C"}}, "only transport/zmq knows ZeroMQ"},
		{"chosen transport", unit{ImportPath: "pkg/pubsub", Imports: []string{"pkg/transport/zmq"}}, "only programs choose a transport"},
		{"chosen in a test", unit{ImportPath: "pkg/pubsub", XTestImports: []string{"pkg/transport/zmq"}}, ""},
		{"other log", unit{ImportPath: "cmd/ptctl", Imports: []string{"log"}}, "zap is the one logging API"},
		{"other log, of programs that use it", unit{ImportPath: "pkg/pubsub/ptlog", Imports: []string{"log/slog"}}, ""},
		{"flags", unit{ImportPath: "pkg/nameserver", Imports: []string{"github.com/spf13/cobra"}}, "the command line is the business"},
		{"tests", unit{ImportPath: "pkg/nameserver", Imports: []string{"testing"}}, "what is for tests stays in tests"},
		{"package for tests", unit{ImportPath: "pkg/pubsub/pubsubtest", Imports: []string{"testing", "pkg/transport/inmem"}}, ""},
		{"new package", unit{ImportPath: "pkg/new"}, "pkg/new has no level"},
		{"package of a package", unit{ImportPath: "pkg/transport/zmq/internal/raw", Imports: []string{"C"}}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := violations([]unit{tt.unit})
			if tt.want == "" {
				if diff := cmp.Diff([]string(nil), got); diff != "" {
					t.Errorf("violations (-want +got):\n%s", diff)
				}
				return
			}
			if len(got) == 0 || !strings.Contains(strings.Join(got, "\n"), tt.want) {
				t.Errorf("got %q, want one with %q", got, tt.want)
			}
		})
	}
}
