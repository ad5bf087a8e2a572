package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// commandTime is how long a command may run.
	commandTime = 2 * time.Minute
	// beginTime is how long the first word of one in the background is waited for.
	beginTime = 5 * time.Second
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("walk", flag.ContinueOnError)
	flags.SetOutput(stderr)
	update := flags.Bool("update", false, "write what the commands tell into the page")
	if flags.Parse(args) != nil || flags.NArg() < 2 {
		fmt.Fprintln(stderr, "usage: walk [--update] PAGE HOST=PID...")
		return 2
	}
	path := flags.Arg(0)
	hosts, err := readHosts(flags.Args()[1:])
	if err != nil {
		fmt.Fprintln(stderr, "error:", err)
		return 2
	}
	if err := walk(ctx, path, hosts, *update, stdout); err != nil {
		fmt.Fprintln(stderr, "error:", err)
		return 1
	}
	return 0
}

// readHosts reads HOST=PID.
func readHosts(args []string) (hosts, error) {
	all := hosts{}
	for _, arg := range args {
		name, text, _ := strings.Cut(arg, "=")
		pid, err := strconv.Atoi(text)
		if err != nil || name == "" {
			return nil, fmt.Errorf("%q: want HOST=PID", arg)
		}
		all[name] = pid
	}
	return all, nil
}

// walk goes through the page at path.
func walk(ctx context.Context, path string, on hosts, update bool, out io.Writer) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	page, err := readPage(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	w := walker{on: on, beside: map[string]*command{}}
	defer w.end()
	different := 0
	for i := range page.steps {
		s := &page.steps[i]
		if update {
			if s.told, err = w.take(ctx, s); err != nil {
				return stepError(path, s, err)
			}
			continue
		}
		got, diff, err := hold(ctx, s, w.take)
		if err != nil {
			return stepError(path, s, err)
		}
		if diff != "" {
			different++
			fmt.Fprintf(out, "%s:%d: %s$ %s (-page +told)\n%s\ntold:\n%s\n\n", path, s.line, s.host, s.command, diff, strings.Join(got, "\n"))
		}
	}
	if len(w.beside) > 0 {
		return fmt.Errorf("%s: no \"wait\" for what runs in the background", path)
	}
	if update {
		return os.WriteFile(path, []byte(page.text()), 0o644)
	}
	if different > 0 {
		return fmt.Errorf("%s: %d of %d commands tell something else", path, different, len(page.steps))
	}
	fmt.Fprintf(out, "%d commands tell what the page shows\n", len(page.steps))
	return nil
}

// stepError says at which step err came.
func stepError(path string, s *step, err error) error {
	return fmt.Errorf("%s:%d: %s$ %s: %w", path, s.line, s.host, s.command, err)
}
