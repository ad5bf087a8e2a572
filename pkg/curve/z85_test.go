package curve_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/curve"
)

func TestZ85(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		data []byte
		text string
	}{
		"RFC 32's test case": {[]byte{0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B}, "HelloWorld"},
		"nothing":            {nil, ""},
		"the smallest":       {make([]byte, 4), "00000"},
		"the largest":        {bytes.Repeat([]byte{0xff}, 4), "%nSc0"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := curve.AppendEncodeZ85([]byte("before "), test.data)
			if err != nil || string(text) != "before "+test.text {
				t.Errorf("encode: got %q, %v; want %q", text, err, "before "+test.text)
			}
			data, err := curve.AppendDecodeZ85([]byte("before "), []byte(test.text))
			if diff := cmp.Diff(append([]byte("before "), test.data...), data); diff != "" || err != nil {
				t.Errorf("decode: error %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestZ85Refuses(t *testing.T) {
	t.Parallel()
	if got, err := curve.AppendEncodeZ85([]byte("x"), make([]byte, 3)); err == nil || string(got) != "x" {
		t.Errorf("encode 3 bytes: got %q, %v; want an error", got, err)
	}
	tests := map[string]struct{ text, want string }{
		"length":                {"abcd", "not a length of Z85"},
		"outside the alphabet":  {"abcdeab~de", "character 8 is not in the alphabet"},
		"quote":                 {`abc"e`, "character 4 is not in the alphabet"},
		"above 32 bits":         {"00000%nSc1", "characters 6 to 10"},
		"far above 32 bits":     {"#####", "characters 1 to 5"},
		"a byte above the text": {"abcd\xff", "character 5 is not in the alphabet"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := curve.AppendDecodeZ85([]byte("x"), []byte(test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) || string(got) != "x" {
				t.Errorf("got %q, %v; want an error with %q", got, err, test.want)
			}
		})
	}
}
