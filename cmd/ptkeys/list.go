package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/pkg/curve"
)

func newListCommand(c *clientsFolder) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "show which clients are admitted",
		Long: `Shows the clients that a server admits, by name, with the fingerprint of their key and
what its file notes about it. Files that are no key files are reported on standard
error, with status 1: they admit nobody.`,
		Example: `  ptkeys list -d /etc/posttroll/clients
  ptkeys list --json | jq -r 'select(.metadata.host == "lx1") | .name'`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			clients, bad, err := c.open(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			show := listTable
			if asJSON {
				show = listJSON
			}
			if err := show(cmd.OutOrStdout(), clients, c.directory); err != nil {
				return err
			}
			return bad
		},
	}
	c.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON line for each client")
	return cmd
}

func listJSON(w io.Writer, clients *curve.Clients, directory string) error {
	for name, cert := range clients.All() {
		line := newKeyLine(cert)
		line.Name, line.Path = name, curve.PublicPath(directory, name)
		if err := printJSON(w, line); err != nil {
			return err
		}
	}
	return nil
}

func listTable(w io.Writer, clients *curve.Clients, _ string) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	// Errors stay in table and show at Flush.
	fmt.Fprintln(table, "NAME\tFINGERPRINT\tOWNER\tHOST\tCREATED")
	for name, cert := range clients.All() {
		fmt.Fprintf(table, "%s\t%s", name, cert.Public.Fingerprint())
		for _, note := range []string{curve.OwnerName, curve.HostName, curve.CreatedName} {
			value, _ := cert.Metadata.Get(note)
			if value == "" {
				value = "-"
			}
			fmt.Fprintf(table, "\t%s", printable(value))
		}
		fmt.Fprintln(table)
	}
	return table.Flush()
}
