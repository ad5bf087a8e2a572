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
// The wire format is described in doc/protocol.md, section 1. Reading and
// writing agree with Python's json and datetime modules to the byte; where the
// reference would send what no peer can read, [Encoder.Encode] returns an
// error, and [Message.CheckStrict] finds what would end a Python subscriber.
//
// # Traps
//
// A subject by convention begins with a slash. One without is sent as it is
// given, and then no subscription but the one to everything ("pytroll:/") sees
// it: [Topic] puts a slash in front of all others.
//
// Data that is false to Python ("", 0, false, nil, an empty list or object) is
// not sent at all: [Message.Data] of what arrives is "", whatever it was.
//
// In JSON data a string inside an object that looks like a date is one:
// "20101203" is a [Time] in generic data, in Go as in Python. A field of type
// string gets it as it came, and so does [Message.PlainData].
//
// A message keeps the frame that it was decoded from, and its words, and strings
// in its data, are parts of that frame. Whoever lets the memory be used again, as
// with transport's Recycle, has to be done with all of them before, or take
// strings.Clone of those that stay.
//
// What is kept of a message keeps more: a string the frame, and a generic value
// in an any others of its message too. Of what is to be kept much longer than
// its message take strings.Clone; a Time has nothing of the message once it is a
// Time and no any.
//
// Times are compared by [Time.Equal]. Two of the same instant need not be == in
// Go, as with time.Time, and a naive one equals none that has an offset.
//
// # Concurrency
//
// Everything in this package is a pure function of its arguments, but for New
// and Encode, which read the clock and, once, the user and host name where
// these are not given. All of it may be called concurrently.
package message
