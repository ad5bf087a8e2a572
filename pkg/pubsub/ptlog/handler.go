package ptlog

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// Handler publishes the records of log/slog: the text, and the attributes behind it as JSON if there are any. It may be used concurrently.
//
//	slog.SetDefault(slog.New(ptlog.NewHandler(pub, "my_program", slog.LevelWarn)))
type Handler struct {
	pub    Publisher
	logger string
	level  slog.Leveler
	with   []func(slog.Handler) slog.Handler // attributes and groups of WithAttrs and WithGroup, in their order
}

var _ slog.Handler = (*Handler)(nil)

// NewHandler returns a handler that publishes records from level on, under the name of a logger; empty: that of Python's root. A record that the publisher can't take
// within 100 ms is lost, and Handle returns why. The publisher's own node must not log to it. Whoever made pub closes it, after the last record.
func NewHandler(pub Publisher, logger string, level slog.Leveler) *Handler {
	return &Handler{pub: pub, logger: logger, level: level}
}

// noText stands for the text of a record while its attributes are written.
const noText = "\x00"

// attributesAlone leaves out level and text, but no attributes of the same names.
func attributesAlone(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	_, isLevel := a.Value.Any().(slog.Level)
	if a.Key == slog.LevelKey && isLevel || a.Key == slog.MessageKey && a.Value.Kind() == slog.KindString && a.Value.String() == noText {
		return slog.Attr{}
	}
	return a
}

// Enabled tells whether records of a level are published.
func (h *Handler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level.Level() }

// Handle publishes a record.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	text, err := h.text(ctx, r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	return publish(ctx, h.pub, slogName(r.Level), h.logger, text)
}

// text is what stands in the message of a record.
func (h *Handler) text(ctx context.Context, r slog.Record) (string, error) {
	alone := slog.NewRecord(time.Time{}, r.Level, noText, 0) // without a time none is written
	r.Attrs(func(a slog.Attr) bool {
		alone.AddAttrs(a)
		return true
	})
	// Attributes may log while they are written (slog.LogValuer), so no record waits for another one.
	var b bytes.Buffer
	var attrs slog.Handler = slog.NewJSONHandler(&b, &slog.HandlerOptions{
		Level:       slog.Level(-1 << 30), // Enabled has decided
		ReplaceAttr: attributesAlone,
	})
	for _, add := range h.with {
		attrs = add(attrs)
	}
	if err := attrs.Handle(ctx, alone); err != nil {
		return "", err
	}
	written := strings.TrimRight(b.String(), "\n")
	if written == "{}" {
		return r.Message, nil
	}
	return r.Message + " " + written, nil
}

// WithAttrs returns a handler that adds attributes to each record.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.adding(func(to slog.Handler) slog.Handler { return to.WithAttrs(attrs) })
}

// WithGroup returns a handler that puts the attributes of each record into a group.
func (h *Handler) WithGroup(name string) slog.Handler {
	return h.adding(func(to slog.Handler) slog.Handler { return to.WithGroup(name) })
}

func (h *Handler) adding(add func(slog.Handler) slog.Handler) *Handler {
	with := *h
	with.with = append(slices.Clip(h.with), add)
	return &with
}

// slogName is the level's name in Python.
func slogName(level slog.Level) string {
	switch {
	case level < slog.LevelInfo:
		return "DEBUG"
	case level < slog.LevelWarn:
		return "INFO"
	case level < slog.LevelError:
		return "WARNING"
	case level < slog.LevelError+4:
		return "ERROR"
	}
	return "CRITICAL"
}
