package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// tools are the programs that ask a nameserver and end by themselves, by the name of their socket.
var tools = map[string][]string{
	"ptctl-lookup":    {"lookup", serviceCtl, "--timeout", toolTime},
	"ptctl-services":  {"services", "--timeout", toolTime},
	"ptctl-events":    {"events", "--duration", toolTime},
	"ptctl-record":    {"record", "rogue.jsonl", "--force", "--service", serviceCtl, "--duration", toolTime},
	"ptctl-subscribe": {"subscribe", "--raw", "--service", serviceCtl, "--timeout", toolTime},
}

const (
	toolTime  = "200ms"
	toolLimit = 15 * time.Second // until it has ended, on a machine that does much else
	// toolMemory is what one may take at most, in bytes: it may hold what a nameserver says to it, which is limited.
	toolMemory = 512 << 20
)

// toolResult is what came of a tool.
type toolResult struct {
	status int
	output string // what it printed
	errors string // what it said on standard error
	peak   int64  // the most memory, bytes
}

// runTool runs the tool of the case, with these settings. One that does not end, crashes, or takes too much memory is an error.
func (a *attack) runTool(env ...string) (toolResult, error) {
	ctx, cancel := context.WithTimeout(a, toolLimit)
	defer cancel()
	args := append(slices.Clone(tools[a.at.name]), "--nameserver", stranger)
	cmd := exec.CommandContext(ctx, filepath.Join(a.w.bin, "ptctl"), args...)
	var output, words bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = a.w.dir, &output, &words
	cmd.Env = append(environment(), a.w.environ(env...)...)
	status, peak, err := measured(filepath.Join(a.w.bin, "hostile"), cmd)
	r := toolResult{status: status, peak: peak, output: output.String(), errors: words.String()}
	if err != nil {
		return r, fmt.Errorf("%w; it said %.1000q", err, r.errors)
	}
	return r, r.check(a.at.name)
}

// check says what no nameserver may do to a tool.
func (r toolResult) check(name string) error {
	var errs []error
	if !slices.Contains([]int{0, 1, 3}, r.status) || strings.Contains(r.errors, "goroutine ") {
		errs = append(errs, fmt.Errorf("status %d", r.status))
	}
	if r.peak > toolMemory {
		errs = append(errs, fmt.Errorf("took %.0f MB", megabytes(r.peak)))
	}
	if n := strings.Count(r.errors, "\n"); n > maxLines {
		errs = append(errs, fmt.Errorf("said %d lines", n))
	}
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %w; it said %.1000q and printed %.300q", name, errors.Join(errs...), r.errors, r.output)
}
