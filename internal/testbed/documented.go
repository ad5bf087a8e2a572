package testbed

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// Documented fails t for each of the keys that the section of a page in doc does not name, as `key`. A section is what stands under a heading of the second level.
// The test is one of a package two folders below the root.
func Documented(t *testing.T, page, heading string, keys ...string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "doc", page))
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(text), "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("doc/%s has no section %q", page, heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	for _, key := range keys {
		if !strings.Contains(section, "`"+key+"`") {
			t.Errorf("doc/%s does not tell of `%s` under %q", page, key, heading)
		}
	}
}

// JSONKeys are those of the JSON that a struct becomes, and of the structs in it, with and without a list around them.
func JSONKeys(of any) []string { return jsonKeys(reflect.TypeOf(of)) }

func jsonKeys(t reflect.Type) (keys []string) {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	for field := range t.Fields() {
		key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if key == "" && !field.Anonymous {
			continue
		}
		if key != "" {
			keys = append(keys, key)
		}
		keys = append(keys, jsonKeys(field.Type)...)
	}
	return keys
}
