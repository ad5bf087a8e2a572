package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/internal/jsonline"
	"github.com/pytroll/posttroll-go/pkg/message"
)

// maxLine bounds a line of standard input, in bytes: the largest frame that a subscriber takes.
const maxLine = 64 << 20

func newDecodeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "decode",
		Short: "turn raw messages into JSON lines",
		Long: `Reads raw messages from standard input, one a line, and writes each as a line of JSON.
Needs no network. A line that is no message is reported on standard error and
the rest is read on; the exit status is then 1.`,
		Example: `  ptctl subscribe --raw --topic /viirs | ptctl decode | jq .data.uid
  echo 'pytroll://test info me@here 2024-05-17T09:41:12 v1.01 text/ascii hello' | ptctl decode`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return filterLines(cmd, func(in []byte) ([]byte, error) {
				m, err := message.Decode(in)
				if err != nil {
					return nil, err
				}
				return jsonline.Marshal(m)
			})
		},
	}
}

func newEncodeCommand() *cobra.Command {
	var version string
	cmd := &cobra.Command{
		Use:   "encode",
		Short: "turn JSON lines into raw messages",
		Long: `Reads JSON lines as "ptctl decode" and "ptctl subscribe --json" write them and
writes each as a raw message. Needs no network. "subject" and "type" are enough;
sender, time and version are filled in. A line that can't be encoded is reported on
standard error and the rest is read on; the exit status is then 1.`,
		Example: `  echo '{"subject": "/test", "type": "info", "data": "hello"}' | ptctl encode
  ptctl decode < messages.txt | jq -c 'del(.raw) | .subject = "/copy" + .subject' | ptctl encode`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			enc := message.Encoder{Version: message.Version(version)}
			return filterLines(cmd, func(in []byte) ([]byte, error) {
				m, err := jsonline.Unmarshal(in, enc)
				if err != nil {
					return nil, err
				}
				return m.Bytes(), nil
			})
		},
	}
	cmd.Flags().StringVar(&version, "message-version", "", "version of messages that name none: v1.01 or v1.2 (default: what the data needs)")
	return cmd
}

// filterLines writes what convert makes of each line of the command's input, and goes on after a bad one.
func filterLines(cmd *cobra.Command, convert func([]byte) ([]byte, error)) error {
	out := bufio.NewWriter(cmd.OutOrStdout())
	bad := 0
	err := eachLine(cmd.InOrStdin(), func(number int, in []byte) error {
		text, err := convert(in)
		if err != nil {
			bad++
			fmt.Fprintf(cmd.ErrOrStderr(), "line %d: %v\n", number, err)
			return nil
		}
		out.Write(text) // an error stays in out and shows at Flush
		return out.WriteByte('\n')
	})
	if err := errors.Join(err, out.Flush()); err != nil {
		return err
	}
	if bad > 0 {
		return fmt.Errorf("%s: %s bad, all others are written", cmd.Name(), lines(bad))
	}
	return nil
}

func lines(n int) string {
	if n == 1 {
		return "1 line is"
	}
	return fmt.Sprintf("%d lines are", n)
}

// eachLine calls do for each line of r that is not empty, with its number from 1. The bytes belong to do.
func eachLine(r io.Reader, do func(number int, line []byte) error) error {
	input := bufio.NewScanner(r)
	input.Buffer(make([]byte, 64<<10), maxLine)
	number := 0
	for input.Scan() {
		number++
		if len(input.Bytes()) == 0 {
			continue
		}
		if err := do(number, bytes.Clone(input.Bytes())); err != nil {
			return err
		}
	}
	if err := input.Err(); err != nil {
		return fmt.Errorf("read line %d of standard input: %w", number+1, err)
	}
	return nil
}
