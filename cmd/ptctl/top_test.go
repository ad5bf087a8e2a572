package main

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestMeter(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	m := newMeter(start)
	for i := range 10 {
		m.add("/a", 100, time.Duration(i)*time.Millisecond, start.Add(time.Duration(i)*time.Second))
	}
	m.add("/b", 1000, -time.Second, start.Add(time.Second))
	want := []measured{
		{Key: "/a", Messages: 10, Bytes: 1000, Rate: 1, Throughput: 100, Delay: 5 * time.Millisecond, Silence: time.Second, Gap: time.Second, LastMessage: start.Add(9 * time.Second)},
		{Key: "/b", Messages: 1, Bytes: 1000, Rate: 0.1, Throughput: 100, Delay: -time.Second, Silence: 9 * time.Second, Gap: 9 * time.Second, LastMessage: start.Add(time.Second)},
	}
	got := m.measure(start.Add(10 * time.Second))
	sortRows(got, len(orders)-1)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("first interval (-want +got):\n%s", diff)
	}
	m.add("/b", 1000, 0, start.Add(11*time.Second))
	want[0].Rate, want[0].Throughput, want[0].Silence, want[0].Gap = 0, 0, 3*time.Second, 3*time.Second
	want[1] = measured{Key: "/b", Messages: 2, Bytes: 2000, Rate: 0.5, Throughput: 500, Silence: time.Second, Gap: 10 * time.Second, LastMessage: start.Add(11 * time.Second)}
	got = m.measure(start.Add(12 * time.Second))
	sortRows(got, len(orders)-1)
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("second interval (-want +got):\n%s", diff)
	}
}

// TestMeterIsBounded: what there is no room for is counted together.
func TestMeterIsBounded(t *testing.T) {
	t.Parallel()
	now := time.Now()
	m := newMeter(now)
	for i := range meterRows + 500 {
		m.add(fmt.Sprint(i), 1, 0, now)
	}
	rows := m.measure(now.Add(time.Second))
	sortRows(rows, 1)
	if len(rows) != meterRows+1 || rows[0].Key != otherRows || rows[0].Messages != 500 {
		t.Errorf("%d rows, the first one %+v: want %d, and 500 of %s", len(rows), rows[0], meterRows+1, otherRows)
	}
}

func TestTopView(t *testing.T) {
	t.Parallel()
	rows := []measured{
		{Key: "/viirs/sdr", Messages: 12345, Bytes: 1, Rate: 20.25, Throughput: 15_400, Delay: 1500 * time.Millisecond, Silence: 40 * time.Millisecond, Gap: 14 * time.Minute},
		{Key: "/avhrr\x1b", Messages: 3, Rate: 0, Delay: -30 * time.Second, Silence: 26 * time.Hour, Gap: 72 * time.Hour},
		{Key: "/VIIRS/edr", Messages: 7, Rate: 100, Throughput: 999, Silence: 12 * time.Second, Gap: 12 * time.Second},
	}
	tests := []struct {
		name string
		view topView
		want string
	}{
		{"by rate", topView{}, `  MESSAGES    RATE/s    BYTES/s     DELAY      LAST       GAP  SUBJECT
         7     100.0      999 B      0 µs      12 s      12 s  /VIIRS/edr
     12345      20.2    15.4 kB     1.5 s     40 ms    14 min  /viirs/sdr
         3       0.0        0 B     -30 s      26 h       3 d  /avhrr` + "\uFFFD" + `
`},
		{"two of them, cut, reversed by name", topView{order: 6, reverse: true, filter: "viirs", width: 30}, `  MESSAGES    RATE/s    BYTES…
     12345      20.2    15.4 …
         7     100.0      999…
`},
		{"no more than one", topView{by: 2, order: 4, limit: 1}, `  MESSAGES    RATE/s    BYTES/s     DELAY      LAST       GAP  SENDER
         3       0.0        0 B     -30 s      26 h       3 d  /avhrr` + "\uFFFD" + `
         … 2 more
`},
	}
	for _, test := range tests {
		var b bytes.Buffer
		if err := test.view.write(&b, rows); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, b.String()); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", test.name, diff)
		}
	}
}

// TestTopKeys: keys change what is shown, also while a filter is typed.
func TestTopKeys(t *testing.T) {
	t.Parallel()
	s := &screen{watching: &watching{}}
	for _, key := range "bsr/vix\x7fq\rp" {
		if s.press(key) {
			t.Fatalf("key %q ends it", key)
		}
	}
	want := topView{by: 1, order: 1, reverse: true, filter: "viq"}
	if diff := cmp.Diff(want, s.view, cmp.AllowUnexported(topView{})); diff != "" || !s.paused {
		t.Errorf("paused %t (-want +got):\n%s", s.paused, diff)
	}
	if !s.press('q') || !s.press(3) {
		t.Error("q and interrupt do not end it")
	}
}
