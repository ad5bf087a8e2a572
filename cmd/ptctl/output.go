package main

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/pytroll/posttroll-go/internal/jsonline"
	"github.com/pytroll/posttroll-go/internal/textlines"
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/message"
)

// output is the form in which messages are printed.
type output struct {
	raw, pretty, json bool
}

func (o *output) flags(f *pflag.FlagSet) {
	f.BoolVar(&o.raw, "raw", false, "print messages as they came, one a line (the default); a terminal gets no control characters")
	f.BoolVar(&o.pretty, "pretty", false, "print messages for people, a key a line")
	f.BoolVar(&o.json, "json", false, "print messages as JSON lines, which publish sends")
}

func (o *output) check() error {
	if o.raw && o.pretty || o.pretty && o.json || o.json && o.raw {
		return daemon.Usage("--raw, --pretty and --json exclude each other")
	}
	return nil
}

// print writes m and a newline, to a terminal without control characters. A message whose data can't be decoded is an error.
func (o *output) print(w io.Writer, m *message.Message) error {
	text, err := o.format(m)
	if err != nil {
		return err
	}
	if !o.pretty && isTerminal(w) {
		text = []byte(textlines.Printable(string(text)))
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// isTerminal tells whether people read w.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func (o *output) format(m *message.Message) ([]byte, error) {
	switch {
	case o.json:
		return jsonline.Marshal(m)
	case o.pretty:
		return pretty(m)
	default:
		return bytes.Clone(m.Bytes()), nil
	}
}

// pretty writes the header in two lines and then the data, a key a line, and an empty line.
func pretty(m *message.Message) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s  %s\n", textlines.Printable(m.Subject()), textlines.Printable(m.Type()))
	fmt.Fprintf(&b, "  %s  %s  %s\n", m.Time(), textlines.Printable(m.Sender()), m.Version())
	value, err := m.Data()
	if err != nil {
		return nil, err
	}
	prettyValue(&b, "  ", value)
	return b.Bytes(), nil
}

// prettyValue writes a value below a head that is written already.
func prettyValue(b *bytes.Buffer, indent string, value any) {
	switch v := value.(type) {
	case nil:
	case *message.Object:
		for key, value := range v.All() {
			prettyItem(b, indent, textlines.Printable(key)+":", value)
		}
	case []any:
		for _, value := range v {
			prettyItem(b, indent, "-", value)
		}
	default:
		fmt.Fprintf(b, "%s%s\n", indent, scalar(v))
	}
}

// prettyItem writes one element of an object or list.
func prettyItem(b *bytes.Buffer, indent, head string, value any) {
	switch v := value.(type) {
	case *message.Object, []any:
		fmt.Fprintf(b, "%s%s\n", indent, head)
		prettyValue(b, indent+"  ", v)
	default:
		fmt.Fprintf(b, "%s%s %s\n", indent, head, scalar(v))
	}
}

func scalar(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case []byte:
		return textlines.Printable(string(v))
	default:
		return textlines.Printable(fmt.Sprint(v))
	}
}
