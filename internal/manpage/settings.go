package manpage

import (
	"strings"

	"github.com/pytroll/posttroll-go/internal/confdoc"
)

// SettingsPage is the page of a settings file, in section 5 of the manual.
type SettingsPage struct {
	Name, Short string
	// Made says how the page is made, for those who would change it by hand.
	Made string
	// Description has the form of help texts.
	Description string
	Groups      []Group
	Files       []Entry
	SeeAlso     []string
}

// Group is a part of the settings, with a heading.
type Group struct {
	Heading  string
	Settings []confdoc.Setting
	// Tables are those in which settings stand, without those that are in them.
	Tables []confdoc.Table
}

// Entry is a name and what it is.
type Entry struct{ Name, Text string }

// Bytes returns the page.
func (s SettingsPage) Bytes() []byte {
	p := &page{}
	p.line(`.\" %s`, s.Made)
	p.line(`.TH %s 5 "" posttroll "posttroll manual"`, strings.ToUpper(s.Name))
	p.section("NAME")
	p.line(`%s \- %s`, escape(s.Name), escape(s.Short))
	p.section("DESCRIPTION")
	p.prose(s.Description)
	for _, group := range s.Groups {
		p.section(strings.ToUpper(group.Heading))
		p.settings(group.Settings)
		for _, table := range group.Tables {
			p.table(table)
		}
	}
	p.section("FILES")
	for _, file := range s.Files {
		p.entry(file.Name, file.Text)
	}
	p.seeAlso(s.SeeAlso)
	return []byte(p.b.String())
}

func (p *page) settings(settings []confdoc.Setting) {
	for _, setting := range settings {
		p.entry(setting.Key, strings.TrimPrefix(setting.Text, setting.Key+" ")) // the name begins the sentence
	}
}

// table describes a table and its keys.
func (p *page) table(t confdoc.Table) {
	p.line(".SS %s", escape(t.Heading()))
	p.text(t.Text)
	if t.SameAs != "" {
		p.text("Its keys are those of " + t.SameAs + ".")
	}
	p.settings(t.Settings)
}

// entry describes what is named; each line of the text is a paragraph.
func (p *page) entry(name, text string) {
	p.line(".TP")
	p.line(`\fB%s\fR`, escape(name))
	for i, paragraph := range strings.Split(text, "\n") {
		if i > 0 {
			p.line(".IP")
		}
		p.text(paragraph)
	}
}
