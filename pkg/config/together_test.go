package config_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/config"
)

// A problem that may be the consequence of another one is not told.
func TestTogetherLeavesOutConsequences(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		found, read string // keys
		told        bool
	}{
		{"route[1].source", "route[1].source.service", false},
		{"route[1].source.service", "route[1].source", false},
		{"route[1].name", "route", false},
		{"route[1].name", "route[1].name", false},
		{"", "stop_limit", false}, // nobody knows what it is about
		{"stop_limit", "", true},  // a key "", which is unknown
		{"route[1].source", "route[1].sink.port", true},
		{"route[1]", "route[10]", true},
		{"route[1].source", "route[1].sources", true},
		{"stop_limit", "stop", true},
	} {
		read, found := &config.Problem{Key: tt.read, Text: "is bad"}, &config.Problem{Key: tt.found, Text: "is found"}
		want := []error{read}
		if tt.told {
			want = append(want, found)
		}
		got := config.Unjoin(config.Together(read, found))
		if len(got) != len(want) {
			t.Errorf("with %q read badly, finding %q: got %q, want %q", tt.read, tt.found, got, want)
		}
	}
	bare := errors.New("bare")
	if got := config.Together(nil, bare); !errors.Is(got, bare) {
		t.Errorf("a lone error: got %v", got)
	}
	if got := config.Together(nil, nil); got != nil {
		t.Errorf("of nothing: got %v", got)
	}
}

// A file with an error of syntax is not read: what is found in the other one is told, what may come of that is not.
func TestTogetherWithFileUnread(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"posttroll.toml": "mc_ttl = 300\nbackend = \"secure_zmq\"\n", "own.toml": "max_age = 1m\n"})
	shared, own := filepath.Join(dir, "posttroll.toml"), filepath.Join(dir, "own.toml")
	settings := config.DefaultSettings()
	_, err := config.Load(config.Sources{Shared: []string{shared}, Own: own}, &settings)
	got := config.Unjoin(config.Together(err, errors.Join(
		&config.Problem{Key: "max_age", Text: "a default"},
		&config.Problem{Origin: config.Origin{File: own, Line: 1}, Key: "max_age", Text: "of that file"},
		&config.Problem{Origin: config.Origin{File: shared, Line: 2}, Key: "backend", Text: "has no keys"},
	)))
	var texts []string
	for _, err := range got {
		texts = append(texts, err.Error())
	}
	want := []string{
		shared + ":1: mc_ttl: 300 is out of range, want 1 to 255",
		shared + ":2: backend: has no keys",
		own + ":1: expected a top-level item to end with a newline, comment, or EOF, but got 'm' instead",
	}
	if diff := cmp.Diff(want, texts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
