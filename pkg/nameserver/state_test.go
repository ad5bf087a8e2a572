package nameserver_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/pytroll/posttroll-go/pkg/nameserver"
)

// kept is a configuration with a state in dir.
func kept(dir string, change func(*nameserver.Config)) nameserver.Config {
	return quiet(func(c *nameserver.Config) {
		c.StateFile = filepath.Join(dir, "state.jsonl")
		if change != nil {
			change(c)
		}
	})
}

// runs runs nameservers one after the other, each on a network of its own.
func runs(t *testing.T, cfg nameserver.Config, tests ...func(t *testing.T, s *site)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		for _, test := range tests {
			func() {
				s := newSite(t, cfg, nil, nameserver.Hooks{}, nil)
				defer s.close()
				test(t, s)
			}()
		}
	})
}

// entries is the reply to a lookup.
func (s *site) entries(service string) string {
	s.t.Helper()
	return string(decode(s.t, s.request(hostB, lookups, lookup(s.t, service))).RawData())
}

const unconfirmed = `"unconfirmed": true`

func TestKnownAfterRestart(t *testing.T) {
	t.Parallel()
	date := announcement("tcp://10.0.0.2:9001", "20260101")
	extra := strings.Replace(announcement("tcp://10.0.0.3:9002", "viirs"), `"URI"`, `"unconfirmed": true, "x": NaN, "at": "2024-01-01T00:00:00+02:00", "URI"`, 1)
	runs(t, kept(t.TempDir(), nil), func(t *testing.T, s *site) {
		s.multicast(hostA, announcement(uriA, "viirs"), date)
		s.register(hostB, extra)
		if got := s.entries(""); strings.Contains(got, "unconfirmed") {
			t.Errorf("confirmed, and yet %s", got)
		}
	}, func(t *testing.T, s *site) {
		all := []string{uriA, "tcp://10.0.0.2:9001", "tcp://10.0.0.3:9002"}
		check(t, "listed at once", s.listed(""), all)
		check(t, "by a name like a date", s.listed("20260101"), all[1:2])
		check(t, "marked", strings.Count(s.entries(""), unconfirmed), 3)
		check(t, "feed", s.feed.changes(t), []string{})
		check(t, "status", s.server.Stats().String(), "3 publishers, 3 lookups, 3 not heard of since the start")

		time.Sleep(9 * time.Minute)
		s.register(hostB, extra)
		check(t, "marked", strings.Count(s.entries(""), unconfirmed), 2)
		check(t, "feed", s.feed.changes(t), []string{"+" + all[2]})
		time.Sleep(time.Minute + time.Second)
		check(t, "listed after max age", s.listed(""), all[2:])
		check(t, "feed", s.feed.changes(t), []string{"-" + all[0], "-" + all[1]})
		stats := s.server.Stats()
		check(t, "counted", []uint64{stats.Restored, stats.Confirmed, uint64(stats.Unconfirmed), stats.Removed}, []uint64{3, 1, 0, 2})
	})
}

// What is written while it runs is all that a kill leaves.
func TestWrittenWhileItRuns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cfg := kept(dir, nil)
	inSite(t, cfg, func(t *testing.T, s *site) {
		written := func() string {
			time.Sleep(2 * time.Second)
			synctest.Wait()
			b, err := os.ReadFile(cfg.StateFile)
			if err != nil {
				t.Fatal(err)
			}
			return string(b)
		}
		s.multicast(hostA, announcement(uriA, "viirs"))
		first := written()
		check(t, "lines", strings.Count(first, "\n"), 3)
		for range 10 {
			s.multicast(hostA, announcement(uriA, "viirs"))
		}
		check(t, "renewed: not written again", written(), first)
		s.multicast(hostA, withdrawal(uriA, "viirs"))
		if got := written(); !strings.Contains(got, `"withdrawn": true`) {
			t.Errorf("withdrawn: %s", got)
		}
		time.Sleep(time.Minute)
		check(t, "gone: lines", strings.Count(written(), "\n"), 2)
		check(t, "saves", s.server.Stats().StateSaves, uint64(3))
	})
}

