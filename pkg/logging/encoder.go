package logging

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"
)

// timeLayout is RFC 3339 with milliseconds and offset.
const timeLayout = "2006-01-02T15:04:05.000Z07:00"

// encoderConfig names the keys that every line has.
func encoderConfig() zapcore.EncoderConfig {
	return zapcore.EncoderConfig{
		TimeKey:        "time",
		LevelKey:       "level",
		NameKey:        "logger",
		MessageKey:     "message",
		EncodeTime:     zapcore.TimeEncoderOfLayout(timeLayout),
		EncodeLevel:    zapcore.LowercaseLevelEncoder,
		EncodeDuration: func(d time.Duration, enc zapcore.PrimitiveArrayEncoder) { enc.AppendString(durationText(d)) },
	}
}

// durationText writes a duration with the digits that somebody wants to read: "30.002s" for 30.002124728 s.
func durationText(d time.Duration) string {
	switch size := d.Abs(); {
	case size >= time.Second:
		d = d.Round(time.Millisecond)
	case size >= time.Millisecond:
		d = d.Round(time.Microsecond)
	}
	return d.String()
}

// jsonEncoder writes for programs.
func jsonEncoder() zapcore.Encoder { return zapcore.NewJSONEncoder(encoderConfig()) }

// consoleEncoder writes for people.
func consoleEncoder(colour bool) zapcore.Encoder {
	cfg := encoderConfig()
	cfg.EncodeTime = zapcore.TimeEncoderOfLayout("15:04:05.000")
	cfg.EncodeLevel = zapcore.CapitalLevelEncoder
	if colour {
		cfg.EncodeLevel = zapcore.CapitalColorLevelEncoder
	}
	cfg.ConsoleSeparator = "  "
	return safeEncoder{zapcore.NewConsoleEncoder(cfg)}
}

// safeEncoder escapes control characters in message and name, which zap's console encoder passes through.
type safeEncoder struct{ zapcore.Encoder }

// Clone copies the encoder.
func (e safeEncoder) Clone() zapcore.Encoder { return safeEncoder{e.Encoder.Clone()} }

// EncodeEntry encodes an entry.
func (e safeEncoder) EncodeEntry(entry zapcore.Entry, fields []zapcore.Field) (*buffer.Buffer, error) {
	entry.Message = clean(entry.Message)
	entry.LoggerName = clean(entry.LoggerName)
	return e.Encoder.EncodeEntry(entry, fields)
}

// clean escapes what would make a line or move the cursor, and replaces what is not UTF-8.
func clean(s string) string {
	if utf8.ValidString(s) && strings.IndexFunc(s, unicode.IsControl) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if unicode.IsControl(r) {
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
