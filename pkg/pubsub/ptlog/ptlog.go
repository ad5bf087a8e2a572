// Package ptlog publishes log records as posttroll messages, as the PytrollHandler of Python posttroll does:
//
//	pytroll:/log/WARNING/<logger name> log.warning <sender> <time> v1.01 text/ascii <text>
//
// The subject has no leading slash, so subscribers get it under the topic pytroll:/ or pytroll:/log alone.
//
//	pub, err := node.Publisher(pubsub.PublisherOptions{Name: "my_program_log"})
//	logger = logger.WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core {
//		return zapcore.NewTee(core, ptlog.NewCore(pub, zapcore.WarnLevel))
//	}))
//
// Programs that log with log/slog use a [Handler] instead.
package ptlog

import (
	"context"
	"strings"
	"time"
	"unicode"

	"go.uber.org/zap/zapcore"
)

// sendTimeout bounds the time that a log line may cost when the publisher's queue is full: then the record is lost.
const sendTimeout = 100 * time.Millisecond

// Publisher is what records are sent with: a *pubsub.Publisher.
type Publisher interface {
	Publish(ctx context.Context, subject, typ string, data any) error
}

// core publishes records.
type core struct {
	zapcore.LevelEnabler
	pub Publisher
	enc zapcore.Encoder
}

// NewCore returns a core that publishes the records that level enables: the text, and the fields behind it as JSON if there are
// any. The publisher's own node must not log to it. Whoever made pub closes it, after the last record.
func NewCore(pub Publisher, level zapcore.LevelEnabler) zapcore.Core {
	enc := zapcore.NewConsoleEncoder(zapcore.EncoderConfig{
		MessageKey:       "message",
		ConsoleSeparator: " ",
		SkipLineEnding:   true,
		EncodeTime:       zapcore.ISO8601TimeEncoder,
		EncodeDuration:   zapcore.StringDurationEncoder,
	})
	return &core{LevelEnabler: level, pub: pub, enc: enc}
}

// With returns a core that adds fields to each record.
func (c *core) With(fields []zapcore.Field) zapcore.Core {
	enc := c.enc.Clone()
	for _, field := range fields {
		field.AddTo(enc)
	}
	return &core{LevelEnabler: c.LevelEnabler, pub: c.pub, enc: enc}
}

// Check adds the core to those that write the entry.
func (c *core) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(entry.Level) {
		return checked.AddCore(entry, c)
	}
	return checked
}

// Write publishes a record. An error goes to zap's error output, never back into the log.
func (c *core) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	text, err := c.enc.EncodeEntry(zapcore.Entry{Message: entry.Message}, fields)
	if err != nil {
		return err
	}
	defer text.Free()
	ctx, cancel := context.WithTimeout(context.Background(), sendTimeout)
	defer cancel()
	return publish(ctx, c.pub, levelName(entry.Level), entry.LoggerName, text.String())
}

// publish publishes a record of a level by its name in Python.
func publish(ctx context.Context, pub Publisher, level, logger, text string) error {
	return pub.Publish(ctx, "log/"+level+"/"+subjectName(logger), "log."+strings.ToLower(level), text)
}

// Sync has nothing to do: a record is sent at once.
func (c *core) Sync() error { return nil }

// levelName is the level's name in Python.
func levelName(level zapcore.Level) string {
	switch {
	case level <= zapcore.DebugLevel:
		return "DEBUG"
	case level == zapcore.InfoLevel:
		return "INFO"
	case level == zapcore.WarnLevel:
		return "WARNING"
	case level == zapcore.ErrorLevel:
		return "ERROR"
	}
	return "CRITICAL"
}

// subjectName makes the name of a logger fit to stand in a subject. The logger without a name is Python's root.
func subjectName(name string) string {
	if name == "" {
		return "root"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			return '_'
		}
		return r
	}, name)
}
