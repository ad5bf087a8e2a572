package logging

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/coreos/go-systemd/v22/journal"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/term"
)

// Config says what is logged and where to.
type Config struct {
	// Program is the name under which the journal keeps the lines. Default: that of the executable.
	Program string
	// File is logged to instead of Stderr, as JSON lines: turned over at the first line after midnight, local time, to
	// FILE.2026-11-22, the day it is from; seven days are kept. Empty: Stderr.
	File string
	// Settings say what is logged; the zero value is that of [DefaultSettings].
	Settings Settings
	// Verbose logs messages of level debug too, whatever Settings say.
	Verbose bool
	// Stderr is logged to without a File. Default [os.Stderr], the only one that can lead into the journal.
	Stderr io.Writer
	// Environ is the environment, as [os.Environ] gives it: NO_COLOR and TERM=dumb switch colours off.
	Environ []string
}

// Log is a logger and what belongs to it. Its methods may be called concurrently.
type Log struct {
	*zap.Logger
	// Level can be changed while it is in use.
	Level zap.AtomicLevel

	verbose bool
	file    *DailyFile
	spool   *spool // of standard error; nil: it is written to at once
}

// Open builds the logger. It fails only when the file can't be opened.
func Open(cfg Config) (*Log, error) {
	l := &Log{verbose: cfg.Verbose}
	l.Level = zap.NewAtomicLevelAt(l.level(cfg.Settings))
	if cfg.Stderr == nil {
		cfg.Stderr = os.Stderr
	}
	core, err := l.core(cfg)
	if err != nil {
		return nil, err
	}
	l.Logger = zap.New(core, zap.ErrorOutput(zapcore.Lock(spoolWriter{l.spool, cfg.Stderr})))
	return l, nil
}

// core chooses what the lines look like and where they go.
func (l *Log) core(cfg Config) (zapcore.Core, error) {
	if cfg.File != "" {
		file, err := OpenDaily(cfg.File)
		if err != nil {
			return nil, fmt.Errorf("open log: %w", err)
		}
		l.file = file
		return zapcore.NewCore(jsonEncoder(), file, l.Level), nil
	}
	encoder := jsonEncoder()
	f, isFile := cfg.Stderr.(*os.File)
	if isFile && term.IsTerminal(int(f.Fd())) {
		encoder = consoleEncoder(Colours(cfg.Environ))
	}
	at := func(s *spool) zapcore.Core { return l.stderrCore(cfg, encoder, s) }
	if isFile && isJournal(f) {
		at = func(s *spool) zapcore.Core { return l.journalCore(cfg, s) }
	}
	if !isFile || !mayStall(f) {
		return at(nil), nil
	}
	atOnce := at(nil)
	l.spool = &spool{told: func(count uint64) { _ = atOnce.Write(leftOut(count)) }}
	return at(l.spool), nil
}

// stderrCore writes lines to standard error.
func (l *Log) stderrCore(cfg Config, encoder zapcore.Encoder, s *spool) zapcore.Core {
	return zapcore.NewCore(encoder, zapcore.Lock(spoolWriter{s, cfg.Stderr}), l.Level)
}

// journalCore writes to the journal, and to standard error what that does not take.
func (l *Log) journalCore(cfg Config, s *spool) zapcore.Core {
	return &journalCore{LevelEnabler: l.Level, program: cfg.Program, send: sendToJournal, spool: s, fallback: zapcore.Lock(zapcore.AddSync(cfg.Stderr))}
}

// isJournal says that f is this process's standard error and leads into the journal.
func isJournal(f *os.File) bool {
	if f != os.Stderr {
		return false
	}
	// An error means that JOURNAL_STREAM is nonsense: then it is not the journal's doing.
	is, err := journal.StderrIsJournalStream()
	return err == nil && is
}

// Colours says that the terminal takes them and its user wants them (no-color.org).
func Colours(environ []string) bool {
	return !slices.ContainsFunc(environ, func(entry string) bool {
		value, ok := strings.CutPrefix(entry, "NO_COLOR=")
		return ok && value != "" || entry == "TERM=dumb"
	})
}

// Reopen opens the log file anew, for a logrotate that has moved it away and sends SIGHUP. Without a file it does nothing.
func (l *Log) Reopen() error {
	if l.file == nil {
		return nil
	}
	return l.file.reopen()
}

// Close closes the log file. What is logged afterwards is lost, and told on standard error. Without a file it waits up to a second for whoever takes the lines.
func (l *Log) Close() error {
	l.spool.flush(spoolFlush)
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}
