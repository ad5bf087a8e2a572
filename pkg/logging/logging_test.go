package logging

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/coreos/go-systemd/v22/journal"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func TestJSONLines(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log, err := Open(Config{Stderr: &out})
	if err != nil {
		t.Fatal(err)
	}
	log.Named("discovery").Info("publisher added", zap.String("uri", "tcp://a:1\nlevel=error"), zap.Duration("age", 90*time.Second))
	log.Debug("not logged")
	log.Level.SetLevel(zapcore.DebugLevel)
	log.Debug("logged")
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}

	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != 2 {
		t.Fatalf("got %d lines, want 2:\n%s", len(lines), out.String())
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(lines[0]), &got); err != nil {
		t.Fatal(err)
	}
	if _, err := time.Parse(time.RFC3339, got["time"].(string)); err != nil {
		t.Error(err)
	}
	delete(got, "time")
	want := map[string]any{
		"level": "info", "logger": "discovery", "message": "publisher added", "uri": "tcp://a:1\nlevel=error", "age": "1m30s",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if !strings.Contains(lines[1], `"message":"logged"`) {
		t.Errorf("got %s", lines[1])
	}
}

// TestControlCharacters: nothing that a peer has sent does anything to a terminal, and what is read back is what it has sent.
func TestControlCharacters(t *testing.T) {
	t.Parallel()
	const sent = "a\x1b[2J\u009b2J\u0080\u009f\u00a0\u00e4\x7f\u2028z\u009b"
	var out bytes.Buffer
	log, err := Open(Config{Stderr: &out})
	if err != nil {
		t.Fatal(err)
	}
	log.Info("publisher added", zap.Strings("service", []string{sent, "plain"}), zap.String(sent, "x"))
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if line := strings.TrimSuffix(out.String(), "\n"); strings.ContainsFunc(line, unicode.IsControl) {
		t.Errorf("got %q", line)
	}
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]any{[]any{sent, "plain"}, "x"}, []any{got["service"], got[sent]}); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestVerbose(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log, err := Open(Config{Stderr: &out, Verbose: true})
	if err != nil {
		t.Fatal(err)
	}
	log.Debug("logged")
	if !strings.Contains(out.String(), "logged") {
		t.Errorf("got %q", out.String())
	}
}

// What peers send ends up in log lines: it must not make lines of its own nor move the cursor.
func TestConsoleIsOneLine(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	core := zapcore.NewCore(consoleEncoder(false), zapcore.AddSync(&out), zapcore.InfoLevel)
	log := zap.New(core).With(zap.String("peer", "a\nb"))
	log.Named("x\x1b[2J").Warn("message\nERROR forged\x1b[31m\u009b2J\xff", zap.String("uri", "tcp://a\r\n\x1b"))
	got := out.String()
	_, got, _ = strings.Cut(got, "WARN")
	want := "  x\\x1b[2J  message\\nERROR forged\\x1b[31m\\u009b2J\uFFFD  {\"peer\": \"a\\nb\", \"uri\": \"tcp://a\\r\\n\\u001b\"}\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestColours(t *testing.T) {
	t.Parallel()
	for environ, want := range map[string]bool{"": true, "NO_COLOR=": true, "NO_COLOR=1": false, "TERM=dumb": false, "TERM=xterm": true} {
		if got := Colours([]string{environ}); got != want {
			t.Errorf("%q: got %t, want %t", environ, got, want)
		}
	}
}

type sent struct {
	Text     string
	Priority journal.Priority
	Fields   journalFields
}

// journalLog returns a logger that writes to a journal of the test.
func journalLog(got *[]sent, fail *error, fallback *bytes.Buffer) *zap.Logger {
	return zap.New(&journalCore{
		LevelEnabler: zapcore.DebugLevel,
		program:      "nameserverd",
		fallback:     zapcore.AddSync(fallback),
		send: func(text string, p journal.Priority, fields journalFields) error {
			*got = append(*got, sent{text, p, fields})
			return *fail
		},
	})
}

