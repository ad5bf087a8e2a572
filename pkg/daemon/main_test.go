package daemon_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/internal/scripttest"
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
	"go.uber.org/goleak"
	"go.uber.org/zap"
)

func TestMain(m *testing.M) {
	scripttest.Main(leakChecked{m}, "testd", func() int { return run(daemon.Signals(), os.Args[1:], os.Environ(), os.Stdout, os.Stderr) })
}

// leakChecked fails when goroutines outlive the tests.
type leakChecked struct{ m *testing.M }

func (l leakChecked) Run() int {
	code := l.m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// TestScripts drives a daemon as its operators do.
func TestScripts(t *testing.T) {
	t.Parallel()
	params := scripttest.Params(func(env *testscript.Env) error {
		env.Setenv("LOGS_DIRECTORY", env.WorkDir+"/logs")
		return scripttest.RuntimeDirectory(env)
	}, map[string]scripttest.Command{"eventually": eventually, "insists": insists})
	params.RequireExplicitExec = true
	testscript.Run(t, params)
}

// eventually waits until a program succeeds: "eventually testd -d status".
func eventually(ts *testscript.TestScript, neg bool, args []string) {
	scripttest.Usage(ts, neg, len(args) > 0, "eventually PROGRAM [ARGUMENT...]")
	scripttest.Eventually(ts, func() error { return ts.Exec(args[0], args[1:]...) })
}

// insists sends SIGINT to the program that was last started in the background until it has ended.
func insists(ts *testscript.TestScript, neg bool, args []string) {
	scripttest.Usage(ts, neg, len(args) == 0, "insists")
	all := ts.BackgroundCmds()
	program := all[len(all)-1].Process
	scripttest.Eventually(ts, func() error {
		if err := program.Signal(syscall.SIGINT); !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("it has not ended: %v", err)
		}
		return nil
	})
}

// run is the daemon of these tests, written as those of the suite are.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	return daemon.Execute(ctx, newCommand(environ, nil), args, stdout, stderr)
}

// newCommand drives units of services, where that is not nil.
func newCommand(environ []string, services daemon.Services) *cobra.Command {
	var (
		flags daemon.Flags
		fail  string
		stuck bool
		slow  bool
		limit time.Duration
	)
	cmd := &cobra.Command{
		Use:     "testd",
		Short:   "Do nothing, in several ways",
		Args:    cobra.NoArgs,
		Version: "1.2.3",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if flags.Action != "" {
				return daemon.Control{
					Name: "testd", Unit: "testd.service", File: "/etc/posttroll/testd.toml", Environ: environ,
					Stdout: cmd.OutOrStdout(), Stderr: cmd.ErrOrStderr(), StartLimit: limit, StopLimit: limit,
					Services: func(context.Context) (daemon.Services, error) { return services, nil },
				}.Do(cmd.Context(), flags.Action, cmd.Flags())
			}
			if fail == "config" {
				return daemon.BadConfig(daemon.Hint(errors.New("port: 70000 is out of range"), "ports end at 65535"))
			}
			return serve(cmd.Context(), cmd.OutOrStdout(), flags, fail, stuck, slow)
		},
	}
	flags.Register(cmd.Flags(), "/etc/posttroll/testd.toml")
	flags.RegisterDaemon(cmd)
	cmd.Flags().StringVar(&fail, "fail", "", "how to fail")
	cmd.Flags().BoolVar(&stuck, "stuck", false, "ignore SIGTERM")
	cmd.Flags().BoolVar(&slow, "slow", false, "stop only after SIGUSR1")
	cmd.Flags().DurationVar(&limit, "limit", 20*time.Second, "to start and to stop")
	return cmd
}

// slowPanic takes its time between what is deferred and the end of the process.
type slowPanic struct{}

func (slowPanic) Error() string {
	time.Sleep(300 * time.Millisecond)
	return "daemon_test: on purpose"
}

func serve(ctx context.Context, stdout io.Writer, flags daemon.Flags, fail string, stuck, slow bool) error {
	if stuck {
		signal.Ignore(syscall.SIGTERM)
	}
	notifier, err := daemon.SystemdNotifier()
	if err != nil {
		return err
	}
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	enough := make(chan os.Signal, 1)
	signal.Notify(enough, syscall.SIGUSR1)
	defer signal.Stop(enough)
	group := daemon.Group{
		Notifier: notifier,
		Hangups:  hangups,
		Logger:   zap.NewNop(),
		Reload: func(context.Context) error {
			return os.WriteFile(flags.Log+".reloaded", nil, 0o644)
		},
		Ready: func() {
			if flags.Log != "" {
				if err := os.WriteFile(flags.Log, []byte("ready\n"), 0o644); err != nil {
					panic(err)
				}
			}
			fmt.Fprintln(stdout, "serving")
		},
		Parts: []daemon.Part{{Name: "server", Run: func(ctx context.Context, h *daemon.Handle) error {
			switch fail {
			case "bind":
				return errors.New("bind tcp://*:5557: address already in use")
			case "panic":
				panic(slowPanic{})
			case "never-ready":
			default:
				h.Ready()
			}
			<-ctx.Done()
			if slow {
				err := os.WriteFile(flags.Log+".stopping", nil, 0o644)
				<-enough
				return err
			}
			return nil
		}}},
	}
	return group.Run(ctx)
}
