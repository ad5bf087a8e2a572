package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// some is what a program wants to know of a file message.
type some struct {
	Start       message.Time `json:"start_time"`
	OrbitNumber int          `json:"orbit_number"`
	UID         string       `json:"uid"`
}

// whole is all of it.
type whole struct {
	Start            message.Time `json:"start_time"`
	End              message.Time `json:"end_time"`
	OrbitNumber      int          `json:"orbit_number"`
	PlatformName     string       `json:"platform_name"`
	Sensor           []string     `json:"sensor"`
	Format           string       `json:"format"`
	Type             string       `json:"type"`
	Level            string       `json:"data_processing_level"`
	UID              string       `json:"uid"`
	URI              string       `json:"uri"`
	Variant          string       `json:"variant"`
	Station          string       `json:"station"`
	Antenna          string       `json:"antenna"`
	RequestAddress   string       `json:"request_address"`
	Path             string       `json:"path"`
	Origin           string       `json:"origin"`
	CollectionAreaID string       `json:"collection_area_id"`
	Segment          string       `json:"segment"`
}

// codec does the work that it is asked for, line by line: "WORK FILE SECONDS", with WORK one of those in works and FILE the number of a message. The answer is
// the number of messages and the seconds of processors that this process took for them, those of its collector of garbage included.
func codec(files []string, in io.Reader, out io.Writer) error {
	var frames [][]byte
	for _, name := range files {
		frame, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		frames = append(frames, frame)
	}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		var work string
		var file int
		var seconds float64
		if _, err := fmt.Sscanf(lines.Text(), "%s %d %f", &work, &file, &seconds); err != nil {
			return fmt.Errorf("%q: %w", lines.Text(), err)
		}
		prepare := works[work]
		if prepare == nil || file < 0 || file >= len(frames) {
			return fmt.Errorf("what is %q", lines.Text())
		}
		do, err := prepare(frames[file])
		if err != nil {
			return err
		}
		n, cpu, err := repeat(do, time.Duration(seconds*float64(time.Second)))
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(out, n, cpu.Seconds()); err != nil {
			return err
		}
	}
	return lines.Err()
}

// repeat does something for a time.
func repeat(do func() error, d time.Duration) (n int, cpu time.Duration, err error) {
	const batch = 20
	before, err := cpuTime()
	if err != nil {
		return 0, 0, err
	}
	for begun := time.Now(); time.Since(begun) < d; n += batch {
		for range batch {
			if err := do(); err != nil {
				return 0, 0, err
			}
		}
	}
	after, err := cpuTime()
	return n, after - before, err
}

// cpuTime is what this process has taken of all processors, in nanoseconds, where /proc tells hundredths of a second.
func cpuTime() (time.Duration, error) {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		return 0, fmt.Errorf("clock of the process: %w", err)
	}
	return time.Duration(t.Nano()), nil
}

var works = map[string]func(frame []byte) (func() error, error){
	"decode":        decode,
	"decode-struct": decodeStruct,
	"encode-map":    encodeMap,
	"encode-struct": encodeStruct,
}

// decode is the header and all of the data, as generic values.
func decode(frame []byte) (func() error, error) {
	return func() error {
		m, err := message.Decode(frame)
		if err != nil {
			return err
		}
		_, err = m.Data()
		return err
	}, nil
}

// decodeStruct is the header and three fields.
func decodeStruct(frame []byte) (func() error, error) {
	return func() error {
		m, err := message.Decode(frame)
		if err != nil {
			return err
		}
		var data some
		return m.Unmarshal(&data)
	}, nil
}

func encodeMap(frame []byte) (func() error, error)    { return encode(frame, &map[string]any{}) }
func encodeStruct(frame []byte) (func() error, error) { return encode(frame, &whole{}) }

// encode writes a message like the one given, the data of which is of the type that data points to.
func encode[T any](frame []byte, data *T) (func() error, error) {
	m, err := message.Decode(frame)
	if err != nil {
		return nil, err
	}
	if err := m.Unmarshal(data); err != nil {
		return nil, err
	}
	fields := message.Fields{Subject: m.Subject(), Type: m.Type(), Sender: m.Sender(), Time: m.Time(), Data: *data}
	return func() error {
		_, err := message.Encoder{}.Encode(fields)
		return err
	}, nil
}
