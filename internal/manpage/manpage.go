// Package manpage writes manual pages: of a program from its commands, so that help and manual have one source, and of its settings from the
// comments in the code. It is for tests, which hold the pages in doc/man to what they are made from.
//
// Texts are those of --help: paragraphs, lists of lines that begin with "  - ", and examples, which are indented. The paragraph that begins with
// "Exit status:" becomes the section of that name.
package manpage

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Options are what a page holds besides.
type Options struct {
	// Section of the manual: 1 for commands, 8 for daemons.
	Section int
	// SeeAlso are other pages, as "ptctl(1)".
	SeeAlso []string
}

const exitStatus = "Exit status: "

// Page returns the page of the program whose root command is root, in the macros of man(7). It has no date: the page changes with the program.
func Page(root *cobra.Command, opts Options) []byte {
	p := &page{}
	root.InitDefaultHelpFlag()
	root.Version = "set"
	root.InitDefaultVersionFlag()
	description, status := splitStatus(root.Long)

	p.line(`.\" Made from the program's commands by go test ./cmd/%s -run ManPage -update: change them there.`, root.Name())
	p.line(`.TH %s %d "" posttroll "posttroll manual"`, strings.ToUpper(root.Name()), opts.Section)
	p.section("NAME")
	p.line(`%s \- %s`, root.Name(), escape(root.Short))
	p.section("SYNOPSIS")
	p.synopsis(root)
	p.section("DESCRIPTION")
	p.prose(description)
	p.section("OPTIONS")
	p.flags(root.NonInheritedFlags(), "")
	p.commands(root)
	if root.HasAvailableSubCommands() {
		p.completion(root)
	}
	if status != "" {
		p.section("EXIT STATUS")
		p.prose(status)
	}
	p.section("EXAMPLES")
	p.example(root.Example)
	p.seeAlso(opts.SeeAlso)
	return []byte(p.b.String())
}

// splitStatus takes the paragraph on the exit status out of a text.
func splitStatus(long string) (rest, status string) {
	var kept []string
	for paragraph := range strings.SplitSeq(long, "\n\n") {
		if after, ok := strings.CutPrefix(paragraph, exitStatus); ok {
			status = strings.ToUpper(after[:1]) + after[1:]
			continue
		}
		kept = append(kept, paragraph)
	}
	return strings.Join(kept, "\n\n"), status
}

// page is a page that is being written.
type page struct{ b strings.Builder }

// line writes a line of macros and escaped text.
func (p *page) line(format string, args ...any) { fmt.Fprintf(&p.b, format+"\n", args...) }

func (p *page) section(name string) { p.line(".SH %s", name) }

// synopsis shows how the program and its commands are called.
func (p *page) synopsis(root *cobra.Command) {
	var calls []*cobra.Command
	if root.Runnable() {
		calls = append(calls, root)
	}
	for i, cmd := range append(calls, available(root)...) {
		if i > 0 {
			p.line(".br")
		}
		p.line("%s", call(cmd))
	}
}

// call is a command with its arguments.
func call(cmd *cobra.Command) string {
	words := strings.Fields(strings.TrimSuffix(cmd.Use, "[flags]"))
	var text strings.Builder
	text.WriteString(`\fB` + escape(cmd.CommandPath()) + `\fR`)
	if cmd.HasAvailableFlags() {
		text.WriteString(` [\fIOPTION\fR]...`)
	}
	for _, word := range words[1:] {
		name := strings.Trim(word, "[].")
		text.WriteString(" " + strings.Replace(escape(word), escape(name), `\fI`+escape(name)+`\fR`, 1))
	}
	return text.String()
}

// available are the commands of root that are not hidden, each followed by its own, without those that cobra adds.
func available(root *cobra.Command) []*cobra.Command {
	var commands []*cobra.Command
	for _, cmd := range root.Commands() {
		if cmd.IsAvailableCommand() && cmd.Name() != "completion" {
			commands = append(append(commands, cmd), available(cmd)...)
		}
	}
	return commands
}

// commands describes each command.
func (p *page) commands(root *cobra.Command) {
	commands := available(root)
	if len(commands) > 0 {
		p.section("COMMANDS")
	}
	for _, cmd := range commands {
		p.line(".SS %s", call(cmd))
		text := cmd.Long
		if text == "" {
			text = strings.ToUpper(cmd.Short[:1]) + cmd.Short[1:] + "."
		}
		p.prose(text)
		p.flags(cmd.NonInheritedFlags(), "help")
		if cmd.Example != "" {
			p.line(".PP")
			p.line("Examples:")
			p.example(cmd.Example)
		}
	}
}

// flags describes options, but the one that stands with the program itself.
func (p *page) flags(flags *pflag.FlagSet, not string) {
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == not {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		names := `\fB` + escape("--"+f.Name) + `\fR`
		if f.Shorthand != "" {
			names = `\fB` + escape("-"+f.Shorthand) + `\fR, ` + names
		}
		if value != "" && value != "count" { // options that are counted take no value
			names += ` \fI` + escape(value) + `\fR`
		}
		if hasDefault(f) {
			usage += fmt.Sprintf(" (default %s)", f.DefValue)
		}
		p.line(".TP")
		p.line("%s", names)
		p.text(usage)
	})
}

// hasDefault tells whether --help shows the default of a flag.
func hasDefault(f *pflag.Flag) bool {
	switch f.DefValue {
	case "", "false", "0", "0s", "[]":
		return false
	}
	return true
}

func (p *page) completion(root *cobra.Command) {
	p.section("COMPLETION")
	p.prose(fmt.Sprintf(`"%[1]s completion SHELL" prints what makes a shell complete commands, options and names: bash, zsh, fish or powershell. For the bash at hand:

  . <(%[1]s completion bash)

For all users: put it into /etc/bash_completion.d/%[1]s.`, root.Name()))
}

// seeAlso names other pages.
func (p *page) seeAlso(pages []string) {
	if len(pages) > 0 {
		p.section("SEE ALSO")
		p.line("%s", strings.Join(bold(pages), ", "))
	}
}

// bold sets the names of pages in bold.
func bold(pages []string) []string {
	var set []string
	for _, page := range pages {
		name, section, _ := strings.Cut(page, "(")
		set = append(set, `\fB`+escape(name)+`\fR(`+section)
	}
	return set
}
