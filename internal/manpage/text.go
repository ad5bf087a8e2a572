package manpage

import "strings"

const (
	listItem = "  - " // begins an item of a list
	indent   = "  "   // begins a line of an example
)

// prose writes a text of several paragraphs.
func (p *page) prose(text string) {
	for paragraph := range strings.SplitSeq(strings.Trim(text, "\n"), "\n\n") {
		switch {
		case strings.HasPrefix(paragraph, listItem):
			p.list(paragraph)
		case strings.HasPrefix(paragraph, indent):
			p.example(paragraph)
		default:
			p.line(".PP")
			p.text(paragraph)
		}
	}
}

// list writes a list; lines that don't begin an item go on with the last one.
func (p *page) list(paragraph string) {
	for line := range strings.SplitSeq(paragraph, "\n") {
		if item, ok := strings.CutPrefix(line, listItem); ok {
			p.line(`.IP \(bu 2`)
			line = item
		}
		p.text(strings.TrimSpace(line))
	}
}

// example writes lines as they are, indented.
func (p *page) example(text string) {
	p.line(".PP")
	p.line(".RS 4")
	p.line(".nf")
	for line := range strings.SplitSeq(strings.Trim(text, "\n"), "\n") {
		p.text(strings.TrimPrefix(line, indent))
	}
	p.line(".fi")
	p.line(".RE")
}

// text writes lines of text.
func (p *page) text(text string) {
	for line := range strings.SplitSeq(text, "\n") {
		line = escape(line)
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, `\(aq`) {
			line = `\&` + line // it is no macro
		}
		p.line("%s", line)
	}
}

// escape keeps roff from reading or changing characters: what is copied from a manual must be what was written.
func escape(text string) string {
	return strings.NewReplacer(`\`, `\e`, `-`, `\-`, `'`, `\(aq`, "`", `\(ga`, `^`, `\(ha`, `~`, `\(ti`).Replace(text)
}
