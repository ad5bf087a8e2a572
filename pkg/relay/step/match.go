package step

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pytroll/posttroll-go/internal/fieldpath"
)

// match is a [Match] that is checked.
type match struct {
	subject, typ, user, host globs
	fields                   []condition
}

// condition is a [Field] that is checked.
type condition struct {
	path   fieldpath.Path
	values []any // one of which it must be; nil: any
	equals []any // the same, of equals
	globs  globs
	exists *bool
}

func (b *builder) match(key string, m Match) *match {
	c := &match{
		subject: b.subjects(key+".subject", m.Subject), typ: b.words(key+".type", m.Type, "", ""),
		user: b.words(key+".user", m.User, "@", apart), host: b.words(key+".host", m.Host, "@", apart).lower(),
	}
	for i, f := range m.Field {
		c.fields = append(c.fields, b.condition(fmt.Sprintf("%s.field[%d]", key, i+1), f))
	}
	if len(m.Subject)+len(m.Type)+len(m.User)+len(m.Host)+len(m.Field) == 0 {
		b.add(key, "has no condition", "give subject, type, user, host or field")
	}
	return c
}

// apart is how senders are matched.
const apart = "give user and host apart, without the @"

func (b *builder) condition(key string, f Field) condition {
	c := condition{path: b.path(key+".path", f.Path), globs: b.globs(key+".glob", f.Glob), exists: f.Exists}
	if f.Equals != nil {
		c.equals = []any{b.value(key+".equals", f.Equals)}
	}
	for i, v := range f.In {
		c.values = append(c.values, b.value(fmt.Sprintf("%s.in[%d]", key, i+1), v))
	}
	asks := len(c.equals) + len(c.values) + len(c.globs)
	switch {
	case asks == 0 && f.Exists == nil:
		b.add(key, "has no condition", "give equals, in, glob or exists")
	case asks > 0 && f.Exists != nil && !*f.Exists:
		b.add(key+".exists", "is false, and there are conditions on the value", "")
	}
	return c
}

// matches tells whether i passes all conditions. The error is that of its data.
func (m *match) matches(i *Item) (bool, error) {
	if !m.matchesHeader(i) {
		return false, nil
	}
	if len(m.fields) == 0 {
		return true, nil
	}
	var data any
	if i.hasFields() || i.changed {
		var err error
		if data, err = i.Data(); err != nil {
			return false, err
		}
	}
	for _, c := range m.fields {
		if !c.holds(data) {
			return false, nil
		}
	}
	return true, nil
}

// matchesHeader tells whether i passes the conditions on its header.
func (m *match) matchesHeader(i *Item) bool {
	if len(m.subject) > 0 && !m.subject.matchSubject(i.subject) || len(m.typ) > 0 && !m.typ.match(i.in.Type()) {
		return false
	}
	if len(m.user)+len(m.host) == 0 {
		return true
	}
	user, host, found := strings.Cut(i.sender, "@")
	if !found {
		user = ""
	}
	return (len(m.user) == 0 || m.user.match(user)) && (len(m.host) == 0 || m.host.match(strings.ToLower(host)))
}

func (c condition) holds(data any) bool {
	found := false
	for v := range c.path.Values(data) {
		found = true
		if c.passes(v) {
			return c.exists == nil || *c.exists
		}
	}
	return !found && c.exists != nil && !*c.exists
}

// passes tells whether a value, or an element of a list, passes all that is asked of it.
func (c condition) passes(v any) bool {
	if c.fits(v) {
		return true
	}
	list, _ := v.([]any)
	return slices.ContainsFunc(list, c.fits)
}

func (c condition) fits(v any) bool {
	text, isText := v.(string)
	return (c.equals == nil || among(c.equals, v)) && (c.values == nil || among(c.values, v)) &&
		(len(c.globs) == 0 || isText && c.globs.match(text))
}

func among(values []any, v any) bool {
	for _, w := range values {
		if fieldpath.Equal(v, w) {
			return true
		}
	}
	return false
}

type keep struct{ *match }

func (k keep) do(i *Item, _ time.Time) (Reason, error) {
	matches, err := k.matches(i)
	switch {
	case err != nil:
		return BadData, err
	case !matches:
		return NotKept, nil
	}
	return "", nil
}

type drop struct{ *match }

func (d drop) do(i *Item, _ time.Time) (Reason, error) {
	matches, err := d.matches(i)
	switch {
	case err != nil:
		return BadData, err
	case matches:
		return Dropped, nil
	}
	return "", nil
}
