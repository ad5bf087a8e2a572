package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/internal/jsonline"
	"github.com/pytroll/posttroll-go/internal/textlines"
	"github.com/pytroll/posttroll-go/pkg/message"
)

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

func newEncodeCommand(s *session) *cobra.Command {
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
			if err := checkVersion(version); err != nil {
				return err
			}
			settings, err := s.settings(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			enc := message.Encoder{Version: cmp.Or(message.Version(version), settings.MessageVersion)}
			return filterLines(cmd, func(in []byte) ([]byte, error) {
				m, err := jsonline.Unmarshal(in, enc)
				if err != nil {
					return nil, err
				}
				return m.Bytes(), nil
			})
		},
	}
	cmd.Flags().StringVar(&version, "message-version", "", versionUsage)
	return cmd
}

// filterLines writes what convert makes of each line of the command's input, as soon as no more input is there, and goes on after a bad
// line. An interrupt ends it as the end of the input does.
func filterLines(cmd *cobra.Command, convert func([]byte) ([]byte, error)) error {
	terminal := isTerminal(cmd.OutOrStdout())
	out := bufio.NewWriter(cmd.OutOrStdout())
	bad := 0
	err := textlines.Each(cmd.Context(), cmd.InOrStdin(), func(in textlines.Line) error {
		text, err := in.Text, in.Err
		if err == nil {
			text, err = convert(text)
		}
		if err != nil {
			bad++
			fmt.Fprintf(cmd.ErrOrStderr(), "line %d: %v\n", in.Number, err)
			return nil
		}
		if terminal {
			text = []byte(textlines.Printable(string(text)))
		}
		out.Write(text) // an error stays in out and shows at the next call
		return out.WriteByte('\n')
	}, out.Flush)
	if interrupted(err) {
		err = nil
	}
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