func TestSecureStaysSecure(t *testing.T) {
	t.Parallel()
	runs(t, kept(t.TempDir(), nil), func(t *testing.T, s *site) {
		s.multicast(hostA, secured(uriA, "x"))
	}, func(t *testing.T, s *site) {
		check(t, "plain lookup", s.listed("x"), []string{})
		s.multicast(hostB, announcement(uriA, "x"))
		check(t, "another host makes it plain", s.listed("x"), []string{})
		check(t, "refused", s.server.Stats().Refused, map[string]uint64{"foreign_change": 1})
		check(t, "unconfirmed", s.server.Stats().Unconfirmed, 1)
	})
}

// A file with these lines, as they are or damaged.
const (
	stateHead  = `{"format": "posttroll nameserver state", "version": 1, "saved": "2000-01-01T00:00:00Z", "backend": "unsecure_zmq"}`
	stateEntry = `{"heard": "1999-12-31T23:59:00Z", "from": "10.0.0.2", "via": "multicast", "entry": {"URI": "tcp://10.0.0.2:9000", "service": ["viirs"], "status": true, "name": "address"}}`
	stateEnd   = `{"entries": 1}`
)

func TestDamagedState(t *testing.T) {
	t.Parallel()
	entry := func(from, to string) string { return strings.Replace(stateEntry, from, to, 1) }
	secureLine := entry(`"via"`, `"secure": true, "via"`)
	tests := []struct {
		name  string
		lines []string
		end   string
		want  []string // listed
		logs  string   // part of a warning or an error; empty: there is none
		keeps bool     // the file, as it is
	}{
		{"whole", []string{stateHead, stateEntry, stateEnd}, "\n", []string{uriA}, "", false},
		{"of another day", []string{strings.Replace(stateHead, "2000-01-01", "1999-12-25", 1), stateEntry, stateEnd}, "\n", []string{}, "is not used", false},
		{"from the future", []string{strings.Replace(stateHead, "2000", "2031", 1), stateEntry, stateEnd}, "\n", []string{uriA}, "from the future", false},
		{"heard in the future", []string{stateHead, entry("1999", "2031"), stateEnd}, "\n", []string{uriA}, "", false},
		{"of a newer format", []string{strings.Replace(stateHead, `1,`, `2,`, 1), stateEntry, stateEnd}, "\n", []string{}, "is not used", false},
		{"torn behind the header", []string{stateHead}, "\n", []string{}, "is torn", false},
		{"torn in the header", []string{stateHead[:20]}, "", []string{}, "is something else", true},
		{"torn in the end", []string{stateHead, stateEntry, `{"entr`}, "", []string{uriA}, "is torn", false},
		{"torn in an entry", []string{stateHead, stateEntry, stateEntry[:100]}, "", []string{uriA}, "is torn", false},
		{"empty", nil, "", []string{}, "is not used", false},
		{"zeros after a power cut", []string{strings.Repeat("\x00", 9000)}, "", []string{}, "is not used", false},
		{"another file", []string{"root:x:0:0:root:/root:/bin/bash"}, "\n", []string{}, "is something else", true},
		{"another JSON", []string{`{"format": "x"}`}, "\n", []string{}, "is something else", true},
		{"one long line", []string{strings.Repeat("x", 1<<20)}, "", []string{}, "is something else", true},
		{"a long line inside", []string{stateHead, strings.Repeat("x", 1<<20), stateEntry, stateEnd}, "\n", []string{uriA}, "passed over", false},
		{"no line", []string{stateHead, "hello", "", "{}", stateEntry, stateEnd}, "\n", []string{uriA}, "passed over", false},
		{"twice", []string{stateHead, stateEntry, stateEntry, stateEnd}, "\n", []string{uriA}, "passed over", false},
		{"no URI", []string{stateHead, entry(`"URI"`, `"uri"`), stateEnd}, "\n", []string{}, "passed over", false},
		{"what ends a Python subscriber", []string{stateHead, entry("tcp://10.0.0.2:9000", "10.0.0.2:x"), stateEnd}, "\n", []string{}, "passed over", false},
		{"bad source", []string{stateHead, entry("10.0.0.2", "x"), stateEnd}, "\n", []string{}, "passed over", false},
		{"secure by the line alone", []string{stateHead, secureLine, stateEnd}, "\n", []string{}, "passed over", false},
		{"plain by the line alone", []string{stateHead, entry(`"status"`, `"backend": "secure_zmq", "status"`), stateEnd}, "\n", []string{}, "passed over", false},
		{"no backend, and the nameserver was secure", []string{strings.Replace(stateHead, "unsecure", "secure", 1), stateEntry, stateEnd}, "\n",
			[]string{}, "passed over", false},
		{"a backend, and the nameserver was secure", []string{strings.Replace(stateHead, "unsecure", "secure", 1),
			entry(`"status"`, `"backend": "unsecure_zmq", "status"`), stateEnd}, "\n", []string{uriA}, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := kept(t.TempDir(), nil)
			text := strings.Join(tt.lines, "\n") + tt.end
			if err := os.WriteFile(cfg.StateFile, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			inSite(t, cfg, func(t *testing.T, s *site) {
				check(t, "listed", s.listed(""), tt.want)
				got := strings.Join(append(s.logged(zapcore.WarnLevel), s.logged(zapcore.ErrorLevel)...), "\n")
				if tt.logs == "" && got != "" || !strings.Contains(got, tt.logs) {
					t.Errorf("logged %q, want %q", got, tt.logs)
				}
				s.multicast(hostB, announcement(uriB, "viirs"))
				check(t, "goes on", s.listed(""), append(tt.want, uriB))
			})
			after, err := os.ReadFile(cfg.StateFile)
			if err != nil {
				t.Fatal(err)
			}
			check(t, "kept as it was", string(after) == text, tt.keeps)
		})
	}
}

