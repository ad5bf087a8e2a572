package doc

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the generated pages anew")

const settingsHead = `# Settings

Made from the comments in the code by ` + "`go test ./doc -update`" + `: change them there.

Later wins: default, ` + "`/etc/posttroll/posttroll.toml`" + `, a program's own file, the environment, flags. The own file of nameserverd is ` + "`/etc/posttroll/nameserver.toml`" + `, or the one
that ` + "`--config`" + ` names; programs that people run read ` + "`~/.config/posttroll/posttroll.toml`" + `. Every setting can come from the environment, as ` + "`POSTTROLL_`" + ` and its key in capitals. An
unknown key in a file is an error; an unknown variable is a warning, for other programs share that name space.
`

// TestSettings holds the page of settings to the comments of the structs that they are read into.
func TestSettings(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(settingsHead)
	b.WriteString("\n## posttroll.toml: shared by all programs\n")
	writeSettings(t, &b, "../pkg/config", "Settings")
	b.WriteString("\n## nameserver.toml\n\nMay also hold the shared settings.\n")
	writeSettings(t, &b, "../pkg/nameserver", "Config")

	if *update {
		if err := os.WriteFile("settings.md", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	page, err := os.ReadFile("settings.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(page), b.String()); diff != "" {
		t.Errorf("settings.md is not what the code says; run go test ./doc -update (-page +code):\n%s", diff)
	}
}

// writeSettings writes a paragraph for each field with a toml key of the struct type in the package in dir.
func writeSettings(t *testing.T, b *strings.Builder, dir, typ string) {
	t.Helper()
	n := 0
	for _, field := range structFields(t, dir, typ) {
		if field.Tag == nil {
			continue
		}
		key, _, _ := strings.Cut(reflect.StructTag(strings.Trim(field.Tag.Value, "`")).Get("toml"), ",")
		if key == "" || key == "-" {
			continue
		}
		n++
		doc := strings.Join(strings.Fields(field.Doc.Text()), " ")
		if doc == "" {
			t.Errorf("%s: %s.%s has no comment", dir, typ, key)
		}
		name := field.Names[0].Name
		if !strings.HasPrefix(doc, name+" ") {
			t.Errorf("%s: the comment of %s does not begin with its name", dir, name)
		}
		fmt.Fprintf(b, "\n**%s**%s\n", key, strings.TrimPrefix(doc, name))
	}
	if n == 0 {
		t.Errorf("%s: no settings found in %s", dir, typ)
	}
}

// structFields returns the fields of a struct type in the package in dir.
func structFields(t *testing.T, dir, typ string) []*ast.Field {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		var found []*ast.Field
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok && spec.Name.Name == typ {
				if s, ok := spec.Type.(*ast.StructType); ok {
					found = s.Fields.List
				}
			}
			return found == nil
		})
		if found != nil {
			return found
		}
	}
	t.Fatalf("%s: no struct %s", dir, typ)
	return nil
}
