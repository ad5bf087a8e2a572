package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/internal/jsonline"
	"github.com/pytroll/posttroll-go/internal/textlines"
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/relay"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// explainFlags are the options of explain.
type explainFlags struct {
	routes   []string
	at, from string
	json     bool
}

func newExplain(environ []string) *cobra.Command {
	var f explainFlags
	cmd := &cobra.Command{
		Use:   "explain [FILE]",
		Short: "say what the routes make of messages, without any network",
		Long: `Reads messages from standard input, one a line, as they go over the wire or as the JSON
lines of "ptctl subscribe --json", and says of each what every route of FILE makes of it:
not subscribed, dropped and why, or sent to which sink, with the line that goes out and
what is different in it. A summary follows on standard error. Without FILE the settings
are those of the relay on this host. No socket is opened, and no key is read.

Each message is shown to every route, one after the other, as if it came from a publisher
that all of them are connected to, and as if subscribers asked for everything. Windows of
duplicates, rate limits and the memory of loops go on from message to message, as in a relay.
With --route it is shown to some routes alone.

The time by which messages are judged is that at which they are read. "--at message" takes
that in the header of each, so that a message is never too old and windows and rate limits
run as when it was sent; "--at TIME" is one time for all.

A line that is no message is what a relay would do with such a frame. A JSON line that can't
be read is reported on standard error, and the rest is read on.

Exit status: 0 done, 1 failed or a JSON line was bad, 2 wrong usage, 78 bad configuration.`,
		Example: `  ptctl subscribe | ptrelay explain /etc/posttroll/relay.toml
  ptrelay explain --at message --route test new.toml < messages.txt
  ptrelay explain --json new.toml < messages.txt | jq -c 'select(.routes[].reason == "loop")'`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p := process{environ: environ, stdout: cmd.OutOrStdout(), stderr: cmd.ErrOrStderr()}
			if len(args) > 0 {
				p.flags.Config = args[0]
			}
			x, err := p.explaining(f)
			if err != nil {
				return err
			}
			return x.run(cmd.Context(), cmd)
		},
	}
	cmd.Flags().StringArrayVar(&f.routes, "route", nil, "explain the route `NAME` alone, as if there were no others; may be repeated")
	cmd.Flags().StringVar(&f.at, "at", "now", "judge messages at `TIME`: now, message, or as 2024-05-17T09:41:12")
	cmd.Flags().StringVar(&f.from, "from", "", "take messages as coming from the publisher at `URI`, such as tcp://10.0.0.1:9010, for source.translate")
	cmd.Flags().BoolVar(&f.json, "json", false, "print a JSON object a message; doc/json-lines.md has its keys")
	return cmd
}

// explaining is a run of explain.
type explaining struct {
	explainer *relay.Explainer
	clock     func(*message.Message) time.Time // nil: a frame that is none
	from      transport.Endpoint
	write     func(explained) []byte
	summary   summary
	bad       int // lines that could not be read
}

// explained is a message and what becomes of it.
type explained struct {
	line   int
	frame  []byte
	routes []relay.Explanation
}

// unknownPublisher stands for where messages come from when nobody tells: all of them from the same one.
const unknownPublisher = "inproc://publisher"

// explaining reads settings and options.
func (p *process) explaining(f explainFlags) (*explaining, error) {
	x := &explaining{write: explained.text}
	if f.json {
		x.write = explained.json
	}
	var err error
	if x.clock, err = clockAt(f.at); err != nil {
		return nil, err
	}
	if x.from, err = publisherAt(f.from); err != nil {
		return nil, err
	}
	s, err := p.load()
	if err != nil {
		return nil, err
	}
	for _, w := range s.report.Warnings {
		fmt.Fprintf(p.stderr, "warning: %s\n", w)
	}
	if len(s.own.Routes) == 0 {
		return nil, daemon.BadConfig(daemon.Hint(errors.New("there are no routes"), "name the file that has them: ptrelay explain FILE"))
	}
	x.explainer, err = relay.NewExplainer(s.own, f.routes...)
	if errors.Is(err, relay.ErrNoRoute) {
		return nil, daemon.Hint(daemon.Usage("%v", err), "there are %q", s.routeNames())
	}
	return x, daemon.BadConfig(err)
}

// clockAt returns the clock that --at asks for.
func clockAt(at string) (func(*message.Message) time.Time, error) {
	switch at {
	case "now":
		return func(*message.Message) time.Time { return time.Now() }, nil
	case "message":
		last := time.Now()
		return func(m *message.Message) time.Time {
			if m != nil {
				last = m.Time().Time
			}
			return last
		}, nil
	}
	fixed, err := message.ParseTime(at)
	if err != nil {
		return nil, daemon.Hint(daemon.Usage("--at %q: %v", at, err), "now, message, or a time such as 2024-05-17T09:41:12, which without an offset is UTC")
	}
	return func(*message.Message) time.Time { return fixed.Time }, nil
}

// publisherAt returns the publisher that --from names.
func publisherAt(uri string) (transport.Endpoint, error) {
	if uri == "" {
		return transport.ParseEndpoint(unknownPublisher)
	}
	from, err := transport.ConnectEndpoint(uri)
	if err != nil {
		return from, daemon.Hint(daemon.Usage("--from %q: %v", uri, err), "as tcp://10.0.0.1:9010")
	}
	return from, nil
}

// run explains the messages of the command's input. An interrupt ends it as the end of the input does.
func (x *explaining) run(ctx context.Context, cmd *cobra.Command) error {
	out := bufio.NewWriter(cmd.OutOrStdout())
	err := textlines.Each(ctx, cmd.InOrStdin(), func(l textlines.Line) error {
		frame, err := l.Text, l.Err
		if err == nil {
			frame, err = frameOf(l.Text)
		}
		if err != nil {
			x.bad++
			fmt.Fprintf(cmd.ErrOrStderr(), "line %d: %v\n", l.Number, err)
			return nil
		}
		_, err = out.Write(x.write(x.explain(l.Number, frame)))
		return err
	}, out.Flush)
	if ctx.Err() != nil {
		err = nil
	}
	err = errors.Join(err, out.Flush())
	x.summary.write(cmd.ErrOrStderr())
	if err == nil && x.bad > 0 {
		err = fmt.Errorf("explain: %d of the lines could not be read, all others are explained", x.bad)
	}
	return err
}

// frameOf returns the frame that a line stands for.
func frameOf(line []byte) ([]byte, error) {
	if !bytes.HasPrefix(line, []byte("{")) {
		return line, nil
	}
	m, err := jsonline.Unmarshal(line, message.Encoder{})
	if err != nil {
		return nil, err
	}
	return m.Bytes(), nil
}

func (x *explaining) explain(line int, frame []byte) explained {
	m, err := message.Decode(frame)
	if err != nil {
		m = nil
	}
	e := explained{line: line, frame: frame, routes: x.explainer.Explain(frame, x.from, x.clock(m))}
	x.summary.add(e)
	return e
}