func TestStateIsNoFile(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(path string) error{
		"pipe":      func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"directory": func(path string) error { return os.Mkdir(path, 0o700) },
		"device":    func(path string) error { return os.Symlink("/dev/zero", path) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := kept(t.TempDir(), nil)
			if err := make(cfg.StateFile); err != nil {
				t.Fatal(err)
			}
			inSite(t, cfg, func(t *testing.T, s *site) {
				s.multicast(hostB, announcement(uriB, "viirs"))
				check(t, "goes on", s.listed(""), []string{uriB})
				check(t, "logged", s.logged(zapcore.ErrorLevel), []string{"state file is something else: it is left alone, and no state is kept"})
			})
		})
	}
}

// A state that is larger than the table is read as far as there is room.
func TestHugeState(t *testing.T) {
	t.Parallel()
	cfg := kept(t.TempDir(), func(c *nameserver.Config) { c.MaxEntries, c.MaxEntriesPerSource = 100, 50 })
	var text strings.Builder
	text.WriteString(stateHead + "\n")
	for i := range 20_000 {
		host := fmt.Sprintf("10.0.%d.2", i/60)
		text.WriteString(strings.ReplaceAll(strings.Replace(stateEntry, "9000", fmt.Sprint(9000+i), 1), "10.0.0.2", host) + "\n")
	}
	if err := os.WriteFile(cfg.StateFile, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	inSite(t, cfg, func(t *testing.T, s *site) {
		check(t, "listed", len(s.listed("")), 100)
		check(t, "logged", s.logged(zapcore.WarnLevel), []string{"state of the earlier run is not used, or not all of it"})
	})
}

// A disk that is full, or whatever else keeps the state from being written, is told of once and counted, and ends nothing.
func TestStateCannotBeWritten(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "later")
	inSite(t, kept(dir, nil), func(t *testing.T, s *site) {
		s.multicast(hostA, announcement(uriA, "viirs"))
		time.Sleep(time.Minute)
		synctest.Wait()
		check(t, "logged", s.logged(zapcore.ErrorLevel), []string{"state not written: after a restart publishers are listed as they announce themselves"})
		check(t, "goes on", s.listed(""), []string{uriA})
		stats := s.server.Stats()
		if stats.StateFailures < 5 || stats.StateFailures > 7 || stats.StateSaves != 0 {
			t.Errorf("failures: %d, saves: %d", stats.StateFailures, stats.StateSaves)
		}
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		time.Sleep(11 * time.Second)
		synctest.Wait()
		if !strings.Contains(strings.Join(s.logged(zapcore.InfoLevel), "\n"), "state is written again") || s.server.Stats().StateSaves != 1 {
			t.Errorf("not written again: %v", s.logged(zapcore.InfoLevel))
		}
	})
}

