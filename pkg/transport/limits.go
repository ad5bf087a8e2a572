package transport

// LimitStats count what a transport refused or cut since a limit was met, and how near it is to the first of them. Those that were connected before are
// never touched to make room.
type LimitStats struct {
	// Accepted is the number of connections that peers have made and that are open now.
	Accepted int
	// Refused counts connections that were closed as soon as they were there, Cut those that were closed later.
	Refused map[Limit]uint64
	Cut     map[Limit]uint64
}

// Limit is one that a peer met: short and constant, it labels counters.
type Limit string

// The limits.
const (
	LimitSource      Limit = "source_connections" // Refused: the address of the peer holds its share
	LimitConnections Limit = "connections"        // Refused: there are as many connections as there may be
	LimitFiles       Limit = "open_files"         // Refused: the process, or the system, has no descriptor left
	LimitBusy        Limit = "busy"               // Refused: so many subscribers come and go that what is published would have to wait
	LimitParts       Limit = "message_parts"      // Cut: the message has too many parts, or too many bytes in those before the last
	LimitProtocol    Limit = "protocol_version"   // Cut: the peer does not speak ZMTP 3
)

// Limiter is a [Transport] that has limits.
type Limiter interface {
	// LimitStats returns counters since the transport was made. They stay as they were at its end when it is closed.
	LimitStats() LimitStats
}