func TestJournal(t *testing.T) {
	t.Parallel()
	var got []sent
	var fail error
	log := journalLog(&got, &fail, &bytes.Buffer{})
	log.Named("discovery").With(zap.String("uri", "tcp://a:1")).Info("publisher added",
		zap.Strings("service", []string{"a", "b <c>"}), zap.Int("count", 2), zap.Duration("age", time.Minute), zap.Error(errors.New("x\ny")),
		zap.Namespace("peer"), zap.String("näme-1", ""), zap.Time("at", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)))
	want := []sent{{
		Text: `discovery: publisher added uri=tcp://a:1 service=["a","b <c>"] count=2 age=1m0s error="x\ny" ` +
			`peer.näme-1="" peer.at=2026-01-02T03:04:05.000Z`,
		Priority: journal.PriInfo,
		Fields: journalFields{
			"SYSLOG_IDENTIFIER":     {"nameserverd"},
			"POSTTROLL_MESSAGE":     {"publisher added"},
			"POSTTROLL_LOGGER":      {"discovery"},
			"POSTTROLL_URI":         {"tcp://a:1"},
			"POSTTROLL_SERVICE":     {"a", "b <c>"},
			"POSTTROLL_COUNT":       {"2"},
			"POSTTROLL_AGE":         {"1m0s"},
			"POSTTROLL_ERROR":       {"x\ny"},
			"POSTTROLL_PEER_N_ME_1": {""},
			"POSTTROLL_PEER_AT":     {"2026-01-02T03:04:05.000Z"},
		},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A field of several values stands there several times; one with a newline has its length before it.
func TestJournalEncoding(t *testing.T) {
	t.Parallel()
	got := string(encodeEntry("publisher added", journal.PriInfo, journalFields{
		"POSTTROLL_SERVICE": {"a", "b"}, "POSTTROLL_ERROR": {"x\ny"}, "POSTTROLL_URI": {""},
	}))
	want := "PRIORITY=6\nMESSAGE=publisher added\nPOSTTROLL_ERROR\n\x03\x00\x00\x00\x00\x00\x00\x00x\ny\n" +
		"POSTTROLL_SERVICE=a\nPOSTTROLL_SERVICE=b\nPOSTTROLL_URI=\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestJournalPriorities(t *testing.T) {
	t.Parallel()
	var got []sent
	var fail error
	log := journalLog(&got, &fail, &bytes.Buffer{})
	log.Debug("a")
	log.Info("a")
	log.Warn("a")
	log.Error("a")
	log.DPanic("a")
	var priorities []journal.Priority
	for _, s := range got {
		priorities = append(priorities, s.Priority)
	}
	want := []journal.Priority{journal.PriDebug, journal.PriInfo, journal.PriWarning, journal.PriErr, journal.PriCrit}
	if diff := cmp.Diff(want, priorities); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestJournalFallsBackToStandardError(t *testing.T) {
	t.Parallel()
	var got []sent
	var out bytes.Buffer
	fail := errors.New("no such socket")
	log := journalLog(&got, &fail, &out)
	log.Error("bad\nnews", zap.String("a", "b\nc"))
	if want := "<3>bad\\nnews a=\"b\\nc\"\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

// Nobody reads nanoseconds of what took seconds.
func TestDurations(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		30002124728: "30.002s", 90 * time.Second: "1m30s", 3333333: "3.333ms", 1500 * time.Microsecond: "1.5ms", 1234: "1.234µs", -30002124728: "-30.002s", 0: "0s",
	} {
		text, vars := journalEntry(zapcore.Entry{Message: "m"}, []zap.Field{zap.Duration("age", d)})
		if got := vars["POSTTROLL_AGE"]; text != "m age="+want || len(got) != 1 || got[0] != want {
			t.Errorf("%d ns: got %q and %q, want %s", d, text, got, want)
		}
	}
}

func TestLongFieldNames(t *testing.T) {
	t.Parallel()
	if got := fieldName(strings.Repeat("a", 100)); len(got) != maxFieldName {
		t.Errorf("got %d bytes, want %d", len(got), maxFieldName)
	}
}

// Standard error of the tests is no journal, and neither is another file while it is.
func TestOnlyStandardErrorIsTheJournal(t *testing.T) {
	t.Parallel()
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if isJournal(f) {
		t.Error("a file was taken for the journal")
	}
}
