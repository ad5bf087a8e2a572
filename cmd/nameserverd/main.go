// Nameserverd is the posttroll nameserver: it lists the publishers of a network and tells subscribers where they are. See nameserverd --help.
package main

import (
	"context"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/pkg/daemon"
)

const (
	program  = "nameserverd"
	unit     = "posttroll-nameserver.service"
	settings = "nameserver" // the name of its file of settings
	file     = "/etc/posttroll/nameserver.toml"
)

func main() {
	os.Exit(run(daemon.Signals(), os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	return daemon.Execute(ctx, newCommand(environ), args, stdout, stderr)
}

// flags are those of the command line.
type flags struct {
	daemon.Flags
	noMulticast, localOnly bool
}

func newCommand(environ []string) *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use:   program,
		Short: "tell posttroll subscribers where publishers are",
		Long: `nameserverd lists the publishers that announce themselves, by multicast or directly,
and tells subscribers where they are. It takes the place of Python posttroll's
nameserver: same ports, same variables, same messages.

Ports: 5557/tcp lookups, 16543/tcp changes, 21200/udp and 21200/tcp announcements; with
server_secret_key_file and clients_public_keys_directory also 5558, 16544 and 21201,
encrypted and for clients with keys alone.

Settings: /etc/posttroll/posttroll.toml for all programs, ` + file + `
for this one, POSTTROLL_* variables, options; later ones win. SIGHUP reads them again,
SIGUSR1 writes the counters into the log.

Exit status: 0 stopped as asked, 1 failed, 2 wrong usage, 3 not running (-d status),
78 bad configuration.`,
		Example: `  nameserverd                              in the foreground, log on standard error
  nameserverd --check                      say which settings count, and end
  nameserverd --local-only                 for this host alone
  nameserverd -d start                     in the background: its systemd unit, if installed
  POSTTROLL_MAX_AGE=1m nameserverd -v`,
		Args: cobra.NoArgs,
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
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
	f.Register(cmd.Flags(), file)
	f.RegisterDaemon(cmd)
	cmd.Flags().BoolVar(&f.noMulticast, "no-multicast", false, "take announcements from publishers that register directly only")
	cmd.Flags().BoolVarP(&f.localOnly, "local-only", "L", false, "serve this host alone: bind 127.0.0.1 and ::1, drop announcements from elsewhere")
	return cmd
}
