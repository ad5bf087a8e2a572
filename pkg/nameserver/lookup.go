package nameserver

import (
	"bytes"
	"context"
	"strings"
	"time"
	"unicode"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// answerLookups answers every request, whatever it is.
func (n *Nameserver) answerLookups(_ context.Context, r replier, requests []transport.Request) error {
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	within, beyond := divide(n.askQuota, requests, asker, n.config().MaxRequestsPerSource, time.Now())
	for _, req := range within {
		*buf = n.answer((*buf)[:0], req, r.secure)
		if err := r.Reply(req, *buf); err != nil {
			return err
		}
	}
	for _, req := range beyond {
		answer := n.answer
		if req.crowded {
			answer = n.decline
		}
		*buf = answer((*buf)[:0], req.Request, r.secure)
		if err := r.Reply(req.Request, *buf); err != nil {
			return err
		}
	}
	return nil
}

// answer appends the reply to a request, which came over a secure port or not.
func (n *Nameserver) answer(dst []byte, req transport.Request, secure bool) []byte {
	n.counters.lookups.Add(1)
	n.askers.add(req.Identity)
	wanted, version, err := readLookup(req.Body, req.Parts, n.config().MaxRequestBytes)
	if err != nil {
		n.refusedLookups.add(source(req), err)
		return appendHead(dst, version, time.Now())
	}
	reply, found := n.appendReply(dst, wanted, version, secure || n.config().ShowSecureEntries)
	n.charge(req, len(reply))
	if ce := n.log.Check(zap.DebugLevel, "lookup answered"); ce != nil {
		ce.Write(append(who(source(req)), zap.String("service", wanted), zap.Int("count", found))...)
	}
	return reply
}

// readLookup reads a request: the service that is wanted, and the version that the reply is to have, also when it is refused.
func readLookup(frame []byte, parts, limit int) (service string, version message.Version, err error) {
	switch {
	case parts != 1:
		return "", versionOf(frame), refuse(reasonMultipart, "request of %d frames", parts)
	case len(frame) > limit:
		return "", versionOf(frame), refuse(reasonTooLong, "request of %d bytes, and %d are looked at", len(frame), limit)
	}
	m, err := message.Decoder{MaxSize: limit}.Decode(frame)
	if err != nil {
		return "", versionOf(frame), refuse(reasonDecode, "%w", err)
	}
	if err := m.CheckStrict(); err != nil {
		return "", m.Version(), refuse(reasonDecode, "%w", err)
	}
	var body struct {
		Service *string `json:"service"`
	}
	if err := m.Unmarshal(&body); err != nil {
		return "", m.Version(), refuse(reasonNoService, "%w", err)
	}
	if body.Service == nil {
		return "", m.Version(), refuse(reasonNoService, "no service is asked for")
	}
	return *body.Service, m.Version(), nil
}

// headSize is more than the header of any message of ours takes: where a version is looked for in what is no message.
const headSize = 4096

// versionOf returns the version of a frame that cannot be decoded for another reason, v1.01 where it has none that is known.
func versionOf(frame []byte) message.Version {
	rest, ok := bytes.CutPrefix(frame[:min(len(frame), headSize)], []byte(message.Magic))
	if !ok {
		return message.V101
	}
	words := strings.FieldsFunc(string(rest), isSpace)
	if len(words) < 5 {
		return message.V101
	}
	if v := message.Version(words[4]); v == message.V12 {
		return v
	}
	return message.V101
}

// isSpace is what separates the words of a header: Unicode's white space and the four separators of ASCII.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }
