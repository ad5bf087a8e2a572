package nameserver

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/registry"
)

// Limits of a file of state.
const (
	// oldestState is the age from which a state is not used: ports have other owners by then.
	oldestState = 24 * time.Hour
	// stateHead is the length of the first line, and what a line has besides its entry.
	stateHead = 4096
	// stateGrowth is how much longer an entry is than the announcement, at most: texts are written as Python writes them.
	stateGrowth = 4
)

// errForeignState says that a file is none of ours, and not to be written over.
var errForeignState = errors.New("the file is not a state of a nameserver")

// restored is what came of reading a state.
type restored struct {
	header   stateHeader
	entries  int
	skipped  map[string]int // by reason
	example  error          // one of those
	complete bool
}

// restore lists what the last run has left. Whatever is wrong with the file is told, and never ends the nameserver. It reports whether the
// file may be written.
func (k *keeper) restore(now time.Time) (writable bool) {
	path := k.n.saver.path
	log := k.n.log.With(zap.String("path", path))
	state, err := k.readState(path, now)
	k.n.counters.restored.Store(uint64(state.entries))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		log.Info("no state of an earlier run: beginning with an empty table")
		return true
	case errors.Is(err, errForeignState):
		log.Error("state file is something else: it is left alone, and no state is kept", zap.Error(err))
		return false
	case err != nil:
		log.Warn("state of the earlier run is not used, or not all of it", zap.Int("count", state.entries), zap.Error(err))
		return true
	}
	age := now.Sub(state.header.Saved)
	fields := []zap.Field{zap.Int("count", state.entries), zap.Duration("age", age.Round(time.Millisecond))}
	if age < 0 {
		log.Warn("state comes from the future: the clock was wrong when it was written, or is now")
	}
	if len(state.skipped) > 0 {
		log.Warn("entries of the state passed over", zap.Any("cause", state.skipped), zap.NamedError("error", state.example))
	}
	if !state.complete {
		log.Warn("state is torn: what comes before is used", fields...)
		return true
	}
	log.Info("state of the earlier run is listed, unconfirmed", fields...)
	return true
}

// readState lists what a file holds.
func (k *keeper) readState(path string, now time.Time) (state restored, err error) {
	file, err := openState(path)
	if err != nil {
		return state, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	cfg := k.n.config()
	limit := stateGrowth * cfg.MaxRequestBytes
	largest := int64(max(cfg.MaxEntries*registry.EntryMemory, registry.LeastMemory))
	counted := &io.LimitedReader{R: file, N: largest}
	lines := bufio.NewReaderSize(counted, limit+stateHead)
	if err := state.readHeader(lines, now); err != nil {
		return state, err
	}
	for {
		line, err := nextLine(lines)
		switch {
		case errors.Is(err, errLongLine):
			state.skip(refuse(reasonTooLong, "%w", err))
			continue
		case errors.Is(err, io.EOF) && counted.N <= 0:
			return state, fmt.Errorf("the file is larger than %d bytes, more than max_entries take", largest)
		case errors.Is(err, io.EOF):
			return state, nil
		case err != nil:
			return state, err
		}
		if bytes.HasPrefix(line, []byte(endMember)) {
			state.complete = true
			return state, nil
		}
		k.restoreLine(line, limit, &state, now)
	}
}

// openState opens a regular file; anything else could block, or never end.
func openState(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%w: %s", errForeignState, info.Mode().Type())
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// readHeader reads the first line.
func (s *restored) readHeader(lines *bufio.Reader, now time.Time) error {
	line, err := nextLine(lines)
	if blank := len(bytes.Trim(line, "\x00")) == 0; blank && (err == nil || errors.Is(err, io.EOF)) {
		return errors.New("the file is empty, as after a power cut")
	}
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, errLongLine) {
		return err
	}
	if err := json.Unmarshal(line, &s.header); err != nil || s.header.Format != stateFormat {
		return errForeignState
	}
	if s.header.Version != stateVersion {
		return fmt.Errorf("version %d of the format is not known here, %d is", s.header.Version, stateVersion)
	}
	if age := now.Sub(s.header.Saved); age > oldestState {
		return fmt.Errorf("it was written %s ago, and is used for %s", age.Round(time.Second), oldestState)
	}
	return nil
}

// restoreLine lists one entry. It counts as heard now: if all stay silent, it is we who cannot hear.
func (k *keeper) restoreLine(line []byte, limit int, state *restored, now time.Time) {
	n := k.n
	saved, err := parseStateLine(line, limit, state.header, n.config(), n.assumed)
	if err == nil && saved.Way == registry.Group && n.local.contains(saved.Source.Addr) {
		saved.Way = registry.Local
	}
	if err == nil && saved.Way == registry.Group && n.config().RestrictToLocalhost {
		err = refuse(reasonForeign, "announced by another host")
	}
	if err == nil {
		err = n.registry.Restore(saved, now)
	}
	if err != nil {
		state.skip(err)
		return
	}
	k.deafness.had = k.deafness.had || saved.Way == registry.Local
	k.hears(saved.Way, saved.Source.Addr, now)
	state.entries++
}

func (s *restored) skip(err error) {
	if s.skipped == nil {
		s.skipped = make(map[string]int)
	}
	reason := asRefusal(err).reason
	switch {
	case errors.Is(err, registry.ErrListed):
		reason = reasonListed
	case errors.Is(err, registry.ErrTableFull), errors.Is(err, registry.ErrSourceFull):
		reason = tableReason(err)
	}
	if s.skipped[reason]++; s.example == nil {
		s.example = err
	}
}

// errLongLine says that a line is longer than any that was written.
var errLongLine = errors.New("line too long")

// nextLine returns a line without its end, until the next call. The last one has an end, too: what has none is torn.
func nextLine(lines *bufio.Reader) ([]byte, error) {
	line, err := lines.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = lines.ReadSlice('\n')
		}
		if err == nil || errors.Is(err, io.EOF) {
			err = errLongLine
		}
		return nil, err
	}
	if err != nil {
		return line, err
	}
	return line[:len(line)-1], nil
}
