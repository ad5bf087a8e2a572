package relay

import "github.com/pytroll/posttroll-go/pkg/pubsub"

// LateStats say what a sink keeps for subscribers that have just come.
type LateStats struct {
	// Kept is the number of subjects whose last message is kept, of so many KeptBytes; Welcomed topics of subscribers got one.
	Kept, KeptBytes int
	Welcomed        uint64
	// Replay is the number of messages that are kept for the replay, of so many ReplayBytes; Replays topics of subscribers got some.
	Replay, ReplayBytes int
	Replays             uint64
}

// Keeper is a [Sink] that keeps messages for subscribers that have just come. Late may be called concurrently with everything else.
type Keeper interface {
	Late() LateStats
}

var _ Keeper = (*posttrollSink)(nil)

// late is what the sink keeps; zero where it keeps nothing.
func (out *outlet) late() LateStats {
	if keeper, ok := out.sink.(Keeper); ok {
		return keeper.Late()
	}
	return LateStats{}
}

// Late adds up what all ports keep.
func (s *posttrollSink) Late() LateStats {
	var sum LateStats
	all, _ := s.ports.publishers()
	for _, pub := range all {
		kept := pub.Kept()
		sum.Kept += kept.Last
		sum.KeptBytes += int(kept.LastBytes)
		sum.Welcomed += kept.Welcomed
		sum.Replay += kept.Replay
		sum.ReplayBytes += int(kept.ReplayBytes)
		sum.Replays += kept.Replays
	}
	return sum
}

// lastMessage returns what is kept of each subject; nil: nothing.
func (cfg SinkConfig) lastMessage() *pubsub.LastMessage {
	if !cfg.LastMessage {
		return nil
	}
	return &pubsub.LastMessage{Subjects: cfg.LastMessageSubjects, Bytes: cfg.LastMessageBytes, MaxAge: cfg.LastMessageAge}
}

// replay returns what is replayed; nil: nothing.
func (cfg SinkConfig) replay() *pubsub.Replay {
	if cfg.ReplayPort == 0 {
		return nil
	}
	return &pubsub.Replay{Port: cfg.ReplayPort, Messages: cfg.ReplayMessages, Time: cfg.ReplayTime, Bytes: cfg.ReplayBytes}
}
