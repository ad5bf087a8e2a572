package logging

import (
	"fmt"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Settings are those of a daemon's log. Start from [DefaultSettings].
type Settings struct {
	// Level is the least important level that is logged: "debug", "info", "warn" or "error". With -v it is "debug" whatever stands here. Default
	// "info". Environment: POSTTROLL_LOG_LEVEL.
	Level string `toml:"log_level"`
}

// DefaultSettings returns the settings of a log where nothing is set.
func DefaultSettings() Settings { return Settings{Level: "info"} }

// levels are those that Settings.Level can name.
var levels = map[string]zapcore.Level{
	"debug": zapcore.DebugLevel,
	"info":  zapcore.InfoLevel,
	"warn":  zapcore.WarnLevel,
	"error": zapcore.ErrorLevel,
}

// SettingError is one thing that is wrong with a setting.
type SettingError struct {
	Key  string // of the setting
	Text string // what is wrong with its value
}

// Error returns key and text.
func (e *SettingError) Error() string { return e.Key + ": " + e.Text }

// ConfigKey returns the key, for readers of settings to tell where the value came from.
func (e *SettingError) ConfigKey() string { return e.Key }

// Validate returns what is wrong with s, a [*SettingError]; nil when nothing is.
func (s Settings) Validate() error {
	if _, ok := levels[s.Level]; !ok {
		return &SettingError{Key: "log_level", Text: fmt.Sprintf("%q is unknown, want debug, info, warn or error", s.Level)}
	}
	return nil
}

// Configure makes settings count that were read anew and are valid, and logs what has changed. Where Config.Verbose is set nothing does.
func (l *Log) Configure(s Settings) {
	before, after := l.Level.Level(), l.level(s)
	if before == after {
		return
	}
	l.Level.SetLevel(min(before, after, zapcore.InfoLevel)) // so that this line is logged in any case
	l.Info("log level changed", zap.Stringer("before", before), zap.Stringer("log_level", after))
	l.Level.SetLevel(after)
}

// level is the level that counts with s.
func (l *Log) level(s Settings) zapcore.Level {
	if l.verbose {
		return zapcore.DebugLevel
	}
	return levels[s.Level] // "" is info
}
