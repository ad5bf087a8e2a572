package relay

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// SubjectStats tell what came under the subjects that begin in the same way.
type SubjectStats struct {
	// Prefix is the beginning: as many words of the subject as Config.SubjectDepth says. Heartbeats of all publishers are one, "/heartbeat", and "other" are those
	// for which there is no room.
	Prefix string
	// Messages have come, of so many Bytes.
	Messages, Bytes uint64
	// Received is when the last one came.
	Received time.Time
	// Written is the latest time that one had in its header, no later than it came: a clock that goes wrong does not make what follows look old.
	Written time.Time
}

// Bounds of what is told by subject.
const (
	maxSubjects    = 200
	maxPrefix      = 200            // bytes
	subjectsForget = 24 * time.Hour // then one gives way to others, when there is no room

	prefixOther     = "other"
	prefixHeartbeat = "/heartbeat"
	typeBeat        = "beat"
)

// subjects counts messages by the beginnings of their subjects.
type subjects struct {
	mu    sync.Mutex
	depth int // 0: nothing is counted
	known map[string]*SubjectStats
}

// setDepth says how many words of a subject count. With another depth counting begins anew.
func (s *subjects) setDepth(depth int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.depth != depth {
		s.depth, s.known = depth, make(map[string]*SubjectStats)
	}
}

// note counts what came at now.
func (s *subjects) note(batch []Received, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.depth == 0 {
		return
	}
	for i := range batch {
		m := batch[i].Message
		if m == nil {
			continue
		}
		prefix := prefixHeartbeat
		if m.Type() != typeBeat {
			prefix = subjectPrefix(m.Subject(), s.depth)
		}
		one := s.of(prefix, now)
		one.Messages++
		one.Bytes += uint64(len(batch[i].Frame))
		one.Received = now
		if written := m.Time().Time; written.After(now) {
			one.Written = now
		} else if written.After(one.Written) {
			one.Written = written
		}
	}
}

// of returns what is told of a prefix, which is a part of a message. The caller holds mu.
func (s *subjects) of(prefix string, now time.Time) *SubjectStats {
	if one := s.known[prefix]; one != nil {
		return one
	}
	if len(s.known) >= maxSubjects-1 {
		maps.DeleteFunc(s.known, func(_ string, one *SubjectStats) bool { return now.Sub(one.Received) > subjectsForget })
	}
	if len(s.known) >= maxSubjects-1 { // one place is for the others
		prefix = prefixOther
		if one := s.known[prefix]; one != nil {
			return one
		}
	}
	prefix = strings.Clone(prefix)
	one := &SubjectStats{Prefix: prefix}
	s.known[prefix] = one
	return one
}

// stats returns what was counted, sorted by prefix.
func (s *subjects) stats() []SubjectStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]SubjectStats, 0, len(s.known))
	for _, one := range s.known {
		all = append(all, *one)
	}
	slices.SortFunc(all, func(a, b SubjectStats) int { return cmp.Compare(a.Prefix, b.Prefix) })
	return all
}

// subjectPrefix returns the first words of a subject, with the slash before them if there is one.
func subjectPrefix(subject string, words int) string {
	at := 0
	if strings.HasPrefix(subject, "/") {
		at = 1
	}
	for ; words > 0; words-- {
		next := strings.IndexByte(subject[at:], '/')
		if next < 0 {
			at = len(subject) + 1
			break
		}
		at += next + 1
	}
	prefix := subject[:max(at-1, 0)]
	if len(prefix) > maxPrefix {
		prefix = strings.ToValidUTF8(prefix[:maxPrefix], "")
	}
	return prefix
}

// Subjects returns what came, by the beginnings of the subjects; nothing without Options.Watch.
func (r *Relay) Subjects() []SubjectStats { return r.subjects.stats() }
