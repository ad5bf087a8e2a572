package main

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pytroll/posttroll-go/internal/textlines"
	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

// completeTimeout is how long somebody who presses the tab key may wait for a nameserver.
const completeTimeout = 700 * time.Millisecond

// completeAll makes shells complete what stands behind commands and options.
func completeAll(root *cobra.Command, s *session) {
	if err := root.MarkPersistentFlagFilename("config", "toml"); err != nil {
		panic("ptctl: " + err.Error())
	}
	completeBelow(root, map[string]cobra.CompletionFunc{
		"service": s.completeServices,
		"backend": words("plain", "secure"),
		"type":    words("file", "dataset", "collection", "del", "info", "beat"),
		"level":   words(levels...),
		"format":  words(sortedKeys(checkFormats)...),
		"time":    words(byHeader, byReceipt),
		"by":      words(namesOf(groupings, func(g grouping) string { return g.name })...),
		"sort":    words(namesOf(orders, func(o order) string { return o.name })...),

		"message-version": words("v1.01", "v1.2"),
	})
	for _, path := range []string{"lookup", "services", "check publisher"} {
		cmd, _, err := root.Find(strings.Fields(path))
		if err != nil {
			panic("ptctl: " + err.Error())
		}
		cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return s.completeServices(cmd, args, begun)
		}
	}
}

// fileFlags are those whose values are files.
var fileFlags = []string{"config", "output", "token-file", "file"}

// completeBelow completes the flags of a command and of those below it. What is no file has no files offered.
func completeBelow(cmd *cobra.Command, flags map[string]cobra.CompletionFunc) {
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		complete, ok := flags[f.Name]
		if !ok {
			complete = cobra.NoFileCompletions
		}
		if cmd.InheritedFlags().Lookup(f.Name) != nil || slices.Contains(fileFlags, f.Name) || f.Value.Type() == "bool" {
			return
		}
		if err := cmd.RegisterFlagCompletionFunc(f.Name, complete); err != nil {
			panic("ptctl: " + err.Error())
		}
	})
	if cmd.ValidArgsFunction == nil && !strings.Contains(cmd.Use, "FILE") {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	for _, sub := range cmd.Commands() {
		completeBelow(sub, flags)
	}
}

// namesOf are the names of all.
func namesOf[T any](all []T, name func(T) string) []string {
	var names []string
	for _, one := range all {
		names = append(names, name(one))
	}
	return names
}

// words completes one of a few words.
func words(all ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(all, cobra.ShellCompDirectiveNoFileComp)
}

// completeServices completes names and aliases of the publishers that the nameservers of the command line know. When they can't be asked there is nothing to
// complete: an error would stand in the middle of the line that somebody types.
func (s *session) completeServices(cmd *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	var hosts []string
	if f := cmd.Flags().Lookup("nameserver"); f != nil {
		hosts, _ = cmd.Flags().GetStringArray("nameserver") // of another type it is none of ours
	}
	return serviceWords(s.knownPublishers(cmd.Context(), hosts), begun), cobra.ShellCompDirectiveNoFileComp
}

// knownPublishers are those that nameservers list; none when that can't be told at once.
func (s *session) knownPublishers(ctx context.Context, hosts []string) []discovery.Entry {
	ctx, cancel := context.WithTimeout(ctx, completeTimeout)
	defer cancel()
	node, network, err := s.open(io.Discard, false)
	if err != nil {
		return nil
	}
	entries, err := node.List(ctx, pubsub.AllServices, hosts...)
	if closeErr := network.Close(); err != nil || closeErr != nil {
		return nil
	}
	return entries
}

// serviceWords are the names that go on what was begun, each with its address behind a tab, sorted.
func serviceWords(entries []discovery.Entry, begun string) []string {
	seen := map[string]bool{}
	var found []string
	for _, e := range entries {
		name, aliases := nameAndAliases(e)
		for _, word := range append([]string{name}, aliases...) {
			if seen[word] || !strings.HasPrefix(word, begun) || !typable(word) {
				continue
			}
			seen[word] = true
			about := textlines.Printable(e.URI)
			if word != name && typable(name) {
				about = "alias of " + name + ", " + about
			}
			found = append(found, word+"\t"+about)
		}
	}
	slices.Sort(found)
	return found
}

// typable tells whether a name may be put on a command line. Anybody in the network can announce a name, and scripts of shells evaluate some of what they
// complete: so nothing passes that could be more than a word.
func typable(name string) bool {
	return name != "" && name[0] != '-' && !strings.ContainsFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-./+@,:=%", r)
	})
}
