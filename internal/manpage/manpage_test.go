package manpage_test

import (
	"testing"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/internal/manpage"
	"github.com/pytroll/posttroll-go/internal/testbed"
)

// TestPage has all that a page can hold.
func TestPage(t *testing.T) {
	t.Parallel()
	run := func(*cobra.Command, []string) error { return nil }
	root := &cobra.Command{
		Use: "tool NAME", Short: "make things - and more", RunE: run,
		Long: `Makes things, as 'others' do; paths are C:\x.
.SH is no macro here.

  - one thing
    of two lines
  - another

For example:

  tool ~/x | sort -u
  'quoted'

Exit status: 0 done,
1 failed.

The end.`,
		Example: "  tool `date`\n\n  tool --deep ^x",
	}
	root.Flags().StringP("directory", "d", ".", "put it into `DIRECTORY`")
	root.Flags().Bool("force", false, "don't ask")
	root.Flags().String("secret", "", "nobody is told")
	if err := root.Flags().MarkHidden("secret"); err != nil {
		t.Fatal(err)
	}
	root.PersistentFlags().CountP("verbose", "v", "say more")
	show := &cobra.Command{Use: "show [FILE]...", Short: "show things", Example: "  tool show x", RunE: run}
	show.Flags().Duration("timeout", 0, "wait so `LONG`")
	show.AddCommand(&cobra.Command{Use: "all", Short: "show all things", RunE: run})
	root.AddCommand(show, &cobra.Command{Use: "internal", Hidden: true, RunE: run})
	root.InitDefaultCompletionCmd("show")

	testbed.Golden(t, "testdata/tool.1", manpage.Page(root, manpage.Options{Section: 1, SeeAlso: []string{"other(8)", "two-words(1)"}}))
}
