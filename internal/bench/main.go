package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// part measures one thing.
type part struct {
	name string
	run  func(ctx context.Context, b *bench) ([]row, error)
}

// parts are all there are, in the order of the table.
var parts = []part{
	{"codec", codec},
	{"pubsub", pubsub},
	{"lookups", lookups},
	{"announcements", announcements},
	{"scale", scale},
	{"many", many},
	{"relay", relay},
	{"start", startUp},
}

// bench is what all parts need.
type bench struct {
	bin    string // the folder of the programs
	source string // that of this package
	python string
	tmp    string // a folder for files, which is removed
	files  int    // so many have been named
	quick  bool
	out    io.Writer
}

// pick returns the first one, or the second one where things have to be quick.
func (b *bench) pick(usual, quick int) int {
	if b.quick {
		return quick
	}
	return usual
}

// progress tells what has been found so far.
func (b *bench) progress(rows []row) {
	for _, r := range rows {
		b.note("%s: %s %s", r.what, number(median(r.ratios())), r.reached())
	}
}

// note tells who waits what is going on.
func (b *bench) note(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s  %s\n", time.Now().Format(time.TimeOnly), fmt.Sprintf(format, args...))
}

func (b *bench) duration(usual, quick time.Duration) time.Duration {
	return time.Duration(b.pick(int(usual), int(quick)))
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	b := bench{out: out}
	flags.StringVar(&b.bin, "bin", "", "folder of the programs")
	flags.StringVar(&b.source, "source", "internal/bench", "folder of this package")
	flags.StringVar(&b.python, "python", "/usr/bin/python3", "Python that has zmq")
	flags.BoolVar(&b.quick, "quick", false, "fewer and shorter rounds")
	page := flags.String("page", "", "a page in Markdown to put the table into")
	if err := flags.Parse(args); err != nil {
		return err
	}
	chosen, err := choose(flags.Args())
	if err != nil {
		return err
	}
	if b.tmp, err = os.MkdirTemp("", "bench"); err != nil {
		return err
	}
	defer func() { err = firstOf(err, os.RemoveAll(b.tmp)) }()
	var rows []row
	for _, p := range chosen {
		more, err := b.runPart(ctx, p)
		if err := firstOf(err, writeText(more, out)); err != nil {
			return err
		}
		rows = append(rows, more...)
	}
	if _, err := fmt.Fprintln(out, summary(rows)); err != nil {
		return err
	}
	if *page != "" {
		err = b.writePage(ctx, *page, rows)
	}
	if n := count(rows, row.failed); n > 0 {
		err = firstOf(err, fmt.Errorf("%d of the measurements failed", n))
	}
	return err
}

// runPart measures what belongs to a part. A part that fails is a line of the table, and the others go on, unless all are to end.
func (b *bench) runPart(ctx context.Context, p part) ([]row, error) {
	begun := time.Now()
	rows, err := p.run(ctx, b)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		rows = append(rows, b.failure(p.name, err))
	}
	b.note("part %s took %v", p.name, time.Since(begun).Round(time.Second))
	return rows, nil
}

// failure is the line of the table that stands for what could not be measured, whose reason is told at once.
func (b *bench) failure(what string, err error) row {
	b.note("%s: %v", what, err)
	first, _, _ := strings.Cut(err.Error(), "\n")
	return row{what: what, failure: first}
}

// choose returns the parts of these names, all for none.
func choose(names []string) ([]part, error) {
	if len(names) == 0 {
		return parts, nil
	}
	var chosen []part
	for _, name := range names {
		i := slices.IndexFunc(parts, func(p part) bool { return p.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no part %q", name)
		}
		chosen = append(chosen, parts[i])
	}
	return chosen, nil
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
