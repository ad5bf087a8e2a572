package step

import (
	"cmp"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// Item is a message on its way through a [Chain].
type Item struct {
	in              *message.Message
	subject, sender string          // as they are now
	version         message.Version // to be written in; empty: as it is
	data            any             // what Data has returned, with what steps have changed
	dataErr         error
	decoded         bool
	changed         bool // data is not that of in any more
	written         bool // in is not what came in any more
	edits           int  // of the data
}

// state is what steps can change of an item; two are the same when none has.
type state struct {
	subject, sender string
	version         message.Version
	edits           int
}

func (i *Item) state() state {
	return state{i.subject, i.sender, cmp.Or(i.version, i.in.Version()), i.edits}
}

// NewItem makes an item of a message.
func NewItem(m *message.Message) *Item {
	i := new(Item)
	i.Reset(m)
	return i
}

// Reset makes of i an item of another message: who takes them one by one needs no more than one item.
func (i *Item) Reset(m *message.Message) {
	*i = Item{in: m, subject: m.Subject(), sender: m.Sender()}
}

// Data returns the data as [message.Message.PlainData] does, which decodes it when it is asked for first. What is returned belongs to the item.
func (i *Item) Data() (any, error) {
	if !i.decoded {
		i.data, i.dataErr = i.in.PlainData()
		i.decoded = true
	}
	return i.data, i.dataErr
}

// Subject returns the subject as it is now.
func (i *Item) Subject() string { return i.subject }

// hasFields tells whether the data is JSON.
func (i *Item) hasFields() bool { return i.in.MIME() == message.MIMEJSON }

// settle writes what has changed in the data so far. Elements that go from lists are told from those that change by doing one after the other.
func (i *Item) settle() error {
	if !i.changed {
		return nil
	}
	m, err := i.in.WithChangedData(i.data)
	if err != nil {
		return err
	}
	i.in, i.changed, i.written = m, false, true
	return nil
}

// Message returns the message as it is now: the very one that came in when nothing has changed.
func (i *Item) Message() (*message.Message, error) {
	m, words, err := i.Parts()
	if err != nil {
		return nil, err
	}
	return m.WithWords(words)
}

// Parts is Message in two parts, for those who need no more than its frame ([message.Message.AppendWords]): a message and the words that it has to get. The message
// is the very one that came in when nothing but words has changed.
func (i *Item) Parts() (*message.Message, message.Words, error) {
	var words message.Words
	m := i.in
	var err error
	if i.changed {
		if m, err = m.WithChangedData(i.data); err != nil {
			return nil, words, err
		}
	}
	if i.version != "" && (i.changed || i.written || i.version != m.Version() || m.Time().Naive != (i.version == message.V101)) { // what was set may have offsets
		if m, err = m.WithVersion(i.version); err != nil {
			return nil, words, err
		}
	}
	if i.subject == "" {
		_, err = m.WithSubject("")
		return nil, words, err
	}
	if i.subject != m.Subject() {
		words.Subject = i.subject
	}
	if i.sender != m.Sender() {
		words.Sender = i.sender
	}
	return m, words, nil
}
