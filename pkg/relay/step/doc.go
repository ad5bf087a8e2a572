// Package step is what a relay does with messages on their way: keeping and dropping, renaming, rewriting, setting fields, limiting.
//
//	chain, err := step.Compile("step", configs)
//	...
//	item := step.NewItem(m)
//	if result := chain.Do(item, time.Now()); result.Reason == "" {
//		send(result.Message.Bytes())
//	}
//
// It is pure: no I/O, no clock but the time that is passed in. The steps of a chain run in order, each on what those before have left. A message that no
// step has changed goes out with the very bytes that came in.
//
// # What decoding costs
//
// Steps that look at the header alone (subject, type, sender, time) never decode the data. The first step that asks for the data decodes it, once
// for all steps. A message whose JSON can't be decoded is dropped by such a step, with [BadData]: no subscriber could read it.
//
// # What a change leaves alone
//
// A change of the header leaves every other byte as it is, and so does a change of the data with all that it does not change: spaces, the order of keys,
// escapes, the spelling of numbers. What is new is written as Python does. Of a key that comes twice the last one counts and is changed; remove takes all of
// them ([message.Message.WithChangedData]). Data that has become an empty object is no data. Setting a value that is there already changes nothing.
//
// # Paths, and values
//
// Fields are named by paths with dots: "filesystem.host". In a list a number is a place, from 0; any other name goes on into every element, so "dataset.uri"
// leads to all of them. A dot that belongs to a key has a backslash before it. Values are compared as JSON: 1 is 1.0 and not "1"; a date is
// the text it is written as. A list passes a condition as a whole, or when one of its elements does.
//
// Globs have the rules of doublestar: "*" and "?" are within one part between slashes, "**" is any number of parts, "[a-z]" one of a class, "{a,b}" one
// of several. They stand for the whole: "/segment" is that subject alone, "/segment/*" has one part more, "/segment/**" is all below it and itself. In globs for
// subjects a slash in front and one at the end say nothing, nor does one at the end of the subject: "HRPT/*/NOAA-19" fits "/HRPT/0/NOAA-19/". A glob that can match
// nothing, since it has the @ of a whole sender, the "pytroll:/" of a whole message or the port of an address in it, is an error.
//
// A [Chain] may be used by several goroutines at once, an [Item] by one.
package step
