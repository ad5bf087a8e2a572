package logging

import (
	"bytes"
	"fmt"
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
func jsonEncoder() zapcore.Encoder { return safeEncoder{zapcore.NewJSONEncoder(encoderConfig())} }

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

// safeEncoder escapes control characters in message and name, which zap's console encoder passes through, and those of Latin 1 and DEL, which its JSON has as they
// are: U+009B begins a sequence that a terminal carries out.
type safeEncoder struct{ zapcore.Encoder }

// Clone copies the encoder.
func (e safeEncoder) Clone() zapcore.Encoder { return safeEncoder{e.Encoder.Clone()} }

// EncodeEntry encodes an entry.
func (e safeEncoder) EncodeEntry(entry zapcore.Entry, fields []zapcore.Field) (*buffer.Buffer, error) {
	entry.Message = clean(entry.Message)
	entry.LoggerName = clean(entry.LoggerName)
	line, err := e.Encoder.EncodeEntry(entry, fields)
	if err == nil {
		escape(line)
	}
	return line, err
}

// escape writes control characters that JSON allows as JSON escapes.
func escape(line *buffer.Buffer) {
	raw := line.Bytes()
	at := nextControl(raw)
	if at < 0 {
		return
	}
	raw = bytes.Clone(raw)
	line.Reset()
	for ; at >= 0; at = nextControl(raw) {
		r, size := utf8.DecodeRune(raw[at:])
		_, _ = line.Write(raw[:at]) // never fails
		line.AppendString(fmt.Sprintf("\\u%04x", r))
		raw = raw[at+size:]
	}
	_, _ = line.Write(raw) // likewise
}

// nextControl returns the index of the first of them, or -1. The byte 0xc2 begins a character of Latin 1, and stands nowhere else in UTF-8.
func nextControl(line []byte) int {
	for i, b := range line {
		if b == 0x7f || b == 0xc2 && i+1 < len(line) && line[i+1] < 0xa0 {
			return i
		}
	}
	return -1
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
