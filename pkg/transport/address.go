package transport

// Backend says how a socket speaks: plain or encrypted. The values are those on the wire.
type Backend string

// The backends.
const (
	Plain  Backend = "unsecure_zmq"
	Secure Backend = "secure_zmq"
)

// Address is where a peer can be reached and how it speaks.
type Address struct {
	Endpoint Endpoint
	Backend  Backend // empty: Plain
}

// Endpoint is a checked ZeroMQ endpoint: tcp (IPv4, IPv6, host name), ipc or inproc. It is comparable. Two endpoints
// are the same when their texts are.
type Endpoint struct {
	text string
}

// ParseEndpoint checks that s is an endpoint of a known kind, well formed for either bind or connect.
func ParseEndpoint(s string) (Endpoint, error) { panic("transport: skeleton") }

// ConnectEndpoint checks that s is an endpoint that can be connected to: no wildcard, a port that is not 0.
func ConnectEndpoint(s string) (Endpoint, error) { panic("transport: skeleton") }

// String returns the text that was parsed.
func (e Endpoint) String() string { return e.text }

// Scheme is "tcp", "ipc" or "inproc".
func (e Endpoint) Scheme() string { panic("transport: skeleton") }

// Host of a tcp endpoint, "*" or "0.0.0.0" when all; brackets of IPv6 removed. Empty for others.
func (e Endpoint) Host() string { panic("transport: skeleton") }

// Port of a tcp endpoint; 0 for others.
func (e Endpoint) Port() int { panic("transport: skeleton") }

// WithPort returns a tcp endpoint with another port.
func (e Endpoint) WithPort(port int) Endpoint { panic("transport: skeleton") }
