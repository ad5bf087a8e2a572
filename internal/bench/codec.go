package main

import (
	"context"
	"fmt"
	"time"
)

// codecRow is work on messages, ours and Python's.
type codecRow struct {
	what         string
	ours, theirs string // the names of the work
	file         int    // 0: the file message, 1: the dataset message
	figure       float64
}

var codecRows = []codecRow{
	{"decode, generic data, 748 B", "decode", "decode", 0, 8},
	{"decode, generic data, 18 kB", "decode", "decode", 1, 12},
	{"decode header and three fields into a struct", "decode-struct", "decode", 0, 30},
	{"make and encode, from a map", "encode-map", "make", 0, 18},
	{"make and encode, from a struct", "encode-struct", "make", 0, 22},
	{"the same, beside encode() of a message that is made, map", "encode-map", "encode", 0, 0},
	{"the same, beside encode() of a message that is made, struct", "encode-struct", "encode", 0, 0},
}

const codecTime, quickCodecTime = 200 * time.Millisecond, 100 * time.Millisecond

// codec compares decoding and encoding. Both sides tell how much of the processors they took themselves: on a machine that is busy, how long they waited for
// one says nothing.
func codec(ctx context.Context, b *bench) ([]row, error) {
	var files []string
	for _, text := range []string{fileMessage, datasetMessage} {
		file, err := b.writeMessage(text)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	ours, err := b.talk(ctx, b.program("gopeer"), append([]string{"codec"}, files...)...)
	if err != nil {
		return nil, err
	}
	defer ours.stop()
	theirs, err := b.talk(ctx, b.python, append([]string{b.script("codec.py")}, files...)...)
	if err != nil {
		return nil, err
	}
	defer theirs.stop()
	var rows []row
	for _, c := range codecRows {
		r := row{what: c.what, unit: "messages per CPU s", ours: &series{name: "ours"}, other: &series{name: namePython}, figure: c.figure}
		for range b.pick(7, 5) {
			if err := r.ours.work(ours, c.ours, c.file, b.duration(codecTime, quickCodecTime)); err != nil {
				return nil, err
			}
			if err := r.other.work(theirs, c.theirs, c.file, b.duration(codecTime, quickCodecTime)); err != nil {
				return nil, err
			}
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// work is a round.
func (s *series) work(t *talker, name string, file int, d time.Duration) error {
	answer, err := t.ask(2, "%s %d %f", name, file, d.Seconds())
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	count, cpu := answer[0], answer[1]
	s.values = append(s.values, count/cpu)
	s.cpu = append(s.cpu, cpu/count*1e6)
	s.memory, err = t.peak()
	return err
}
