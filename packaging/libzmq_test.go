// Package packaging holds what the packages are made from. It has tests alone; scripts/test package looks at packages.
package packaging

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// leastLibzmq is the first version that has the option ZMQ_XPUB_MANUAL_LAST_VALUE, without which a relay could give newcomers neither last messages nor a replay.
const leastLibzmq = "4.3.2"

// A program with the binding github.com/pebbe/zmq4 ends at its start when the libzmq that it finds is not one which the binding takes for the
// same as the one that it was built on. This test holds the bounds in nfpm.yaml and the check in scripts/package to the binding's table: a new
// version of the binding that knows more, or less, fails it.
func TestLibzmqBounds(t *testing.T) {
	t.Parallel()
	lowest, above := bounds(t, bindingTable(t))
	if lowest > leastLibzmq {
		t.Errorf("the binding takes %s and newer for the same, and no more %s, which is the least that the suite needs", lowest, leastLibzmq)
	}
	lowest = leastLibzmq
	text := read(t, "nfpm.yaml")
	for _, line := range []string{
		"- libzmq5 (>= " + lowest + ")", "- libzmq5 (<< " + above + "~)", "- zeromq < " + lowest, "- zeromq >= " + above,
	} {
		if !regexp.MustCompile(`(?m)^\s+` + regexp.QuoteMeta(line) + "$").MatchString(text) {
			t.Errorf("nfpm.yaml lacks %q", line)
		}
	}
	if count := strings.Count(text, "libzmq5") + strings.Count(text, "zeromq "); count != 4 {
		t.Errorf("nfpm.yaml names libzmq5 and zeromq %d times, want 4: another bound would contradict the binding", count)
	}
	newest := strings.Split(above, ".")[2]
	last, err := strconv.Atoi(newest)
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("4.3.[2-%d]) ;;", last-1); !strings.Contains(read(t, "../scripts/package"), want) {
		t.Errorf("scripts/package lacks %q", want)
	}
}

// version is that of libzmq, without its first number, 4.
type version [2]int

// bindingTable returns the binding's table: of each version of libzmq a number, which equal ones have in common. It is not exported.
func bindingTable(t *testing.T) map[version]int {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/pebbe/zmq4").Output()
	if err != nil {
		t.Fatalf("where the binding is: %v", err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(out)), "zmq4.go"), nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	table := map[version]int{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || spec.Names[0].Name != "api" || len(spec.Values) != 1 {
			return true
		}
		for _, e := range spec.Values[0].(*ast.CompositeLit).Elts {
			pair := e.(*ast.KeyValueExpr)
			key := pair.Key.(*ast.CompositeLit)
			table[version{number(t, key.Elts[0]), number(t, key.Elts[1])}] = number(t, pair.Value)
		}
		return false
	})
	if len(table) == 0 {
		t.Fatal("the binding has no table of versions any more: look at what it accepts now")
	}
	return table
}

func number(t *testing.T, e ast.Expr) int {
	t.Helper()
	n, err := strconv.Atoi(e.(*ast.BasicLit).Value)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// bounds returns the oldest version that is taken for the same as the newest one, and the first that the table does not know.
func bounds(t *testing.T, table map[version]int) (lowest, above string) {
	t.Helper()
	var known []version
	for v := range table {
		known = append(known, v)
	}
	slices.SortFunc(known, func(a, b version) int { return slices.Compare(a[:], b[:]) })
	newest := known[len(known)-1]
	same := slices.DeleteFunc(known, func(v version) bool { return table[v] != table[newest] })
	for i, v := range same {
		if want := (version{newest[0], same[0][1] + i}); v != want {
			t.Fatalf("versions %v that the binding takes for the same have a gap: no bounds describe that", same)
		}
	}
	return fmt.Sprintf("4.%d.%d", same[0][0], same[0][1]), fmt.Sprintf("4.%d.%d", newest[0], newest[1]+1)
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
