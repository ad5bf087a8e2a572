package message

import "iter"

// Magic begins every message.
const Magic = "pytroll:/"

// Version is the version word of a message header. It is compared as text, as
// deployed peers do: anything at or below [Current] is accepted.
type Version string

// The versions that are written.
const (
	V101    Version = "v1.01" // times without offset, in UTC
	V12     Version = "v1.2"  // times with offset
	Current         = V12
)

// Message is one posttroll message. It never changes.
type Message struct{}

// Fields are the parts of a message that is to be encoded.
type Fields struct {
	Subject string
	Type    string
	Sender  string  // default: user@host of this process
	Time    Time    // default: now, in UTC
	Version Version // default: the encoder's, else what the data needs
	Data    any     // nil: none
	Binary  bool    // Data is string or []byte and goes out as binary/octet-stream
}

// Encoder encodes messages. The zero value is ready to use.
type Encoder struct {
	// Version is written when a message has none of its own (setting message_version).
	Version Version
}

// Encode encodes f.
func (e Encoder) Encode(f Fields) (*Message, error) { panic("message: skeleton") }

// New is Encode with sender, time and version filled in.
func New(subject, typ string, data any) (*Message, error) { panic("message: skeleton") }

// Decoder decodes messages within limits. The zero value uses the defaults.
type Decoder struct {
	MaxSize  int // bytes of a frame; default 64 MiB
	MaxDepth int // nesting of JSON data; default 512
}

// Decode reads the header of frame and keeps frame, which must not change afterwards.
func (d Decoder) Decode(frame []byte) (*Message, error) { panic("message: skeleton") }

// Decode is Decoder{}.Decode.
func Decode(frame []byte) (*Message, error) { panic("message: skeleton") }

func (m *Message) Bytes() []byte                           { panic("message: skeleton") }
func (m *Message) String() string                          { panic("message: skeleton") }
func (m *Message) Head() string                            { panic("message: skeleton") }
func (m *Message) Subject() string                         { panic("message: skeleton") }
func (m *Message) Type() string                            { panic("message: skeleton") }
func (m *Message) Sender() string                          { panic("message: skeleton") }
func (m *Message) User() string                            { panic("message: skeleton") }
func (m *Message) Host() string                            { panic("message: skeleton") }
func (m *Message) Time() Time                              { panic("message: skeleton") }
func (m *Message) Version() Version                        { panic("message: skeleton") }
func (m *Message) MIME() string                            { panic("message: skeleton") }
func (m *Message) Binary() bool                            { panic("message: skeleton") }
func (m *Message) RawData() []byte                         { panic("message: skeleton") }
func (m *Message) Data() (any, error)                      { panic("message: skeleton") }
func (m *Message) Unmarshal(v any) error                   { panic("message: skeleton") }
func (m *Message) Fields() (Fields, error)                 { panic("message: skeleton") }
func (m *Message) WithSubject(s string) (*Message, error)  { panic("message: skeleton") }
func (m *Message) WithType(s string) (*Message, error)     { panic("message: skeleton") }
func (m *Message) WithSender(s string) (*Message, error)   { panic("message: skeleton") }
func (m *Message) WithData(data any) (*Message, error)     { panic("message: skeleton") }
func (m *Message) WithVersion(v Version) (*Message, error) { panic("message: skeleton") }

// CheckStrict reports what in m would end a Python subscriber, or nil.
func (m *Message) CheckStrict() error { panic("message: skeleton") }

// Object is a JSON object with its keys in order. Generic data consists of nil, bool, int64, *big.Int,
// float64, string, Time, []any and *Object.
type Object struct{}

func (o *Object) Get(key string) (any, bool)  { panic("message: skeleton") }
func (o *Object) Set(key string, value any)   { panic("message: skeleton") }
func (o *Object) Delete(key string)           { panic("message: skeleton") }
func (o *Object) Len() int                    { panic("message: skeleton") }
func (o *Object) All() iter.Seq2[string, any] { panic("message: skeleton") }

// Error is any failure to decode or encode.
type Error struct {
	Field  string // "magic", "subject", "type", "sender", "time", "version", "mime", "data"
	Offset int    // byte offset in the frame, -1 when encoding
	Err    error
}

func (e *Error) Error() string { panic("message: skeleton") }
func (e *Error) Unwrap() error { return e.Err }

// Topic puts the magic in front of a subscription topic as deployed subscribers do
// (doc/protocol.md, section 2).
func Topic(topic string) string { panic("message: skeleton") }

// LocalSender returns user@host of this process.
func LocalSender() string { panic("message: skeleton") }
