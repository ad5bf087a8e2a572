package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

// recorder is the record command.
type recorder struct {
	*session
	selection

	mode     recordingMode
	count    int
	duration time.Duration
	quiet    bool
}

func newRecordCommand(s *session) *cobra.Command {
	c := &recorder{session: s}
	cmd := &cobra.Command{
		Use:   "record FILE",
		Short: "record messages to a file",
		Long: `Writes the messages of publishers to FILE, with the times at which they came: JSON lines
as "ptctl subscribe --json" prints them, with the key "received". A FILE that ends in
.gz is compressed. Which messages is said as for subscribe.

It ends after --count messages, after --duration, or when interrupted. What has come is
in the file after a second at most, also when the program is killed. "ptctl replay"
sends them again; each line can also be given to "ptctl publish".`,
		Example: `  ptctl record today.jsonl.gz
  ptctl record pass.jsonl --service viirs_sdr --topic /segment --duration 20m
  ptctl record --append --count 1000 sample.jsonl`,
		Args: oneFile,
		RunE: c.run,
	}
	f := cmd.Flags()
	c.selection.flags(f)
	f.IntVar(&c.count, "count", 0, "end after `N` messages (default: never)")
	f.DurationVar(&c.duration, "duration", 0, "end after so long, as 20m (default: never)")
	f.BoolVar(&c.mode.append, "append", false, "add to FILE when it is there")
	f.BoolVar(&c.mode.replace, "force", false, "replace FILE when it is there")
	f.BoolVarP(&c.quiet, "quiet", "q", false, "show no progress")
	return cmd
}

func oneFile(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("want one FILE, got %q", args)
	}
	return nil
}

func (c *recorder) run(cmd *cobra.Command, args []string) error {
	switch {
	case c.count < 0 || c.duration < 0:
		return daemon.Usage("--count and --duration must not be negative")
	case c.mode.append && c.mode.replace:
		return daemon.Usage("--append and --force exclude each other")
	}
	if _, err := compressed(args[0]); err != nil {
		return err
	}
	if err := c.selection.check(); err != nil {
		return err
	}
	return c.receive(cmd, &c.selection, 0, func(sub *pubsub.Subscriber) error {
		return c.record(cmd, sub, args[0])
	})
}

// record writes what sub receives to a file, and tells at the end how much it was.
func (c *recorder) record(cmd *cobra.Command, sub *pubsub.Subscriber, path string) (err error) {
	file, err := createRecording(path, c.mode)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	if c.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.duration)
		defer cancel()
	}
	shown := newProgress(cmd.ErrOrStderr(), c.quiet)
	recorded, bad := 0, 0
	defer func() {
		if closeErr := file.Close(); closeErr != nil && err == nil {
			err = writeFailed(path, closeErr)
		}
		shown.end()
		fmt.Fprintf(cmd.ErrOrStderr(), "recorded %s (%s) in %s\n", things(recorded, "message"), amount(file.size()), shown.elapsed())
		if bad > 0 {
			fmt.Fprintf(cmd.ErrOrStderr(), "warning: %d received frames were no messages and are not recorded\n", bad)
		}
	}()
	for m, err := range sub.Messages(ctx) {
		if _, isBad := errors.AsType[*pubsub.FrameError](err); isBad {
			bad++
			continue
		}
		if err != nil {
			return err
		}
		if err := file.add(m, time.Now()); err != nil {
			return writeFailed(path, err)
		}
		recorded++
		shown.show(-1, "%s  %s  %s  %s", things(recorded, "message"), amount(file.size()), shown.elapsed(), m.Subject())
		if recorded == c.count {
			return nil
		}
	}
	return nil
}

func writeFailed(path string, err error) error {
	return fmt.Errorf("write %s: %w; what was recorded before is there", path, err)
}
