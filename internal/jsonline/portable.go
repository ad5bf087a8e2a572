package jsonline

import (
	"bytes"
	"encoding/json"
	"math"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// portable writes generic data as JSON that every reader takes: NaN and the
// infinities, for which JSON has no word, become null.
func portable(value any) (json.RawMessage, error) {
	var b bytes.Buffer
	if err := writePortable(&b, value); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func writePortable(b *bytes.Buffer, value any) error {
	switch v := value.(type) {
	case *message.Object:
		return writeObject(b, v)
	case []any:
		return writeArray(b, v)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			value = nil
		}
	case message.Time:
		value = v.String()
	}
	text, err := marshal(value)
	b.Write(text)
	return err
}

func writeObject(b *bytes.Buffer, o *message.Object) error {
	b.WriteByte('{')
	first := true
	for key, value := range o.All() {
		if !first {
			b.WriteString(", ")
		}
		first = false
		text, err := marshal(key)
		if err != nil {
			return err
		}
		b.Write(text)
		b.WriteString(": ")
		if err := writePortable(b, value); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

func writeArray(b *bytes.Buffer, a []any) error {
	b.WriteByte('[')
	for i, value := range a {
		if i > 0 {
			b.WriteString(", ")
		}
		if err := writePortable(b, value); err != nil {
			return err
		}
	}
	b.WriteByte(']')
	return nil
}
