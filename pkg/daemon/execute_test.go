package daemon_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/spf13/cobra"
)

func TestExecute(t *testing.T) {
	t.Parallel()
	tests := []struct {
		args   string
		status int
		stdout string // begins with
		stderr string
	}{
		{"good", 0, "good did it\n", ""},
		{"good --help", 0, "Do good", ""},
		{"--help", 0, "Do things", ""},
		{"--version", 0, "tool version ", ""},
		{"completion bash", 0, "# bash completion", ""},
		{"", 2, "Do things", "error: tool needs a command\nhint: they are listed above\n"},
		{"group", 2, "Grouped", "error: tool group needs a command\nhint: they are listed above\n"},
		{"bad", 1, "", "error: it broke\n"},
		{"nothing", 3, "", "error: nothing came\n"},
		{"good one two", 2, "", "error: accepts at most 1 arg(s), received 2\nhint: see tool good --help\n"},
		{"good --count x", 2, "", "error: invalid argument \"x\" for \"--count\" flag: strconv.ParseInt: parsing \"x\": invalid syntax\nhint: see tool good --help\n"},
		{"picky", 2, "", "error: not like that\nhint: like this\n"},
		{"needs", 2, "", "error: required flag(s) \"name\" not set\nhint: see tool needs --help\n"},
		{"goood", 2, "", "error: unknown command \"goood\" for \"tool\"\nhint: did you mean good?\n"},
		{"nonsense", 2, "", "error: unknown command \"nonsense\" for \"tool\"\nhint: see tool --help\n"},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr strings.Builder
			got := daemon.Execute(t.Context(), tool(), strings.Fields(tt.args), &stdout, &stderr)
			if got != tt.status {
				t.Errorf("got status %d, want %d", got, tt.status)
			}
			if !strings.HasPrefix(stdout.String(), tt.stdout) || tt.stdout == "" && stdout.Len() > 0 {
				t.Errorf("stdout: got %q, want %q", stdout.String(), tt.stdout)
			}
			if stderr.String() != tt.stderr {
				t.Errorf("stderr: got %q, want %q", stderr.String(), tt.stderr)
			}
		})
	}
}

func tool() *cobra.Command {
	root := &cobra.Command{Use: "tool", Short: "Do things"}
	good := &cobra.Command{Use: "good", Short: "Do good", Args: cobra.MaximumNArgs(1)}
	good.Flags().Int("count", 0, "")
	good.RunE = func(cmd *cobra.Command, _ []string) error {
		_, err := cmd.OutOrStdout().Write([]byte(cmd.Name() + " did it\n"))
		return err
	}
	fails := func(use string, err error) *cobra.Command {
		return &cobra.Command{Use: use, RunE: func(*cobra.Command, []string) error { return err }}
	}
	needs := fails("needs", nil)
	needs.Flags().String("name", "", "")
	if err := needs.MarkFlagRequired("name"); err != nil {
		panic(err)
	}
	picky := fails("picky", nil)
	picky.Args = func(*cobra.Command, []string) error { return daemon.Hint(daemon.Usage("not like that"), "like this") }
	group := &cobra.Command{Use: "group", Short: "Grouped"}
	group.AddCommand(fails("one", nil))
	root.AddCommand(good, needs, picky, group, fails("bad", errors.New("it broke")), fails("nothing", daemon.Nothing(errors.New("nothing came"))))
	return root
}
