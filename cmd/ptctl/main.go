// Ptctl is the operator's command line of posttroll: it publishes, subscribes, asks nameservers, and turns messages into JSON lines and
// back. See ptctl --help.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/pkg/daemon"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, underName(os.Args), os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}

func run(ctx context.Context, args, environ []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newCommand(environ)
	root.SetIn(stdin)
	return daemon.Execute(ctx, root, args, stdout, stderr)
}

func newCommand(environ []string) *cobra.Command {
	root := &cobra.Command{
		Use:   "ptctl",
		Short: "publish, subscribe and look up posttroll messages",
		Long: `ptctl publishes and subscribes to posttroll messages, asks nameservers who is there,
and turns messages into JSON lines and back.

Settings (ports, multicast group, keep-alive, backend and keys) are those of all posttroll programs:
/etc/posttroll/posttroll.toml, ~/.config/posttroll/posttroll.toml and POSTTROLL_*
variables, later ones winning.

Exit status: 0 done, 1 failed, 2 wrong usage, 3 nothing came in time, 78 bad
configuration. "ptctl check" has those of monitoring plugins: 0 OK, 1 warning, 2 critical,
3 unknown.`,
		Example: `  ptctl services
  ptctl subscribe --service a_service --topic /viirs
  ptctl publish --name a_service --wait 1 /viirs/test info "hello"`,
	}
	s := &session{environ: environ}
	s.flags(root.PersistentFlags())
	root.AddCommand(
		newPublishCommand(s), newSubscribeCommand(s), newLookupCommand(s), newServicesCommand(s),
		newCheckCommand(s), newDoctorCommand(s),
		newRecordCommand(s), newReplayCommand(s), newLogCommand(s), newReferenceLogger(s),
		newEventsCommand(s), newTopCommand(s), newPingCommand(s), newBenchCommand(s),
		newDecodeCommand(), newEncodeCommand(s),
	)
	completeAll(root, s)
	return root
}
