package main

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/daemon"
)

func newRevokeCommand(c *clientsFolder) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "revoke NAME...",
		Short: "admit clients no longer",
		Long: `Removes the public keys of clients from the folder of those that a server admits. When
the same key is still admitted under another name it says so, with status 1.`,
		Example:           `  ptkeys revoke alice -d /etc/posttroll/clients`,
		Args:              arguments(1, 0, "the NAME of a client"),
		ValidArgsFunction: c.complete,
		RunE: func(cmd *cobra.Command, names []string) error {
			before, bad, err := c.open(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			warn(cmd, bad)
			var failed []error
			var revoked []string
			for _, name := range names {
				name = strings.TrimSuffix(name, curve.PublicSuffix)
				if err := revoke(c.directory, name); err != nil {
					failed = append(failed, err)
					continue
				}
				revoked = append(revoked, name)
			}
			failed = append(failed, c.stillAdmitted(before, revoked)...)
			return errors.Join(failed...)
		},
	}
	c.flags(cmd)
	return cmd
}

func revoke(directory, name string) error {
	if err := curve.CheckName(name); err != nil {
		return &daemon.StatusError{Status: daemon.StatusUsage, Err: err}
	}
	err := curve.Revoke(directory, name)
	if errors.Is(err, fs.ErrNotExist) {
		return daemon.Hint(err, "ptkeys list shows who is admitted")
	}
	return err
}

// stillAdmitted finds the keys of those revoked that have another name.
func (c *clientsFolder) stillAdmitted(before *curve.Clients, revoked []string) []error {
	// What is bad now was bad before, and has been told.
	after, err := curve.ReadClients(c.directory)
	if after == nil {
		return []error{err}
	}
	var still []error
	for name, cert := range before.All() {
		if names := after.Names(cert.Public); len(names) > 0 && slices.Contains(revoked, name) {
			still = append(still, daemon.Hint(fmt.Errorf("%s is revoked, but its key is still admitted, as %s", name, strings.Join(names, " and ")),
				"ptkeys revoke %s -d %s", strings.Join(names, " "), c.directory))
		}
	}
	return still
}
