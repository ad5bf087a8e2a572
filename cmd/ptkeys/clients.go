package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/pkg/config"
	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/daemon"
)

// clientsFolder is what the commands on the folder of the clients have in common.
type clientsFolder struct {
	environ   []string
	directory string
	config    string
}

func (c *clientsFolder) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&c.directory, "directory", "d", "", "`DIRECTORY` of the clients' public keys (default: the setting clients_public_keys_directory)")
	f.StringVarP(&c.config, "config", "c", "", "read settings also from `FILE`")
	completeDirectory(cmd)
}

// open reads the folder. Bad files in it are returned beside what is good.
func (c *clientsFolder) open(stderr io.Writer) (clients *curve.Clients, bad, err error) {
	if c.directory == "" {
		if err := c.ask(stderr); err != nil {
			return nil, nil, err
		}
	}
	clients, err = curve.ReadClients(c.directory)
	if clients == nil {
		return nil, nil, err
	}
	return clients, err, nil
}

// ask takes the directory from the settings.
func (c *clientsFolder) ask(stderr io.Writer) error {
	settings := config.DefaultSettings()
	report, err := config.Load(config.ProgramSources(c.config, c.environ), &settings)
	for _, w := range report.Warnings {
		fmt.Fprintf(stderr, "warning: %s\n", w)
	}
	if err != nil {
		return daemon.BadConfig(err)
	}
	if settings.ClientsPublicKeysDirectory == "" {
		return usage("name it by -d DIRECTORY, or in the setting clients_public_keys_directory", "no folder of clients is named")
	}
	c.directory = settings.ClientsPublicKeysDirectory
	return nil
}

// complete completes the names of admitted clients.
func (c *clientsFolder) complete(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	clients, _, err := c.open(io.Discard)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for name := range clients.All() {
		if !slices.Contains(args, name) {
			names = append(names, name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
