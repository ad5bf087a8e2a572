package logging

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/coreos/go-systemd/v22/journal"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
)

// TestSpool: who logs waits for a line that is being written, but not for long, and not again until all is; what there is no room for is told.
func TestSpool(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var got []string
		s := &spool{told: func(count uint64) { got = append(got, fmt.Sprint(count, " left out")) }}
		line := func(text string, size int, takes time.Duration) func() {
			return func() {
				s.put(size, func() {
					time.Sleep(takes)
					got = append(got, text)
				})
			}
		}
		for _, step := range []struct {
			do   func()
			want time.Duration
		}{
			{line("a", 1, 0), 0},
			{line("b", 1, time.Millisecond), time.Millisecond},
			{line("slow", 1, time.Hour), spoolPatience},
			{line("c", spoolBytes-1, 0), 0},
			{line("too much", 1, 0), 0},
			{line("too much", 1, 0), 0},
			{func() { s.flush(time.Minute) }, time.Minute},
			{func() { s.flush(2 * time.Hour) }, time.Hour - time.Minute - spoolPatience},
			{line("larger than all", 2*spoolBytes, time.Millisecond), time.Millisecond},
			{line("d", 1, time.Millisecond), time.Millisecond},
			{func() { s.flush(time.Minute) }, 0},
		} {
			begin := time.Now()
			step.do()
			if waited := time.Since(begin); waited != step.want {
				t.Errorf("waited %v, want %v", waited, step.want)
			}
		}
		if diff := cmp.Diff([]string{"a", "b", "slow", "c", "2 left out", "larger than all", "d"}, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

// TestNobodyReads: a pipe that nobody reads holds nobody up, and who reads it later finds all lines in order, and the number of those that are missing.
func TestNobodyReads(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	log, err := Open(Config{Stderr: w})
	if err != nil {
		t.Fatal(err)
	}
	const lines = 20_000 // 2 MB
	begin := time.Now()
	for i := range lines {
		log.Info("nobody reads this line, which is long enough for many to be too much", zap.Int("number", i))
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("took %v, want no more than %v once", took, spoolPatience)
	}
	closed := make(chan error, 1)
	read := make(chan struct{})
	go func() {
		<-read
		closed <- w.Close()
	}()
	var numbers []int
	missing := 0
	for text := bufio.NewScanner(r); text.Scan(); {
		var line struct {
			Number *int
			Count  int
		}
		if err := json.Unmarshal(text.Bytes(), &line); err != nil {
			t.Fatalf("%s: %v", text.Bytes(), err)
		}
		if line.Number != nil {
			numbers = append(numbers, *line.Number)
			continue
		}
		missing += line.Count
		close(read) // nothing comes behind it
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if missing == 0 || len(numbers)+missing != lines || !slices.IsSorted(numbers) {
		t.Errorf("read %d lines, in order: %t, and %d were left out, want %d together", len(numbers), slices.IsSorted(numbers), missing, lines)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// TestReaderHasGone: what can't be written is lost, and nothing else happens.
func TestReaderHasGone(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	log, err := Open(Config{Stderr: w})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		log.Info("nobody reads this")
	}
	begin := time.Now()
	if err := log.Close(); err != nil || time.Since(begin) >= spoolFlush {
		t.Errorf("got %v after %v", err, time.Since(begin))
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

// TestJournalKeepsNoText: what is logged may lie in memory that is used again before the journal takes it.
func TestJournalKeepsNoText(t *testing.T) {
	t.Parallel()
	subject := []byte("/viirs/sdr/1B")
	takes := make(chan struct{})
	sent := make(chan journalFields, 1)
	s := &spool{told: func(uint64) {}}
	log := zap.New(&journalCore{LevelEnabler: zap.InfoLevel, program: "test", spool: s, send: func(_ string, _ journal.Priority, vars journalFields) error {
		<-takes
		sent <- vars
		return nil
	}})
	log.Warn("message dropped", zap.String("subject", unsafe.String(&subject[0], len(subject))), zap.Stringer("by", shown(subject)))
	copy(subject, "another text!")
	close(takes)
	vars := <-sent
	for _, field := range []string{"SUBJECT", "BY"} {
		if got := vars[fieldPrefix+field]; !slices.Equal(got, []string{"/viirs/sdr/1B"}) {
			t.Errorf("the field %s is %q", field, got)
		}
	}
}

// shown is a value whose text is its memory.
type shown []byte

func (s shown) String() string { return unsafe.String(&s[0], len(s)) }
