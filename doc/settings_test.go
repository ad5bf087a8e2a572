package doc

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pytroll/posttroll-go/internal/confdoc"
	"github.com/pytroll/posttroll-go/internal/testbed"
	"github.com/pytroll/posttroll-go/pkg/config"
	"github.com/pytroll/posttroll-go/pkg/dedup"
	"github.com/pytroll/posttroll-go/pkg/httpd"
	"github.com/pytroll/posttroll-go/pkg/logging"
	"github.com/pytroll/posttroll-go/pkg/nameserver"
	"github.com/pytroll/posttroll-go/pkg/relay"
)

const settingsHead = `# Settings

Made from the comments in the code by ` + "`go test ./doc -update`" + `: change them there.

Later wins: default, ` + "`/etc/posttroll/posttroll.toml`" + `, a program's own file, the environment, flags. The own file of nameserverd is ` + "`/etc/posttroll/nameserver.toml`" + `, that of ptrelay ` + "`/etc/posttroll/relay.toml`" + `, or the one
that ` + "`--config`" + ` names; programs that people run read ` + "`~/.config/posttroll/posttroll.toml`" + `. Every setting that stands in no table can come from the environment, as ` + "`POSTTROLL_`" + ` and its key in capitals. An
unknown key in a file is an error; an unknown variable is a warning, for other programs share that name space.
`

// TestSettings holds the page of settings to the comments of the structs that they are read into.
func TestSettings(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(settingsHead)
	b.WriteString("\n## posttroll.toml: shared by all programs\n")
	writeSettings(t, &b, confdoc.Source{Dir: "../pkg/config", Defaults: config.DefaultSettings()})
	b.WriteString("\n## nameserver.toml\n\nMay also hold the shared settings.\n")
	writeParagraphs(t, &b, nameserverSettings(t))

	b.WriteString("\n## relay.toml\n\nMay also hold the shared settings. [relay.md](relay.md) has examples.\n")
	for _, table := range relaySettings(t).All() {
		writeTable(&b, table)
		writeParagraphs(t, &b, table.Settings)
	}

	testbed.Golden(t, "settings.md", []byte(b.String()))
}

// writeSettings writes a paragraph for each setting.
func writeSettings(t *testing.T, b *strings.Builder, from confdoc.Source) {
	t.Helper()
	writeParagraphs(t, b, settingsOf(t, from))
}

func writeParagraphs(t *testing.T, b *strings.Builder, settings []confdoc.Setting) {
	t.Helper()
	for _, s := range settings {
		text, ok := strings.CutPrefix(s.Text, s.Key+" ")
		if !ok {
			t.Errorf("the comment of %s does not begin with its name", s.Key)
		}
		fmt.Fprintf(b, "\n**%s** %s\n", s.Key, strings.ReplaceAll(text, "\n", "\n\n"))
	}
}

const relaySampleHeader = `Settings of ptrelay, the posttroll relay.
They are read from /etc/posttroll/relay.toml, after those that all posttroll programs share (posttroll.toml: backend, keys, the multicast group, keep-alive), which may be set here too. Then come variables of the environment and options, and what comes later wins. Those in tables, as all of a route, have no variables.
Each setting stands here with its default. To change one, remove the "#" in front of it and of the heading of its table. A route needs a name and a source, as in
   [[route]]
   name = "gather"
     [route.source]
     services = ["viirs"]
     [route.sink]
     port = 9100
and all else as needed; doc/relay.md has examples. A key that is misspelt is an error. ptrelay --check tells which settings count and where they come from, ptrelay explain what the routes make of messages, and after a SIGHUP ("systemctl reload posttroll-relay") the file counts as it is then; routes that have not changed are not touched.`

// TestRelaySample holds the sample of the relay's settings to the same. That it can be used is tested with the program.
func TestRelaySample(t *testing.T) {
	t.Parallel()
	testbed.Golden(t, "../deploy/etc/relay.toml", []byte(confdoc.SampleOf(relaySampleHeader, relaySettings(t))))
}

// relaySettings are the settings of the relay.
func relaySettings(t *testing.T) confdoc.Table {
	t.Helper()
	table, err := confdoc.Tables("..", relay.DefaultConfig(), dedup.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	control := settingsOf(t, confdoc.Source{Dir: "../pkg/httpd", Defaults: httpd.DefaultControlConfig()})
	table.Settings = slices.Concat(table.Settings, settingsOf(t, httpSource), control, settingsOf(t, logSource))
	return table
}

// httpSource are the settings of what a daemon tells over HTTP.
var httpSource = confdoc.Source{Dir: "../pkg/httpd", Defaults: httpd.DefaultConfig()}

// logSource are the settings of a daemon's log.
var logSource = confdoc.Source{Dir: "../pkg/logging", Defaults: logging.DefaultSettings()}

// nameserverSettings are the settings of the nameserver.
func nameserverSettings(t *testing.T) []confdoc.Setting {
	t.Helper()
	own := settingsOf(t, confdoc.Source{Dir: "../pkg/nameserver", Defaults: nameserver.DefaultConfig()})
	return slices.Concat(own, settingsOf(t, httpSource), settingsOf(t, logSource))
}

func settingsOf(t *testing.T, from confdoc.Source) []confdoc.Setting {
	t.Helper()
	settings, err := confdoc.Settings(from)
	if err != nil {
		t.Fatal(err)
	}
	return settings
}

// writeTable writes what stands before the keys of a table.
func writeTable(b *strings.Builder, table confdoc.Table) {
	if table.Path == "" {
		return
	}
	fmt.Fprintf(b, "\n### %s\n\n%s\n", table.Heading(), strings.ReplaceAll(table.Text, "\n", "\n\n"))
	if table.SameAs != "" {
		fmt.Fprintf(b, "\nIts keys are those of `%s`.\n", table.SameAs)
	}
}
