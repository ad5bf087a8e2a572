package dedup

import (
	"encoding/binary"
	"hash/maphash"

	"github.com/pytroll/posttroll-go/internal/fieldpath"
	"github.com/pytroll/posttroll-go/pkg/message"
)

// key stands for a message: two hashes with secret seeds, so that nobody can make two messages that have the same.
type key [2]uint64

// keyer makes keys.
type keyer struct {
	by         By
	anySubject bool
	paths      []fieldpath.Path
	seeds      [2]maphash.Seed
}

// key returns what m is known again by, and whether it has anything of that. data is asked for when by needs it; its error is returned.
func (k *keyer) key(m *message.Message, data func() (any, error)) (key, bool, error) {
	switch k.by {
	case ByMessage:
		return key{maphash.Bytes(k.seeds[0], m.Bytes()), maphash.Bytes(k.seeds[1], m.Bytes())}, true, nil
	case ByContent:
		return k.content(m), true, nil
	}
	if m.MIME() != message.MIMEJSON {
		return key{}, false, nil
	}
	v, err := data()
	if err != nil {
		return key{}, false, err
	}
	d := k.digest()
	d.text(m.Type())
	if !k.anySubject {
		d.text(m.Subject())
	}
	found, err := k.values(&d, v)
	return d.key(), found, err
}

// content hashes all but subject and version.
func (k *keyer) content(m *message.Message) key {
	d := k.digest()
	d.text(m.Type())
	d.text(m.Sender())
	at := m.Time()
	d.number(uint64(at.Unix()))
	d.number(uint64(at.Nanosecond()))
	d.text(m.MIME())
	d.bytes(m.RawData())
	return d.key()
}

// values hashes what by asks for in data, and tells whether there is any.
func (k *keyer) values(d *digest, data any) (found bool, err error) {
	if k.by != ByFields {
		for file := range fieldpath.Files(data) {
			if v, ok := file.Get(string(k.by)); ok {
				found = true
				err = d.value(v)
			}
			if err != nil {
				return false, err
			}
		}
		return found, nil
	}
	for i, p := range k.paths {
		d.number(uint64(i)) // what is found by one path is not taken for what is found by the next
		for v := range p.Values(data) {
			found = true
			if err := d.value(v); err != nil {
				return false, err
			}
		}
	}
	return found, nil
}

// digest makes a key. Each part is hashed with its length before it.
type digest struct {
	hashes  [2]maphash.Hash
	scratch []byte
}

func (k *keyer) digest() digest {
	var d digest
	d.hashes[0].SetSeed(k.seeds[0])
	d.hashes[1].SetSeed(k.seeds[1])
	return d
}

func (d *digest) number(n uint64) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], n)
	d.write(b[:])
}

func (d *digest) bytes(b []byte) {
	d.number(uint64(len(b)))
	d.write(b)
}

func (d *digest) text(s string) {
	d.number(uint64(len(s)))
	for i := range d.hashes {
		_, _ = d.hashes[i].WriteString(s) // never fails
	}
}

func (d *digest) write(b []byte) {
	for i := range d.hashes {
		_, _ = d.hashes[i].Write(b) // never fails
	}
}

// value hashes generic data.
func (d *digest) value(v any) error {
	b, err := message.AppendJSON(d.scratch[:0], v)
	d.scratch = b
	d.bytes(b)
	return err
}

func (d *digest) key() key { return key{d.hashes[0].Sum64(), d.hashes[1].Sum64()} }