// Two nameservers with one file: the second one says so, and both go on.
func TestStateOfAnother(t *testing.T) {
	t.Parallel()
	cfg := kept(t.TempDir(), nil)
	other, err := os.Create(cfg.StateFile + ".new")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := other.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := syscall.Flock(int(other.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	inSite(t, cfg, func(t *testing.T, s *site) {
		s.multicast(hostA, announcement(uriA, "viirs"))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		check(t, "failures", s.server.Stats().StateFailures, uint64(1))
	})
	if _, err := os.Stat(other.Name()); err != nil {
		t.Errorf("the other's file: %v", err)
	}
}

// Nothing is removed while all fall silent at once, also right after a start, and each has max_age when somebody is heard again.
func TestNoMassRemoval(t *testing.T) {
	t.Parallel()
	runs(t, kept(t.TempDir(), nil), func(t *testing.T, s *site) {
		s.multicast(hostA, announcement(uriA, "viirs"))
		s.multicast(hostB, announcement(uriB, "viirs"))
		time.Sleep(time.Hour)
		check(t, "listed", s.listed(""), []string{uriA, uriB})
		check(t, "deaf", s.server.Stats().Deaf, map[string]int{"multicast": 1, "local_multicast": 0, "direct": 0})
		check(t, "feed", s.feed.changes(t), []string{"+" + uriA, "+" + uriB})
	}, func(t *testing.T, s *site) {
		time.Sleep(time.Hour)
		check(t, "listed after a restart", s.listed(""), []string{uriA, uriB})
		check(t, "warned", s.logged(zapcore.WarnLevel), []string{"publishers cannot be heard: they stay listed until they can"})
		s.multicast(hostB, announcement(uriB, "viirs"))
		for range 9 {
			time.Sleep(time.Minute)
			s.multicast(hostB, announcement(uriB, "viirs"))
		}
		check(t, "one is back", s.listed(""), []string{uriA, uriB})
		time.Sleep(time.Minute + time.Second)
		check(t, "the other had its time", s.listed(""), []string{uriB})
		check(t, "feed", s.feed.changes(t), []string{"+" + uriB, "-" + uriA})
	})
}

// Own announcements are known when they come back from the group.
func TestEcho(t *testing.T) {
	t.Parallel()
	cfg := quiet(func(c *nameserver.Config) { c.FeedAnnounceInterval = 2 * time.Second })
	inSite(t, cfg, func(t *testing.T, s *site) {
		s.multicast(serverHost, announcement("tcp://10.0.0.1:9000", "viirs"))
		time.Sleep(10*time.Minute + time.Second)
		check(t, "listed: silence is silence", s.listed("viirs"), []string{})
		check(t, "deaf", s.server.Stats().Deafened, uint64(0))
		if n := s.server.Stats().Announcements; n < 280 || n > 350 {
			t.Errorf("own announcements are counted %d times", n)
		}
	})
}
