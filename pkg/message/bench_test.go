package message_test

import (
	"strings"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// fileFrame is a file message of 748 bytes, the size that figures are given for.
var fileFrame = []byte(`pytroll://viirs/sdr/1B file safusr@lxserv1.example.org 2024-05-17T09:41:12.345678+00:00 v1.2 application/json ` +
	`{"start_time": "2024-05-17T09:26:03.700000", "end_time": "2024-05-17T09:38:20", "orbit_number": 64892, ` +
	`"platform_name": "NOAA-20", "sensor": ["viirs"], "format": "SDR", "type": "HDF5", "data_processing_level": "1B", ` +
	`"uid": "SVM13_j01_d20240517_t0926037_e0938200_b64892_c20240517094112_cspp_dev.h5", ` +
	`"uri": "ssh://lxserv1.example.org/data/viirs/SVM13_j01_d20240517_t0926037_e0938200_b64892_c20240517094112_cspp_dev.h5", ` +
	`"variant": "DR", "station": "norrk\u00f6ping", "antenna": "NRK", "request_address": "10.20.30.40:9094", ` +
	`"path": "/data/viirs", "origin": "172.18.0.249:9108", "collection_area_id": "euron1", "segment": "000012_20240517"}`)

// datasetFrame is a dataset message of about 18 kB.
var datasetFrame = []byte(strings.Replace(string(fileFrame), `"variant"`, `"dataset": [`+strings.TrimSuffix(strings.Repeat(
	`{"uri": "ssh://lxserv1.example.org/data/viirs/SVM13_j01_d20240517_t0926037_e0938200_b64892.h5", "uid": "SVM13_j01_d20240517_t0926037_e0938200_b64892.h5"}, `, 112), ", ")+`], "variant"`, 1))

// fileData is what a program wants to know of a file message.
type fileData struct {
	Start       message.Time `json:"start_time"`
	OrbitNumber int          `json:"orbit_number"`
	UID         string       `json:"uid"`
}

func BenchmarkDecodeHeader(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := message.Decode(fileFrame); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkData(b *testing.B, frame []byte) {
	b.ReportAllocs()
	b.SetBytes(int64(len(frame)))
	for b.Loop() {
		m, err := message.Decode(frame)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := m.Data(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeFile(b *testing.B)    { benchmarkData(b, fileFrame) }
func BenchmarkDecodeDataset(b *testing.B) { benchmarkData(b, datasetFrame) }

func BenchmarkDecodeIntoStruct(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		m, err := message.Decode(fileFrame)
		if err != nil {
			b.Fatal(err)
		}
		var d fileData
		if err := m.Unmarshal(&d); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkEncode(b *testing.B, data any) {
	m, err := message.Decode(fileFrame)
	if err != nil {
		b.Fatal(err)
	}
	f := message.Fields{Subject: m.Subject(), Type: m.Type(), Sender: m.Sender(), Time: m.Time(), Data: data}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (message.Encoder{}).Encode(f); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodeObject(b *testing.B) {
	m, err := message.Decode(fileFrame)
	if err != nil {
		b.Fatal(err)
	}
	data, err := m.Data()
	if err != nil {
		b.Fatal(err)
	}
	benchmarkEncode(b, data)
}

func BenchmarkEncodeMap(b *testing.B) {
	m, err := message.Decode(fileFrame)
	if err != nil {
		b.Fatal(err)
	}
	var data map[string]any
	if err := m.Unmarshal(&data); err != nil {
		b.Fatal(err)
	}
	benchmarkEncode(b, data)
}

// wholeFile is all of a file message.
type wholeFile struct {
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

func BenchmarkEncodeStruct(b *testing.B) {
	m, err := message.Decode(fileFrame)
	if err != nil {
		b.Fatal(err)
	}
	var data wholeFile
	if err := m.Unmarshal(&data); err != nil {
		b.Fatal(err)
	}
	benchmarkEncode(b, &data)
}

func BenchmarkParseTime(b *testing.B) {
	for b.Loop() {
		if _, err := message.ParseTime("2024-05-17T09:41:12.345678+00:00"); err != nil {
			b.Fatal(err)
		}
	}
}

// The figures are for messages of these sizes.
func TestBenchmarkFrames(t *testing.T) {
	t.Parallel()
	if n := len(fileFrame); n != 748 {
		t.Errorf("the file message has %d bytes", n)
	}
	if n := len(datasetFrame); n < 17_500 || n > 18_500 {
		t.Errorf("the dataset message has %d bytes", n)
	}
}

// The header costs the Message and nothing else, and a topic nothing at all.
func TestAllocations(t *testing.T) {
	m := mustDecode(t, string(fileFrame))
	topic := message.Topic("/viirs")
	tests := []struct {
		name string
		want float64
		f    func()
	}{
		{"Decode", 1, func() {
			if _, err := message.Decode(fileFrame); err != nil {
				t.Fatal(err)
			}
		}},
		{"Matches", 0, func() {
			if !m.Matches(topic) {
				t.Fatal("no match")
			}
		}},
		{"CheckStrict", 0, func() {
			if err := m.CheckStrict(); err != nil {
				t.Fatal(err)
			}
		}},
	}
	for _, test := range tests {
		if got := testing.AllocsPerRun(100, test.f); got > test.want {
			t.Errorf("%s: got %v allocations, want %v", test.name, got, test.want)
		}
	}
}

func BenchmarkWithWords(b *testing.B) {
	m := mustDecode(b, string(fileFrame))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.WithWords(message.Words{Subject: "/test/viirs/sdr/1B", Sender: "safusr@relay.example.org"}); err != nil {
			b.Fatal(err)
		}
	}
}
