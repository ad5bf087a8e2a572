package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"time"
)

// ownMemory is how much memory of Go this program takes before it collects, in bytes. What is sent may be large, and what programs take is not to be
// crowded out by what was sent before.
const ownMemory = 128 << 20

func main() {
	debug.SetMemoryLimit(ownMemory)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout)
	stop()
	if status, ok := errors.AsType[errStatus](err); ok {
		os.Exit(int(status))
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "hostile: %v\n", err)
		os.Exit(1)
	}
}

// options say which cases run.
type options struct {
	bin    string
	logs   string
	only   string
	settle time.Duration
	list   bool
	quick  bool
}

func run(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	if len(args) > 0 {
		switch args[0] {
		case peerCommand:
			return runPeer(ctx, args[1:], in, out)
		case measureCommand:
			return runMeasured(ctx, args[1:], in, out)
		}
	}
	o := options{}
	flags := flag.NewFlagSet("hostile", flag.ContinueOnError)
	flags.StringVar(&o.bin, "bin", "", "folder of the programs, this one among them")
	flags.StringVar(&o.logs, "logs", "", "folder for the logs of the programs")
	flags.StringVar(&o.only, "only", "*/*", "glob for the names of cases, KIND/WHAT, or KIND/WHAT@SOCKET")
	// The longest wait in a program is that for the end of a handshake, of 5 s.
	flags.DurationVar(&o.settle, "settle", 20*time.Second, "how long the programs have, after each case, to take no more than before")
	flags.BoolVar(&o.list, "list", false, "print the cases and their sockets, and end")
	flags.BoolVar(&o.quick, "quick", false, "only those of the short form")
	if err := flags.Parse(args); err != nil {
		return err
	}
	chosen, err := choose(allCases(), o)
	if err != nil {
		return err
	}
	if o.list {
		return list(out, chosen)
	}
	if o.bin, err = filepath.Abs(o.bin); err != nil {
		return err
	}
	return runAll(ctx, chosen, o, out)
}

// chosenCase is a case at one of its sockets.
type chosenCase struct {
	testCase
	socket socket
}

func (c chosenCase) String() string { return c.name + "@" + c.socket.name }

// choose returns the cases that options ask for, at each of their sockets. The short form takes turns with the sockets: each case at one of them.
func choose(all []testCase, o options) (chosen []chosenCase, err error) {
	for i, c := range all {
		for j, s := range c.at {
			one := chosenCase{c, s}
			byName, err1 := path.Match(o.only, c.name)
			bySocket, err2 := path.Match(o.only, one.String())
			if err := errors.Join(err1, err2); err != nil {
				return nil, fmt.Errorf("%q: %w", o.only, err)
			}
			if (byName || bySocket) && (!o.quick || !c.slow && j == i%len(c.at)) {
				chosen = append(chosen, one)
			}
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no case fits %q", o.only)
	}
	return chosen, nil
}

// runAll runs cases one after the other. A world in which one failed makes place for a new one.
func runAll(ctx context.Context, chosen []chosenCase, o options, out io.Writer) (err error) {
	var w *world
	defer func() {
		if w != nil {
			err = errors.Join(err, w.close())
		}
	}()
	var results []result
	for _, c := range chosen {
		if w != nil && w.narrow != c.narrow {
			if err := tell(out, &results, w.end(ctx, o.quick)...); err != nil {
				return err
			}
			w = nil
		}
		if w == nil {
			if w, err = newWorld(ctx, o, c.narrow); err != nil {
				return err
			}
		}
		r := w.attempt(ctx, c.testCase, c.socket)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := tell(out, &results, r); err != nil {
			return err
		}
		if r.err != nil {
			_ = w.close() // that it is in disorder was told
			w = nil
		}
	}
	if w != nil {
		last := w
		w = nil
		if err := tell(out, &results, last.end(ctx, o.quick)...); err != nil {
			return err
		}
	}
	if err := tell(out, &results, ownResult()); err != nil {
		return err
	}
	return report(out, results)
}

// tell prints results and adds them to those that are there.
func tell(out io.Writer, results *[]result, more ...result) error {
	for _, r := range more {
		if err := printLine(out, r); err != nil {
			return err
		}
	}
	*results = append(*results, more...)
	return nil
}
