// Package message is the posttroll message: one line of UTF-8 text in one
// ZeroMQ frame.
//
//	pytroll:/<subject> <type> <sender> <time> <version>[ <mime> <data>]
//
// A [Message] is immutable and always holds the frame it stands for.
// [Decode] reads the header and keeps the frame; the data is decoded when
// [Message.Data] or [Message.Unmarshal] asks for it, and [Message.Bytes] of a
// message that was received returns the very bytes that came in. [New] and
// [Encoder.Encode] write the frame at once, so that an error shows where the
// data is made and not where it is sent. The With methods return changed
// copies.
//
// The smallest use:
//
//	m, err := message.New("/viirs/sdr/1B", "file", map[string]any{"uid": "x.h5"})
//	...
//	m, err = message.Decode(frame)
//	var file struct {
//		UID  string       `json:"uid"`
//		Time message.Time `json:"start_time"`
//	}
//	err = m.Unmarshal(&file)
//
// The wire format is described in doc/protocol.md, section 1.
//
// Everything in this package is a pure function of its arguments, but for New,
// which reads the clock and, once, the user and host name. All of it may be called
// concurrently.
package message
