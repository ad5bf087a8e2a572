// Ptctl is the operator's command line of posttroll: it publishes and shows messages, records and replays them, asks nameservers who is there, watches what flows, and finds
// out what is wrong. See ptctl --help.
package main

import (
	"context"
	"io"
	"os"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/pkg/daemon"
)

func main() {
	os.Exit(run(daemon.Signals(syscall.SIGHUP), underName(os.Args), os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}

func run(ctx context.Context, args, environ []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newCommand(environ)
	root.SetIn(stdin)
	return daemon.Execute(ctx, root, args, stdout, stderr)
}

func newCommand(environ []string) *cobra.Command {
	root := &cobra.Command{
		Use:   "ptctl",
		Short: "the operator's command line of posttroll",
		Long: `ptctl publishes and shows posttroll messages, records and replays them, asks nameservers who
is there, watches what flows, and finds out what is wrong.

Settings (ports, multicast group, keep-alive, backend and keys) are those of all posttroll programs:
/etc/posttroll/posttroll.toml, ~/.config/posttroll/posttroll.toml and POSTTROLL_*
variables, later ones winning.

Exit status: 0 done, 1 failed, 2 wrong usage, 3 nothing came in time, 78 bad
configuration. "ptctl check" has those of monitoring plugins: 0 OK, 1 warning, 2 critical,
3 unknown.`,
		Example: `  ptctl doctor
  ptctl services
  ptctl subscribe --service a_service --topic /viirs
  ptctl publish --name a_service --wait 1 /viirs/test info "hello"`,
	}
	s := &session{environ: environ}
	s.flags(root.PersistentFlags())
	addGroup(root, "Messages:", newPublishCommand(s), newSubscribeCommand(s), newRecordCommand(s), newReplayCommand(s), newDecodeCommand(), newEncodeCommand(s))
	addGroup(root, "Who is there, and what flows:", newServicesCommand(s), newLookupCommand(s), newEventsCommand(s), newTopCommand(s), newLogCommand(s))
	addGroup(root, "Whether it works:", newDoctorCommand(s), newCheckCommand(s), newPingCommand(s), newBenchCommand(s))
	root.AddCommand(newReferenceLogger(s))
	completeAll(root, s)
	return root
}

// addGroup adds commands that stand together in the help.
func addGroup(root *cobra.Command, title string, all ...*cobra.Command) {
	root.AddGroup(&cobra.Group{ID: title, Title: title})
	for _, cmd := range all {
		cmd.GroupID = title
		root.AddCommand(cmd)
	}
}
