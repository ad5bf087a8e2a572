package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"syscall"
)

// part measures one thing and writes what it found.
type part func(ctx context.Context, b *bench, out io.Writer) error

// parts are all there are, by their names.
var parts = map[string]part{
	"relay": relay,
}

// bench is what all parts need.
type bench struct {
	bin   string // the folder of the programs
	tmp   string // a folder for files, which is removed
	quick bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	b := bench{}
	flags.StringVar(&b.bin, "bin", "", "folder of the programs load, proxy and ptrelay")
	flags.BoolVar(&b.quick, "quick", false, "fewer and shorter rounds")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if b.tmp, err = os.MkdirTemp("", "bench"); err != nil {
		return err
	}
	defer func() { err = firstOf(err, os.RemoveAll(b.tmp)) }()
	names := flags.Args()
	if len(names) == 0 {
		names = slices.Sorted(maps.Keys(parts))
	}
	for _, name := range names {
		part := parts[name]
		if part == nil {
			return fmt.Errorf("no part %q: there is %q", name, slices.Sorted(maps.Keys(parts)))
		}
		if err := part(ctx, &b, out); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
