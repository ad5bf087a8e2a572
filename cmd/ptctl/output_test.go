package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/pytroll/posttroll-go/internal/textlines"
	"github.com/pytroll/posttroll-go/pkg/message"
)

// newTerminal returns the two ends of a terminal: what the program writes to, and what its user sees.
func newTerminal(t *testing.T) (program *os.File, screen *bufio.Reader) {
	t.Helper()
	user, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = user.Close() })
	if err := unix.IoctlSetPointerInt(int(user.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(user.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Close() })
	return program, bufio.NewReader(user)
}

// A message must not be able to move the cursor or to retitle the window of whoever looks at it.
func TestTerminalGetsNoControlCharacters(t *testing.T) {
	t.Parallel()
	m, err := message.Decode([]byte("pytroll://a\x1b]0;x\a b\u009b u@h 2024-05-17T09:41:12 v1.01 text/ascii x\x1b[2J\ry\x7f"))
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]output{"raw": {}, "json": {json: true}, "pretty": {pretty: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			program, screen := newTerminal(t)
			if err := o.print(program, m); err != nil {
				t.Fatal(err)
			}
			if _, err := program.WriteString("end\n"); err != nil {
				t.Fatal(err)
			}
			for {
				text, err := screen.ReadString('\n')
				if err != nil {
					t.Fatal(err)
				}
				text = strings.TrimSuffix(text, "\r\n") // as terminals end lines
				if text == "end" {
					return
				}
				if text != textlines.Printable(text) {
					t.Errorf("the terminal gets %q", text)
				}
			}
		})
	}
}

func TestOnlyATerminalIsCleared(t *testing.T) {
	t.Parallel()
	program, screen := newTerminal(t)
	c := &asking{}
	if err := c.show(program, nil, true); err != nil {
		t.Fatal(err)
	}
	if text, err := screen.ReadString('\n'); err != nil || !strings.HasPrefix(text, "\x1b[H\x1b[2J") {
		t.Errorf("got %q and error %v, want it to begin with what clears the screen", text, err)
	}
	var pipe strings.Builder
	if err := c.show(&pipe, nil, true); err != nil || strings.Contains(pipe.String(), "\x1b") {
		t.Errorf("got %q and error %v, want no escape sequences", pipe.String(), err)
	}
}
