package doc

import (
	"testing"

	"github.com/pytroll/posttroll-go/internal/confdoc"
	"github.com/pytroll/posttroll-go/internal/manpage"
	"github.com/pytroll/posttroll-go/internal/testbed"
	"github.com/pytroll/posttroll-go/pkg/config"
)

// TestSettingsManPage holds the manual page of the settings to the comments of the structs that they are read into.
func TestSettingsManPage(t *testing.T) {
	t.Parallel()
	group := func(heading string, from confdoc.Source) manpage.Group {
		settings, err := confdoc.Settings(from)
		if err != nil {
			t.Fatal(err)
		}
		return manpage.Group{Heading: heading, Settings: settings}
	}
	relay := relaySettings(t)
	page := manpage.SettingsPage{
		Name: "posttroll.toml", Short: "settings of posttroll programs",
		Made: "Made from the comments in the code by go test ./doc -run ManPage -update: change them there.",
		Description: `Settings are lines of TOML, "key = value". Later wins: default, posttroll.toml, a program's own
file, the environment, options of the command line. Every setting can come from the
environment, as POSTTROLL_ and its key in capitals, but for those in tables:

  POSTTROLL_BACKEND=secure_zmq ptctl services

An unknown key in a file is an error. An unknown variable is a warning, for other
programs share that name space. "nameserverd --check" and "ptrelay --check" print the settings that count,
and where they come from.`,
		Groups: []manpage.Group{
			group("settings of all programs", confdoc.Source{Dir: "../pkg/config", Defaults: config.DefaultSettings()}),
			{Heading: "settings of nameserverd", Settings: nameserverSettings(t)},
			{Heading: "settings of ptrelay", Settings: relay.Settings, Tables: relay.All()[1:]},
		},
		Files: []manpage.Entry{
			{Name: "/etc/posttroll/posttroll.toml", Text: "settings of all programs on this host"},
			{Name: "~/.config/posttroll/posttroll.toml", Text: "those of a user, for programs that people run"},
			{Name: "/etc/posttroll/nameserver.toml", Text: "those of nameserverd; may also hold settings of all programs"},
			{Name: "/etc/posttroll/relay.toml", Text: "those of ptrelay, likewise"},
		},
		SeeAlso: []string{"nameserverd(8)", "ptctl(1)", "ptkeys(1)", "ptrelay(8)"},
	}
	testbed.Golden(t, "man/posttroll.toml.5", page.Bytes())
}
