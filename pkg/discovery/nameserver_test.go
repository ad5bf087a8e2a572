package discovery

import "testing"

func TestNameserverAddress(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"localhost":              "tcp://localhost:5557",
		" ns.example.org ":       "tcp://ns.example.org:5557",
		"localhost:6000":         "tcp://localhost:6000",
		"tcp://localhost":        "tcp://localhost:5557",
		"tcp://localhost:6000":   "tcp://localhost:6000",
		"10.0.0.1":               "tcp://10.0.0.1:5557",
		"::1":                    "tcp://[::1]:5557",
		"fe80::1%eth0":           "tcp://[fe80::1%eth0]:5557",
		"[::1]":                  "tcp://[::1]:5557",
		"[::1]:6000":             "tcp://[::1]:6000",
		"tcp://::1":              "tcp://[::1]:5557",
		"tcp://[2001:db8::1]":    "tcp://[2001:db8::1]:5557",
		"ipc:///run/ns":          "ipc:///run/ns",
		"inproc://ns":            "inproc://ns",
		"":                       "",
		"  ":                     "",
		"a b":                    "",
		"*":                      "",
		"localhost:":             "",
		"localhost:x":            "",
		"localhost:0":            "",
		"http://localhost":       "",
		"tcp://localhost:6000/x": "",
		"tcp://":                 "",
	} {
		got, err := NameserverAddress(in, DefaultNameserverPort)
		if want == "" {
			if err == nil {
				t.Errorf("%q: got %v, want an error", in, got)
			}
			continue
		}
		if err != nil || got.Endpoint.String() != want || got.Backend != "" {
			t.Errorf("%q: got %v, %v, want %s", in, got, err, want)
		}
	}
}
