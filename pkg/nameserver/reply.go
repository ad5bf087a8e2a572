package nameserver

import (
	"bytes"
	"fmt"
	"sync"
	"time"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/registry"
)

// Subject and type of every reply (doc/protocol.md, section 4).
const (
	replySubject = "/oper/ns"
	replyType    = "info"
)

// buffers are for replies, which a transport copies. With those of a table of 10,000 publishers, of three megabytes, making a new one for each took longer than filling it. The
// collector frees those that nobody needs for a while.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// appendReply lists the publishers of a service, secure ones too if secure is set.
func (n *Nameserver) appendReply(dst []byte, service string, version message.Version, secure bool) ([]byte, int) {
	query := registry.Query{
		Service: service,
		Naive:   version <= message.V101,
		Secure:  secure,
	}
	head := appendHead(dst, version, time.Now())
	reply, found := n.registry.AppendMatches(append(head, " "+message.MIMEJSON+" ["...), query)
	if found == 0 {
		return reply[:len(head)], 0
	}
	return append(reply, ']'), found
}

// appendHead appends the header of a reply, which is the whole of it when nothing is found.
func appendHead(dst []byte, version message.Version, now time.Time) []byte {
	h, ok := heads()[version]
	if !ok {
		return append(dst, encodeHead(version, now)...)
	}
	dst = append(dst, h.before...)
	dst, err := message.Time{Time: now.UTC(), Naive: h.naive}.AppendText(dst)
	if err != nil {
		panic("nameserver: the time now: " + err.Error())
	}
	return append(dst, h.after...)
}

// head is a header without its time.
type head struct {
	before, after []byte
	naive         bool // the time has no offset
}

// heads are those of the versions that peers have.
var heads = sync.OnceValue(func() map[message.Version]head {
	all := make(map[message.Version]head)
	now := time.Now()
	for version, naive := range map[message.Version]bool{message.V101: true, message.V12: false} {
		text := message.Time{Time: now.UTC(), Naive: naive}.String()
		h := head{naive: naive}
		var found bool
		if h.before, h.after, found = bytes.Cut(encodeHead(version, now), fmt.Appendf(nil, " %s ", text)); !found {
			panic("nameserver: no time in the header of a reply")
		}
		h.before, h.after = append(h.before[:len(h.before):len(h.before)], ' '), append([]byte{' '}, h.after...)
		all[version] = h
	}
	return all
})

// encodeHead writes the header of a reply.
func encodeHead(version message.Version, now time.Time) []byte {
	fields := message.Fields{Subject: replySubject, Type: replyType, Version: version, Time: message.Time{Time: now.UTC()}}
	m, err := message.Encoder{}.Encode(fields)
	if err != nil {
		fields.Version = message.V101
		if m, err = (message.Encoder{}).Encode(fields); err != nil {
			panic("nameserver: reply without data: " + err.Error())
		}
	}
	return m.Bytes()
}
