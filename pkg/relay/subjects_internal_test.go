package relay

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

func TestSubjectPrefix(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		subject string
		words   int
		want    string
	}{
		{"/viirs/sdr/1B", 1, "/viirs"},
		{"/viirs/sdr/1B", 2, "/viirs/sdr"},
		{"/viirs/sdr/1B", 3, "/viirs/sdr/1B"},
		{"/viirs/sdr/1B", 4, "/viirs/sdr/1B"},
		{"/viirs/sdr/", 2, "/viirs/sdr"},
		{"/viirs//sdr", 2, "/viirs/"},
		{"VIIRS/L2/x", 2, "VIIRS/L2"},
		{"VIIRS", 2, "VIIRS"},
		{"/", 1, "/"},
		{"//", 1, "/"},
		{"", 1, ""},
		{"/norrköping/utv", 1, "/norrköping"},
		{"/" + strings.Repeat("x", 300), 1, "/" + strings.Repeat("x", 199)},
		{"/" + strings.Repeat("ö", 150), 1, "/" + strings.Repeat("ö", 99)},
	} {
		if got := subjectPrefix(tt.subject, tt.words); got != tt.want {
			t.Errorf("%d words of %.20q: got %q, want %q", tt.words, tt.subject, got, tt.want)
		}
	}
}

// received makes a message that came in.
func receivedMessage(t *testing.T, subject, typ string, written time.Time) Received {
	t.Helper()
	m, err := message.Encoder{}.Encode(message.Fields{Subject: subject, Type: typ, Sender: "u@h", Time: message.Time{Time: written}})
	if err != nil {
		t.Fatal(err)
	}
	return Received{Message: m, Frame: m.Bytes()}
}

func TestSubjects(t *testing.T) {
	t.Parallel()
	now := time.Date(2024, 5, 17, 12, 0, 0, 0, time.UTC)
	var s subjects
	s.note([]Received{receivedMessage(t, "/a/b", "file", now)}, now)
	if got := s.stats(); len(got) != 0 {
		t.Errorf("without a depth: %+v", got)
	}
	s.setDepth(1)
	old, future := now.Add(-time.Hour), now.Add(time.Hour)
	batch := []Received{
		receivedMessage(t, "/a/b", "file", old),
		receivedMessage(t, "/a/c", "file", old.Add(-time.Hour)), // older than what came before
		receivedMessage(t, "/b/x", "file", future),              // a clock that is wrong
		receivedMessage(t, "/heartbeat/one", "beat", now),
		receivedMessage(t, "/heartbeat/two", "beat", now),
		{Frame: []byte("no message")},
	}
	s.note(batch, now)
	size := func(i int) uint64 { return uint64(len(batch[i].Frame)) }
	want := []SubjectStats{
		{Prefix: "/a", Messages: 2, Bytes: size(0) + size(1), Received: now, Written: old},
		{Prefix: "/b", Messages: 1, Bytes: size(2), Received: now, Written: now},
		{Prefix: "/heartbeat", Messages: 2, Bytes: size(3) + size(4), Received: now, Written: now},
	}
	if diff := cmp.Diff(want, s.stats()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	s.setDepth(1)
	if got := len(s.stats()); got != 3 {
		t.Errorf("%d are left after the same depth was set", got)
	}
	s.setDepth(2)
	if got := len(s.stats()); got != 0 {
		t.Errorf("%d are left after another depth was set", got)
	}
}

// There is room for so many, and what has not been heard of for a day gives way.
func TestManySubjects(t *testing.T) {
	t.Parallel()
	now := time.Date(2024, 5, 17, 12, 0, 0, 0, time.UTC)
	var s subjects
	s.setDepth(1)
	for i := range 1000 {
		s.note([]Received{receivedMessage(t, fmt.Sprintf("/%d", i), "file", now)}, now)
	}
	all := s.stats()
	if len(all) != maxSubjects {
		t.Fatalf("%d are counted", len(all))
	}
	if last := all[len(all)-1]; last.Prefix != prefixOther || last.Messages != 1000-maxSubjects+1 {
		t.Errorf("without room: %+v", last)
	}
	later := now.Add(subjectsForget + time.Second)
	s.note([]Received{receivedMessage(t, "/new", "file", later)}, later)
	if got := s.stats(); len(got) != 1 || got[0].Prefix != "/new" {
		t.Errorf("a day later: %+v", got)
	}
}

// BenchmarkWatch is what looking at a relay costs each message: batches of one publisher, and of a hundred in turn.
func BenchmarkWatch(b *testing.B) {
	for _, publishers := range []int{1, 100} {
		b.Run(fmt.Sprintf("%d publishers", publishers), func(b *testing.B) {
			now := time.Date(2024, 5, 17, 12, 0, 0, 0, time.UTC)
			m, err := message.Encoder{}.New("/segment/SDR/1B/nrk/prod", "file", nil)
			if err != nil {
				b.Fatal(err)
			}
			batch := make([]Received, batchSize)
			for i := range batch {
				at, err := transport.ParseEndpoint(fmt.Sprintf("tcp://10.0.0.1:%d", 40000+i%publishers))
				if err != nil {
					b.Fatal(err)
				}
				batch[i] = Received{Message: m, Frame: m.Bytes(), From: at}
			}
			var f flows
			var s subjects
			s.setDepth(DefaultSubjectDepth)
			for b.Loop() {
				f.note(batch, now)
				s.note(batch, now)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/batchSize, "ns/message")
		})
	}
}
