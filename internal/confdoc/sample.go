package confdoc

import (
	"fmt"
	"strings"
)

// width is where the comments of a sample are broken.
const width = 100

// Sample writes a settings file in which every setting stands with its manual and its default, commented out. The header's lines are
// its first comment.
func Sample(header string, settings []Setting) string {
	var b strings.Builder
	writeComment(&b, header)
	for _, s := range settings {
		b.WriteString("\n")
		writeComment(&b, s.Text)
		fmt.Fprintf(&b, "#%s = %s\n", s.Key, s.Default)
	}
	return b.String()
}

// writeComment writes text, each line a paragraph.
func writeComment(b *strings.Builder, text string) {
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		line := "#"
		for word := range strings.FieldsSeq(paragraph) {
			if len(line)+1+len(word) > width {
				b.WriteString(line + "\n")
				line = "#"
			}
			line += " " + word
		}
		b.WriteString(line + "\n")
	}
}

// Uncomment makes the settings of a sample count: text stands behind "# ", settings behind "#" alone.
func Uncomment(sample string) string {
	var b strings.Builder
	for line := range strings.Lines(sample) {
		if rest, ok := strings.CutPrefix(line, "#"); ok && rest != "\n" && !strings.HasPrefix(rest, " ") {
			line = rest
		}
		b.WriteString(line)
	}
	return b.String()
}
