package logging

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"go.uber.org/zap/zapcore"
)

func TestLevelIsValidated(t *testing.T) {
	t.Parallel()
	for level, good := range map[string]bool{"debug": true, "info": true, "warn": true, "error": true, "": false, "INFO": false, "fatal": false} {
		err := Settings{Level: level}.Validate()
		if bad, ok := errors.AsType[*SettingError](err); ok == good || ok && bad.ConfigKey() != "log_level" {
			t.Errorf("%q: %v", level, err)
		}
	}
	if err := DefaultSettings().Validate(); err != nil {
		t.Error(err)
	}
}

// What changes the level is logged by the one of the two that lets more through, and not when nothing changes.
func TestConfigure(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, before, after string
		verbose             bool
		want                zapcore.Level
		lines               int
	}{
		{"up", "info", "error", false, zapcore.ErrorLevel, 1},
		{"down", "error", "debug", false, zapcore.DebugLevel, 1},
		{"above info", "error", "warn", false, zapcore.WarnLevel, 1},
		{"same", "warn", "warn", false, zapcore.WarnLevel, 0},
		{"default", "", "info", false, zapcore.InfoLevel, 0},
		{"verbose", "info", "error", true, zapcore.DebugLevel, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			log, err := Open(Config{Stderr: &out, Settings: Settings{Level: tt.before}, Verbose: tt.verbose})
			if err != nil {
				t.Fatal(err)
			}
			log.Configure(Settings{Level: tt.after})
			if got := log.Level.Level(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if got := strings.Count(out.String(), `"log level changed"`); got != tt.lines {
				t.Errorf("%d lines, want %d:\n%s", got, tt.lines, out.String())
			}
		})
	}
}
