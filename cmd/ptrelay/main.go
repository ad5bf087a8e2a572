// Ptrelay is the posttroll relay: it carries messages between networks, sites and backends. See ptrelay --help.
package main

import (
	"context"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/pkg/daemon"
)

const (
	program  = "ptrelay"
	settings = "relay" // the name of its file of settings
	file     = "/etc/posttroll/relay.toml"
)

func main() {
	os.Exit(run(daemon.Signals(), os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}

func run(ctx context.Context, args, environ []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newCommand(environ)
	root.SetIn(stdin)
	return daemon.Execute(ctx, root, args, stdout, stderr)
}

func newCommand(environ []string) *cobra.Command {
	var f daemon.Flags
	root := &cobra.Command{
		Use:   program,
		Short: "carry posttroll messages between networks, sites and backends",
		Long: `ptrelay takes posttroll messages from publishers and publishes them anew, by the routes of
its settings: many publishers behind one stable port, a plain network behind an encrypted
door, production feeding test. What no rule changes goes out as the very bytes that came in.

Settings: /etc/posttroll/posttroll.toml for all programs, ` + file + ` for this one,
POSTTROLL_* variables, options; later ones win. SIGHUP reads them again and touches only the
routes that have changed; SIGUSR1 writes the counters of every route into the log. With
http_listen they are there for Prometheus, as JSON, and for probes.

A host may have several relays, each with a file of settings, which --config names: as
systemd units posttroll-relay@NAME, with /etc/posttroll/relay.d/NAME.toml. The commands
routes, pause and resume take the same option to say which relay is meant.

Exit status: 0 stopped as asked, 1 failed, 2 wrong usage, 3 not running (-d status),
78 bad configuration.`,
		Example: `  ptrelay                                  in the foreground, log on standard error
  ptrelay --check                          say what is wrong with the settings, or which ones count
  ptrelay explain relay.toml < messages    say what its routes make of messages, without any network
  ptrelay -d start                         in the background: its systemd unit, if installed
  ptrelay routes                           what the running relay carries
  ptrelay pause gather                     let a route of it carry nothing for a while`,
		Args: cobra.NoArgs,
	}
	root.RunE = func(cmd *cobra.Command, _ []string) error {
		p := process{flags: f, environ: environ, stdout: cmd.OutOrStdout(), stderr: cmd.ErrOrStderr()}
		switch {
		case f.Action != "":
			return p.control(cmd.Context(), cmd.Flags())
		case f.NoKeys && !f.Check:
			return daemon.Usage("--no-keys goes with --check")
		case f.Check:
			return p.check()
		default:
			return p.serve(cmd.Context())
		}
	}
	f.Register(root.Flags(), file)
	f.RegisterDaemon(root)
	root.AddCommand(newExplain(environ), newRoutesCommand(environ), newPauseCommand(environ), newResumeCommand(environ))
	return root
}
