// Package textlines reads messages, one a line, and makes text safe for terminals.
package textlines

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Max bounds a line, in bytes: the largest frame that a subscriber takes.
const Max = 64 << 20

// Line is a line that is not empty.
type Line struct {
	Number int    // from 1
	Text   []byte // without its end
	Err    error  // [ErrTooLong]: it is left out; or nil
}

// ErrTooLong says that a line is longer than [Max].
var ErrTooLong = fmt.Errorf("longer than %d MiB", Max>>20)

// Each calls do for each line of r, and idle whenever all lines that have come are done. It returns the error of ctx when that
// ends: a read that waits for a terminal can't be ended, and is left behind.
func Each(ctx context.Context, r io.Reader, do func(Line) error, idle func() error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	batches, failed := make(chan []Line), make(chan error, 1)
	go func() {
		defer close(batches)
		failed <- readLines(ctx, r, batches)
	}()
	for {
		select {
		case batch, more := <-batches:
			if !more {
				return <-failed
			}
			for _, l := range batch {
				if err := do(l); err != nil {
					return err
				}
			}
			if err := idle(); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// readLines sends the lines of r as they come, those that come together in one batch.
func readLines(ctx context.Context, r io.Reader, batches chan<- []Line) error {
	in := bufio.NewReaderSize(r, 64<<10)
	var batch []Line
	for number := 1; ; number++ {
		text, err := readLine(in)
		if len(text) > 0 || errors.Is(err, ErrTooLong) {
			l := Line{Number: number, Text: text}
			if errors.Is(err, ErrTooLong) {
				l.Err, err = err, nil
			}
			batch = append(batch, l)
		}
		if len(batch) > 0 && (err != nil || !anotherLine(in)) {
			select {
			case batches <- batch:
			case <-ctx.Done():
				return ctx.Err()
			}
			batch = nil
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("read line %d: %w", number, err)
		}
	}
}

// anotherLine tells whether a line can be read without waiting.
func anotherLine(in *bufio.Reader) bool {
	here, err := in.Peek(in.Buffered())
	return err == nil && bytes.IndexByte(here, '\n') >= 0
}

// readLine returns a copy of the next line without its end, also one that the end of the input ends.
func readLine(in *bufio.Reader) ([]byte, error) {
	var text []byte
	long := false
	for {
		part, err := in.ReadSlice('\n')
		if long = long || len(text)+len(part) > Max+len("\r\n"); long {
			text = nil
		} else {
			text = append(text, part...)
		}
		if err == bufio.ErrBufferFull {
			continue
		}
		text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
		if (long || len(text) > Max) && (err == nil || err == io.EOF) {
			return nil, ErrTooLong // at the end of the input the next call tells
		}
		return text, err
	}
}

// Printable returns s without control characters, which terminals act upon, and without those of Unicode that end a line or turn around what follows them (Unicode Standard Annex 9,
// sections 2.1 to 2.5): what comes from the network is not to make the rest of a line look like something else.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < 0x20, r >= 0x7f && r < 0xa0, // C0, delete, C1
			r >= 0x2028 && r <= 0x202e, // line and paragraph separator, embeddings and overrides
			r >= 0x2066 && r <= 0x2069: // isolates
			return '\uFFFD'
		}
		return r
	}, s)
}
