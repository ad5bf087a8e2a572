package main

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/pytroll/posttroll-go/internal/jsonline"
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/message"
)

// flushInterval is the longest time for which a recorded message is not in the file yet.
const flushInterval = time.Second

// recording is a file of messages, as JSON lines with the times at which they were received. Its methods but Close may be called concurrently.
type recording struct {
	file *os.File

	mu    sync.Mutex
	out   *bufio.Writer
	gz    *gzip.Writer // nil: it is not compressed
	timer *time.Timer  // flushes; nil: nothing is to be
	err   error        // of a flush
	bytes int64        // before compression
}

// recordingMode says what happens to a file that is there.
type recordingMode struct{ append, replace bool }

// compressed tells by the name of a file whether it is compressed; other kinds of compression are wrong usage.
func compressed(path string) (bool, error) {
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".gz":
		return true, nil
	case ".zst", ".xz", ".bz2", ".lz4", ".zip", ".z":
		return false, daemon.Usage("%s: recordings are compressed as .gz alone", path)
	}
	return false, nil
}

// createRecording opens a file for a recording. The caller closes it.
func createRecording(path string, mode recordingMode) (*recording, error) {
	packed, err := compressed(path)
	if err != nil {
		return nil, err
	}
	flags := os.O_WRONLY | os.O_CREATE
	switch {
	case mode.append:
		flags |= os.O_APPEND
	case mode.replace:
		flags |= os.O_TRUNC
	default:
		flags |= os.O_EXCL
	}
	file, err := os.OpenFile(path, flags, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil, daemon.Hint(fmt.Errorf("record to %s: the file is there already", path), "--append adds to it, --force replaces it")
	}
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	r := &recording{file: file, out: bufio.NewWriter(file)}
	if packed {
		r.gz = gzip.NewWriter(r.out) // behind others in one file, it is read on
	}
	return r, nil
}

// add writes a message that was received.
func (r *recording) add(m *message.Message, at time.Time) error {
	text, err := jsonline.MarshalReceived(m, at)
	if err != nil {
		return err
	}
	text = append(text, '\n')
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return r.err
	}
	r.bytes += int64(len(text))
	if _, r.err = r.writer().Write(text); r.err == nil && r.timer == nil {
		r.timer = time.AfterFunc(flushInterval, r.flushLate)
	}
	return r.err
}

func (r *recording) writer() io.Writer {
	if r.gz != nil {
		return r.gz
	}
	return r.out
}

func (r *recording) flushLate() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.timer = nil
	if r.err == nil {
		r.err = r.flush()
	}
}

// flush gets all to the file. The caller holds mu.
func (r *recording) flush() error {
	if r.gz != nil {
		if err := r.gz.Flush(); err != nil {
			return err
		}
	}
	return r.out.Flush()
}

// size is the number of bytes written, before compression.
func (r *recording) size() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.bytes
}

// Close ends the file. It tells also what went wrong before and was not told yet.
func (r *recording) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.timer != nil {
		r.timer.Stop()
	}
	if r.err == nil && r.gz != nil {
		r.err = r.gz.Close()
	}
	if r.err == nil {
		r.err = r.out.Flush()
	}
	err := errors.Join(r.err, r.file.Close())
	r.err = fs.ErrClosed
	return err
}

// tape is a recording that is read.
type tape struct {
	io.Reader

	file *os.File
	size int64 // of the file; 0: not known
	cut  bool  // it ends in the middle

	mu       sync.Mutex
	read     int64 // bytes of the file
	unpacked int64 // bytes of lines in these
}

// openTape opens a recording, whether or not it is compressed; "-" is standard input. The caller closes it.
func openTape(path string, stdin io.Reader) (*tape, error) {
	t := &tape{}
	in := stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("replay: %w", err)
		}
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			t.size = info.Size()
		}
		t.file, in = file, file
	}
	r := bufio.NewReader(counting{in, t, &t.read})
	if magic, _ := r.Peek(2); string(magic) != "\x1f\x8b" { // RFC 1952; a file that can't be read says so again
		t.Reader = counting{r, t, &t.unpacked}
		return t, nil
	}
	unpacked, err := gzip.NewReader(r)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("replay %s: %w", path, err), t.Close())
	}
	t.Reader = counting{cutting{unpacked, t}, t, &t.unpacked}
	return t, nil
}

// counting counts what is read.
type counting struct {
	io.Reader
	tape  *tape
	count *int64
}

func (c counting) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.tape.mu.Lock()
	*c.count += int64(n)
	c.tape.mu.Unlock()
	return n, err
}

// cutting takes a compressed file that ends in the middle, since who wrote it was killed, for one that ends there.
type cutting struct {
	io.Reader
	tape *tape
}

func (c cutting) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		c.tape.mu.Lock()
		c.tape.cut = true
		c.tape.mu.Unlock()
		err = io.EOF
	}
	return n, err
}

// done is how much of the file is done, from 0 to 1, when so many bytes of its lines are; below 0: it is not known. Of a compressed file it is an estimate.
func (t *tape) done(lines int64) float64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.size == 0 || t.unpacked == 0 {
		return -1
	}
	return min(float64(t.read)/float64(t.size)*float64(lines)/float64(t.unpacked), 1)
}

// wasCut tells whether the file ended in the middle.
func (t *tape) wasCut() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.cut
}

// Close closes the file.
func (t *tape) Close() error {
	if t.file == nil {
		return nil
	}
	return t.file.Close()
}
