package curve_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/curve"
)

// otherPublic is a public key that does not belong to knownSecret.
const otherPublic = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"

func TestParse(t *testing.T) {
	t.Parallel()
	key := func(text string) string { return strings.ReplaceAll(text, "PUBLIC", knownPublic) }
	tests := map[string]struct {
		text string
		want curve.Metadata
	}{
		"bare":                     {text: "public-key=PUBLIC"},
		"no section, no newline":   {text: `public-key = "PUBLIC"`},
		"single quotes":            {text: "curve\n    public-key = 'PUBLIC'\n"},
		"unlike quotes":            {text: "curve\n    public-key = 'PUBLIC\"\n"},
		"blanks within quotes":     {text: "curve\n    public-key = \" PUBLIC \"\n"},
		"tabs":                     {text: "curve\n\tpublic-key\t=\t\"PUBLIC\"\t\n"},
		"CR LF":                    {text: "curve\r\n    public-key = \"PUBLIC\"\r\n"},
		"byte order mark":          {text: "\ufeff# a comment\ncurve\n    public-key = \"PUBLIC\"\n"},
		"comment behind":           {text: "curve\n    public-key = \"PUBLIC\"   # mine\n"},
		"comment behind, unquoted": {text: "curve\n    public-key = PUBLIC # mine\n"},
		"twice the same":           {text: "public-key = PUBLIC\npublic-key = PUBLIC\n"},
		"in metadata":              {text: "metadata\n    public-key = PUBLIC\n"},
		"lines of other kinds":     {text: "version = 1\n=\n= =\n????\n    nonsense\ncurve\n    public-key = PUBLIC\n    other-key = x\n"},
		"key-like names elsewhere": {
			text: "metadata\n    public-key-id = 7\ncurve\n    public-key = PUBLIC\n",
			want: curve.Metadata{{Name: "public-key-id", Value: "7"}},
		},
		"metadata": {
			text: "metadata # of it\n    a = 1\n    b = \"two # words\" # and a comment\n    c = ' 3 '\n    d = four # it is\n    e =\n    a = again\n" +
				"curve\n    public-key = PUBLIC\n    f = not metadata\n",
			want: curve.Metadata{{"a", "1"}, {"b", "two # words"}, {"c", " 3 "}, {"d", "four"}, {"e", ""}, {"a", "again"}},
		},
		"metadata behind the key": {
			text: "curve\n    public-key = PUBLIC\nmetadata\n    a = \"unclosed\n",
			want: curve.Metadata{{"a", `"unclosed`}},
		},
		"metadata that is not UTF-8": {
			text: "metadata\n    \xff = \xfe\ncurve\n    public-key = PUBLIC\n",
			want: curve.Metadata{{"\ufffd", "\ufffd"}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cert, err := curve.Parse([]byte(key(test.text)))
			if err != nil {
				t.Fatal(err)
			}
			if cert.Public.String() != knownPublic || cert.HasSecret() {
				t.Errorf("got key %s, secret %v", cert.Public, cert.HasSecret())
			}
			if diff := cmp.Diff(test.want, cert.Metadata); diff != "" {
				t.Errorf("metadata (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text, want string
		is         error
	}{
		"empty":                {"", "holds no public key", curve.ErrNoPublicKey},
		"something else":       {"-----BEGIN CERTIFICATE-----\n", "holds no public key", curve.ErrNoPublicKey},
		"secret alone":         {"secret-key = " + knownSecret, "holds no public key", curve.ErrNoPublicKey},
		"commented out":        {"# public-key = " + knownPublic, "holds no public key", curve.ErrNoPublicKey},
		"short":                {"curve\n  public-key = \"" + knownPublic[1:] + "\"", "line 2: public key: 39 characters, want 40", nil},
		"empty value":          {"public-key =", "line 1: public key: 0 characters", nil},
		"no value":             {"curve\n    public-key: x", "line 2: public-key without =", nil},
		"secret without value": {"secret-key " + knownSecret, "line 1: secret-key without =", nil},
		"not Z85":              {"public-key = " + strings.Repeat("~", 40), "line 1: public key: character 1 is not", nil},
		"too large a number":   {"public-key = " + strings.Repeat("#", 40), "line 1: public key: characters 1 to 5", nil},
		"zero":                 {"public-key = " + strings.Repeat("0", 40), "line 1: public key: all zero", nil},
		"secret zero":          {"public-key = " + knownPublic + "\nsecret-key = " + strings.Repeat("0", 40), "line 2: secret key: all zero", nil},
		"secret short":         {"public-key = " + knownPublic + "\nsecret-key = " + knownSecret[:39], "line 2: secret key: 39 characters", nil},
		"secret not Z85":       {"public-key = " + knownPublic + "\nsecret-key = " + knownSecret[:39] + "~", "line 2: secret key: character 40", nil},
		"two public keys":      {"public-key = " + knownPublic + "\npublic-key = " + otherPublic, "line 2: a second public key that differs", nil},
		"two secret keys": {
			"public-key = " + knownPublic + "\nsecret-key = " + knownSecret + "\nsecret-key = " + otherPublic,
			"line 3: a second secret key that differs", nil,
		},
		"no pair":   {"public-key = " + otherPublic + "\nsecret-key = " + knownSecret, "does not belong", curve.ErrMismatch},
		"too large": {strings.Repeat("#\n", 40_000) + "public-key = " + knownPublic, "larger than 64 KiB", curve.ErrTooLarge},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cert, err := curve.Parse([]byte(test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) || cert != nil {
				t.Fatalf("got %v, %v; want an error with %q", cert, err, test.want)
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("%v is not %v", err, test.is)
			}
			for _, key := range []string{knownSecret, knownSecret[:39], knownSecret[10:20]} {
				if strings.Contains(err.Error(), key) {
					t.Errorf("the error shows the secret key: %v", err)
				}
			}
		})
	}
}

// TestFilesOfOthers reads files that pyzmq and CZMQ have made (testdata/README.md).
func TestFilesOfOthers(t *testing.T) {
	t.Parallel()
	ofPython := curve.Metadata{{"owner", "Ada"}, {"host", "lx1's"}, {"url", "quoted"}, {"bytes", "Å"}}
	ofCZMQ := curve.Metadata{{"name", "Carol C#"}, {"q", `say "hi"`}, {"u", "Å"}, {"email", "carol's@x"}}
	tests := map[string]struct{ public, secret curve.Metadata }{
		"python/plain":     {},
		"python/described": {nil, ofPython}, // pyzmq leaves it out of the public file
		"czmq/plain":       {},
		"czmq/described":   {ofCZMQ, ofCZMQ},
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			public, err := curve.Read(filepath.Join("testdata", name+".key"))
			if err != nil {
				t.Fatal(err)
			}
			secret, err := curve.Read(filepath.Join("testdata", name+".key_secret"))
			if err != nil {
				t.Fatal(err)
			}
			if public.HasSecret() || !secret.HasSecret() || public.Public != secret.Public || secret.Secret.Public() != public.Public {
				t.Errorf("%s and %s are no pair", public.Public, secret.Public)
			}
			if diff := cmp.Diff(want.public, public.Metadata); diff != "" {
				t.Errorf("public metadata (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want.secret, secret.Metadata); diff != "" {
				t.Errorf("secret metadata (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*.key*")
	if err != nil || len(files) < 8 {
		f.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("metadata\n\ta='b' # c\npublic-key=" + knownPublic + " # x\nsecret-key='" + knownSecret + "'"))
	f.Fuzz(func(t *testing.T, text []byte) {
		cert, err := curve.Parse(text)
		if err != nil {
			if strings.Contains(err.Error(), knownSecret[:10]) {
				t.Errorf("the error shows the secret key: %v", err)
			}
			return
		}
		write := cert.AppendPublic
		if cert.HasSecret() {
			write = cert.AppendSecret
		}
		written, err := write(nil)
		if err != nil {
			return // metadata that we don't write
		}
		again, err := curve.Parse(written)
		if err != nil {
			t.Fatalf("%v in what was written:\n%s", err, written)
		}
		if diff := cmp.Diff(cert, again); diff != "" {
			t.Errorf("read, written, read (-first +second):\n%s", diff)
		}
	})
}
