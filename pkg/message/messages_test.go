package message_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// realMessages returns the messages of testdata/messages.txt.
func realMessages(tb testing.TB) []string {
	tb.Helper()
	b, err := os.ReadFile("testdata/messages.txt")
	if err != nil {
		tb.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSuffix(line, "\n"); line != "" && line[0] != '#' {
			all = append(all, line)
		}
	}
	return all
}

func TestRealMessages(t *testing.T) {
	t.Parallel()
	want := []struct{ subject, typ, host, key string }{
		{"/segment/SDR/1B/nrk/prod/polar/direct_readout", "dataset", "lxserv1131.smhi.se", "dataset"},
		{"/HRPT/0/NOAA-19/", "collection", "lxserv2338.smhi.se", "collection"},
		{"/1b/FCI-segment/FDHSI", "file", "collecting.host.se", "filesystem"},
		{"/AAPP-HRPT/1b/norrköping/utv/polar/direct_readout/", "file", "c20035", "orbit_number"},
		{"/segment/EPSSGA/1B/", "dataset", "lxserv1", "uid"},
		{"/1b/hrit/0deg", "not_a_dataset_not_a_file", "lxserv1", "uid"},
		{"/VIIRS/L2/Fires/PP/Regional/0114", "file", "lxserv1", "region_name"},
		{"/deletion", "del", "lxserv1", "uri"},
		{"/heartbeat/move_it_server", "beat", "vm", "min_interval"},
		{"log/WARNING/trollflow2.launcher", "log.warning", "vm", ""},
		{"/oper/2met!", "2met!", "h", ""},
		{"/1b/hrit", "file", "lxserv1", "request_address"},
		{"/dispatch", "dispatch", "lxserv1", "file_mda"},
		{"/oper/ns", "request", "vm", "service"},
		{"/oper/ns", "info", "vm", ""},
	}
	frames := realMessages(t)
	if len(frames) != len(want) {
		t.Fatalf("got %d messages, want %d", len(frames), len(want))
	}
	for i, frame := range frames {
		m, w := mustDecode(t, frame), want[i]
		if m.Subject() != w.subject || m.Type() != w.typ || m.Host() != w.host {
			t.Errorf("got %s %s %s, want %v", m.Subject(), m.Type(), m.Host(), w)
		}
		if err := m.CheckStrict(); err != nil {
			t.Errorf("%s: %v", m.Subject(), err)
		}
		data, err := m.Data()
		if err != nil {
			t.Errorf("%s: %v", m.Subject(), err)
		}
		if o, ok := data.(*message.Object); w.key != "" {
			if _, found := o.Get(w.key); !ok || !found {
				t.Errorf("%s: got data %v, want one with %s", m.Subject(), data, w.key)
			}
		}
		if !bytes.Equal(m.Bytes(), []byte(frame)) {
			t.Errorf("%s: other bytes", m.Subject())
		}
	}
}

// The values of some, as a program sees them.
func TestRealMessageValues(t *testing.T) {
	t.Parallel()
	type dataset struct {
		Sensor      string       `json:"sensor"`
		Start       message.Time `json:"start_time"`
		OrbitNumber int          `json:"orbit_number"`
		Dataset     []struct {
			URI string `json:"uri"`
			UID string `json:"uid"`
		} `json:"dataset"`
	}
	frames := realMessages(t)
	var got dataset
	if err := mustDecode(t, frames[0]).Unmarshal(&got); err != nil {
		t.Fatal(err)
	}
	want := dataset{Sensor: "viirs", Start: mustTime(t, "2018-10-25T01:01:46"), OrbitNumber: 36230}
	want.Dataset = append(want.Dataset, struct {
		URI string `json:"uri"`
		UID string `json:"uid"`
	}{"ssh://lxserv1131.smhi.se/san1/x.h5", "GMTCO_npp_x.h5"})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
	fires, err := mustDecode(t, frames[6]).Data()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(obj(member("region_name", "Storstockholms brandförsvar")), fires, generic); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}
