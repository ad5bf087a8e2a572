package zmq

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport/transporttest"
)

func TestParseZAPRequest(t *testing.T) {
	t.Parallel()
	key := string(bytes.Repeat([]byte{7}, curve.Size))
	addr := netip.MustParseAddr
	for name, tt := range map[string]struct {
		frames []string
		want   zapRequest
		err    string
	}{
		"curve":       {[]string{"1.0", "1", "5", "10.1.2.3", "me", "CURVE", key}, zapRequest{[]byte("1"), "5", addr("10.1.2.3"), "CURVE", curve.PublicKey([]byte(key))}, ""},
		"plain":       {[]string{"1.0", "x", "", "10.1.2.3", "", "NULL"}, zapRequest{[]byte("x"), "", addr("10.1.2.3"), "NULL", curve.PublicKey{}}, ""},
		"mapped":      {[]string{"1.0", "1", "5", "::ffff:10.1.2.3", "", "NULL"}, zapRequest{[]byte("1"), "5", addr("10.1.2.3"), "NULL", curve.PublicKey{}}, ""},
		"zone":        {[]string{"1.0", "1", "5", "fe80::1%eth0", "", "NULL"}, zapRequest{[]byte("1"), "5", addr("fe80::1"), "NULL", curve.PublicKey{}}, ""},
		"ipc":         {[]string{"1.0", "1", "5", ":1000:1000:4711", "", "NULL"}, zapRequest{[]byte("1"), "5", netip.Addr{}, "NULL", curve.PublicKey{}}, ""},
		"nothing":     {nil, zapRequest{}, "too few frames"},
		"short":       {[]string{"1.0", "1", "5", "10.1.2.3", ""}, zapRequest{}, "too few frames"},
		"version":     {[]string{"2.0", "1", "5", "10.1.2.3", "", "NULL"}, zapRequest{}, "unknown version"},
		"mechanism":   {[]string{"1.0", "1", "5", "10.1.2.3", "", "PLAIN", "user", "password"}, zapRequest{id: []byte("1"), domain: "5", addr: addr("10.1.2.3"), mechanism: "PLAIN"}, "unknown mechanism"},
		"no key":      {[]string{"1.0", "1", "5", "10.1.2.3", "", "CURVE"}, zapRequest{id: []byte("1"), domain: "5", addr: addr("10.1.2.3"), mechanism: "CURVE"}, "without a key"},
		"half a key":  {[]string{"1.0", "1", "5", "10.1.2.3", "", "CURVE", key[1:]}, zapRequest{id: []byte("1"), domain: "5", addr: addr("10.1.2.3"), mechanism: "CURVE"}, "without a key"},
		"two keys":    {[]string{"1.0", "1", "5", "10.1.2.3", "", "CURVE", key, key}, zapRequest{id: []byte("1"), domain: "5", addr: addr("10.1.2.3"), mechanism: "CURVE"}, "without a key"},
		"credentials": {[]string{"1.0", "1", "5", "10.1.2.3", "", "NULL", key}, zapRequest{id: []byte("1"), domain: "5", addr: addr("10.1.2.3"), mechanism: "NULL"}, "with credentials"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var frames [][]byte
			for _, f := range tt.frames {
				frames = append(frames, []byte(f))
			}
			got, err := parseZAPRequest(frames)
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("got error %v, want %q", err, tt.err)
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(zapRequest{}), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestZAPUser(t *testing.T) {
	t.Parallel()
	for _, want := range []zapUser{{1, curve.PublicKey{}}, {1<<64 - 1, transporttest.NewKey(t).Public}, {0, curve.PublicKey{':'}}} {
		if got, ok := parseZAPUser(want.String()); !ok || got != want {
			t.Errorf("%s: got %v, %t, want %v", want, got, ok, want)
		}
	}
	for _, s := range []string{"", "x", "-1", "1:", "1:short", ":" + transporttest.NewKey(t).Public.String(), "18446744073709551616"} {
		if got, ok := parseZAPUser(s); ok {
			t.Errorf("%q is read as %v", s, got)
		}
	}
}

// FuzzZAPRequest: whatever comes, what is taken for a question has an address without a zone and a key exactly where the mechanism has one.
func FuzzZAPRequest(f *testing.F) {
	key := strings.Repeat("k", curve.Size)
	for _, seed := range []string{
		"1.0|1|5|127.0.0.1|me|CURVE|" + key, "1.0|1|5|::ffff:1.2.3.4||NULL", "1.0|1|5|fe80::1%lo||NULL", "1.0|1||:0:0:1||NULL",
		"1.0|1|5|127.0.0.1|me|PLAIN|u|p", "", "|||||||", "1.0|1|5|127.0.0.1|me|CURVE|" + key + "|" + key,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := parseZAPRequest(bytes.Split(data, []byte("|")))
		if err != nil {
			return
		}
		if r.mechanism != "NULL" && r.mechanism != "CURVE" || r.mechanism == "NULL" && !r.key.IsZero() {
			t.Errorf("mechanism %q with key %v", r.mechanism, r.key)
		}
		if r.addr.Zone() != "" || r.addr.Is4In6() {
			t.Errorf("address %v", r.addr)
		}
		user := zapUser{serial: uint64(len(data)), key: r.key}
		if got, ok := parseZAPUser(user.String()); !ok || got != user {
			t.Errorf("user %s is read as %v, %t", user, got, ok)
		}
	})
}

// FuzzZAPUser: what is read is written the same, but for zeros in front.
func FuzzZAPUser(f *testing.F) {
	f.Add("1")
	f.Add("12:" + strings.Repeat("a", curve.Z85Size))
	f.Fuzz(func(t *testing.T, s string) {
		user, ok := parseZAPUser(s)
		if !ok {
			return
		}
		if again, ok := parseZAPUser(user.String()); !ok || again != user {
			t.Errorf("%q: read as %v, then as %v, %t", s, user, again, ok)
		}
	})
}
