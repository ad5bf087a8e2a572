package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/pytroll/posttroll-go/internal/textlines"
)

// screen is top on a terminal.
type screen struct {
	*watching
	file   *os.File
	rows   [][]measured // of groupings
	at     time.Time    // when they were measured
	paused bool
	asking bool // a filter is being typed
	typed  []rune
}

// showScreen draws tables and follows keys until one ends it, or ctx does.
func (c *watching) showScreen(ctx context.Context, cmd *cobra.Command, file *os.File, t *traffic) (err error) {
	s := &screen{watching: c, file: file}
	keys, restore, err := readKeys(cmd)
	if err != nil {
		return err
	}
	// The alternate screen, without a cursor, and back (xterm's control sequences 1049 and 25).
	fmt.Fprint(file, "\x1b[?1049h\x1b[?25l")
	defer func() {
		fmt.Fprint(file, "\x1b[?25h\x1b[?1049l")
		err = errors.Join(err, restore())
	}()
	tick := time.NewTicker(c.interval)
	defer tick.Stop()
	s.measure(t)
	for shown := 1; ; {
		if err := s.draw(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case key := <-keys:
			if s.press(key) {
				return nil
			}
		case <-tick.C:
			if c.count > 0 && shown >= c.count {
				return nil
			}
			if shown++; !s.paused {
				s.measure(t)
			}
		}
	}
}

// measure ends an interval.
func (s *screen) measure(t *traffic) {
	s.at = time.Now()
	s.rows = t.measure(s.at)
}

// draw draws the screen in one go.
func (s *screen) draw() error {
	width, height, err := term.GetSize(int(s.file.Fd()))
	if err != nil {
		width, height = 80, 24
	}
	s.view.width, s.view.limit = width, max(height-4, 1)
	if s.limit > 0 {
		s.view.limit = min(s.view.limit, s.limit)
	}
	var b bytes.Buffer
	b.WriteString("\x1b[H") // home (ECMA-48, CUP)
	fmt.Fprintf(&b, "%s\n\n", s.view.cut(s.title(s.at, s.paused)))
	if s.asking {
		b.Reset()
		fmt.Fprintf(&b, "\x1b[H%s\n\n", s.view.cut("filter: "+textlines.Printable(string(s.typed))+"_"))
	}
	if err := s.view.write(&b, s.rows[s.view.by]); err != nil {
		return err
	}
	// Every line is cleared to its end, and what is below (ECMA-48, EL and ED). A raw terminal wants a carriage return, too.
	text := bytes.ReplaceAll(b.Bytes(), []byte("\n"), []byte("\x1b[K\r\n"))
	_, err = s.file.Write(append(text, "\x1b[J"...))
	return err
}

// press does what a key asks for. It tells whether that is the end.
func (s *screen) press(key rune) (end bool) {
	const interrupt, escape, enter, backspace, del = 3, 27, '\r', 8, 127
	if key == interrupt {
		return true
	}
	if s.asking {
		switch key {
		case enter, '\n':
			s.view.filter, s.asking = string(s.typed), false
		case escape:
			s.asking = false
		case backspace, del:
			s.typed = s.typed[:max(len(s.typed)-1, 0)]
		default:
			s.typed = append(s.typed, key)
		}
		return false
	}
	switch key {
	case 'q', 'Q':
		return true
	case 's':
		s.view.order = (s.view.order + 1) % len(orders)
	case 'r':
		s.view.reverse = !s.view.reverse
	case 'b':
		s.view.by = (s.view.by + 1) % len(groupings)
	case 'p':
		s.paused = !s.paused
	case '/':
		s.asking, s.typed = true, nil
	}
	return false
}

// readKeys makes the terminal of standard input give keys as they are pressed. Without one there are none. Restore makes it as it was.
func readKeys(cmd *cobra.Command) (<-chan rune, func() error, error) {
	in, ok := cmd.InOrStdin().(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return nil, func() error { return nil }, nil
	}
	before, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return nil, nil, fmt.Errorf("terminal: %w", err)
	}
	keys := make(chan rune)
	go func() {
		var b [64]byte
		for {
			n, err := in.Read(b[:]) // it can't be ended, and is left behind
			if err != nil {
				return
			}
			for _, key := range string(b[:n]) {
				keys <- key
			}
		}
	}()
	return keys, func() error { return term.Restore(int(in.Fd()), before) }, nil
}
