package zmq

import (
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/pytroll/posttroll-go/pkg/curve"
)

// zapEndpoint is where libzmq looks for the authenticator of a context (ZAP 1.0, ZeroMQ RFC 27).
const zapEndpoint = "inproc://zeromq.zap.01"

const (
	zapVersion = "1.0"
	// zapHead are the frames of a request before the credentials: version, request id, domain, address, identity, mechanism.
	zapHead = 6
	// maxZAPFrames bounds the frames of a request, envelope included. The mechanisms that we use need 9.
	maxZAPFrames = 12
)

// The status codes of a reply. libzmq tells the client of "400", which then gives up for good, and not of "300", on which it comes back when
// the handshake's time is over: with a key that may have been admitted meanwhile.
const (
	zapAdmitted = "200"
	zapRefused  = "300"
	zapBroken   = "500"
)

// zapRequest is what libzmq asks about a client in the middle of its handshake.
type zapRequest struct {
	id        []byte
	domain    string
	addr      netip.Addr // without zone, IPv4 where it is IPv4 in IPv6; invalid where it is none, as for ipc
	mechanism string
	key       curve.PublicKey // of mechanism CURVE
}

// parseZAPRequest reads the frames of a request behind the envelope. With an error comes the id that a reply needs, where there is one.
func parseZAPRequest(frames [][]byte) (r zapRequest, err error) {
	if len(frames) < zapHead {
		return r, errors.New("ZAP request of too few frames")
	}
	if string(frames[0]) != zapVersion {
		return r, errors.New("ZAP request of an unknown version")
	}
	r.id = slices.Clone(frames[1])
	r.domain = string(frames[2])
	// frames[4] is what the client calls itself, and means nothing.
	if addr, err := netip.ParseAddr(string(frames[3])); err == nil {
		r.addr = addr.Unmap().WithZone("")
	}
	credentials := frames[zapHead:]
	switch r.mechanism = string(frames[5]); r.mechanism {
	case "NULL":
		if len(credentials) != 0 {
			return r, errors.New("ZAP request of mechanism NULL with credentials")
		}
	case "CURVE":
		if len(credentials) != 1 || len(credentials[0]) != curve.Size {
			return r, errors.New("ZAP request of mechanism CURVE without a key")
		}
		r.key = curve.PublicKey(credentials[0])
	default:
		return r, errors.New("ZAP request of an unknown mechanism")
	}
	return r, nil
}

// zapUser is what libzmq attaches, as User-Id, to each message of an admitted client.
type zapUser struct {
	// serial numbers handshakes. Of two connections that had the same descriptor the later one has the greater number.
	serial uint64
	key    curve.PublicKey
}

func (u zapUser) String() string {
	serial := strconv.FormatUint(u.serial, 10)
	if u.key.IsZero() {
		return serial
	}
	return serial + ":" + u.key.String()
}

// parseZAPUser is the inverse of String.
func parseZAPUser(s string) (zapUser, bool) {
	number, text, keyed := strings.Cut(s, ":")
	serial, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return zapUser{}, false
	}
	u := zapUser{serial: serial}
	if keyed {
		if u.key, err = curve.ParsePublicKey(text); err != nil {
			return zapUser{}, false
		}
	}
	return u, true
}
