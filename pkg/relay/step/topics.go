package step

import (
	"slices"
	"strings"
	"unicode"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// Upstream returns what has to be subscribed to before the steps, so that whoever subscribes to one of the topics behind them misses nothing. Topics are
// as subscribers send them, with the magic in front ([message.Topic]), and so are those returned: sorted, each once, and none that another one
// covers. It may be more than is needed, never less: a pattern is subscribed to by its literal beginning. So match
// what comes out of the steps with the topics once more.
func (c *Chain) Upstream(topics ...string) []string {
	var wanted []string
	for _, t := range topics {
		if subject, ok := subjectOf(t); ok {
			wanted = append(wanted, subject)
		}
	}
	for _, s := range slices.Backward(c.steps) {
		if r, ok := s.action.(*renamer); ok {
			wanted = r.upstream(wanted, s.when != nil)
		}
	}
	wanted = uncovered(wanted)
	for i := range wanted {
		wanted[i] = message.Magic + wanted[i]
	}
	return wanted
}

// subjectOf returns the beginning of subjects that a topic asks for; ok is false when nothing can match it.
func subjectOf(topic string) (subject string, ok bool) {
	if strings.HasPrefix(message.Magic, topic) {
		return "", true
	}
	subject, ok = strings.CutPrefix(topic, message.Magic)
	if at := strings.IndexFunc(subject, isSeparator); at >= 0 {
		subject = subject[:at] // it reaches past the subject
	}
	return subject, ok
}

// isSeparator tells whether r may be between subject and type; there are control characters among those.
func isSeparator(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

// upstream returns beginnings of the subjects that become such as wanted begin. Optional says that the step leaves some alone.
func (r *renamer) upstream(wanted []string, optional bool) []string {
	var all []string
	for _, w := range wanted {
		if optional || !r.takesAll(w) {
			all = append(all, w)
		}
		if r.pattern != nil {
			out, _, _ := strings.Cut(r.to, "$")
			if strings.HasPrefix(out, w) || strings.HasPrefix(w, out) {
				all = append(all, r.literal)
			}
		}
		for _, p := range r.prefixes {
			rest, below := strings.CutPrefix(w, p.to)
			switch {
			case strings.HasPrefix(p.to, w), p.to == "" && w == "/":
				all = append(all, p.from)
			case below && rest[0] == '/':
				all = append(all, p.from+rest)
			}
		}
	}
	return uncovered(all)
}

// takesAll tells whether every subject that begins so gets another one.
func (r *renamer) takesAll(beginning string) bool {
	return slices.ContainsFunc(r.prefixes, func(p prefix) bool { return strings.HasPrefix(beginning, p.from+"/") })
}

// uncovered sorts topics and leaves out those that begin with another one.
func uncovered(topics []string) []string {
	slices.Sort(topics)
	var left []string
	for _, t := range topics {
		if n := len(left); n == 0 || !strings.HasPrefix(t, left[n-1]) {
			left = append(left, t)
		}
	}
	return left
}
