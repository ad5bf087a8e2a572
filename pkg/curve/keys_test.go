package curve_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/pytroll/posttroll-go/pkg/curve"
)

// The test keys of ZeroMQ's own documentation (zmq_curve(7)).
const (
	knownPublic = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
	knownSecret = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"
)

// certificate parses a secret certificate of known keys.
func certificate(t *testing.T) *curve.Certificate {
	t.Helper()
	cert, err := curve.Parse([]byte("curve\n    public-key = \"" + knownPublic + "\"\n    secret-key = \"" + knownSecret + "\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func TestPublicOfSecret(t *testing.T) {
	t.Parallel()
	cert := certificate(t)
	if got := cert.Secret.Public().String(); got != knownPublic {
		t.Errorf("got %s, want %s", got, knownPublic)
	}
	if got := (curve.SecretKey{}).Public(); !got.IsZero() {
		t.Errorf("of no key: got %s", got)
	}
}

func TestGenerate(t *testing.T) {
	t.Parallel()
	a, err := curve.Generate()
	if err != nil {
		t.Fatal(err)
	}
	b, err := curve.Generate()
	if err != nil {
		t.Fatal(err)
	}
	if a.Public != a.Secret.Public() || a.Public.IsZero() || !a.HasSecret() {
		t.Errorf("%s is no pair", a.Public)
	}
	if a.Public == b.Public || a.Secret.Equal(b.Secret) {
		t.Error("two keys are the same")
	}
	if !a.Secret.Equal(a.Secret) || a.Secret.Equal(curve.SecretKey{}) || (curve.SecretKey{}).Equal(a.Secret) {
		t.Error("Equal is wrong")
	}
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	key, err := curve.ParsePublicKey(knownPublic)
	if err != nil {
		t.Fatal(err)
	}
	// Computed by Python: base64.b64encode(hashlib.sha256(z85.decode(knownPublic)).digest()).
	const want = "SHA256:67OvTdmc7/Nun5C12z5FDkr9NWhEMfqfDsnuWvXD6MM"
	if got := key.Fingerprint(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestPublicKeyText(t *testing.T) {
	t.Parallel()
	want, err := curve.ParsePublicKey(knownPublic)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[curve.PublicKey]curve.PublicKey{want: want})
	if err != nil {
		t.Fatal(err)
	}
	var got map[curve.PublicKey]curve.PublicKey
	if err := json.Unmarshal(text, &got); err != nil || got[want] != want {
		t.Errorf("%s became %v, %v", text, got, err)
	}
	for name, text := range map[string]string{"short": knownPublic[1:], "long": knownPublic + "00000", "no Z85": strings.Repeat("~", 40), "zero": strings.Repeat("0", 40)} {
		if err := want.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if want.String() != knownPublic {
		t.Error("a refused text has changed the key")
	}
}

func TestWipe(t *testing.T) {
	t.Parallel()
	cert := certificate(t)
	copied := cert.Secret
	raw := copied.Reveal()
	if len(raw) != curve.Size || bytes.Equal(raw, make([]byte, curve.Size)) {
		t.Fatalf("got %d bytes, or zeros", len(raw))
	}
	cert.Secret.Wipe()
	if !copied.IsZero() || copied.Reveal() != nil || !copied.Public().IsZero() || cert.HasSecret() {
		t.Error("something is left after Wipe")
	}
	if bytes.Equal(raw, make([]byte, curve.Size)) {
		t.Error("what was revealed is not a copy")
	}
	if _, err := cert.AppendSecret(nil); err == nil {
		t.Error("a wiped key can be written")
	}
	curve.SecretKey{}.Wipe()
}

func TestNewSecretKey(t *testing.T) {
	t.Parallel()
	raw := [curve.Size]byte(certificate(t).Secret.Reveal())
	key, err := curve.NewSecretKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	clear(raw[:])
	if got := key.Public().String(); got != knownPublic {
		t.Errorf("got the pair of %s", got)
	}
	if _, err := curve.NewSecretKey([curve.Size]byte{}); err == nil {
		t.Error("zeros are taken for a key")
	}
}

// TestSecretKeyShowsNothing prints, encodes and logs a secret key in every way we could think of.
func TestSecretKeyShowsNothing(t *testing.T) {
	t.Parallel()
	cert := certificate(t)
	hidden := struct {
		key  curve.SecretKey // without methods, for fmt
		pair curve.KeyPair
	}{cert.Secret, cert.KeyPair}
	exposed := struct {
		Key  curve.SecretKey
		Keys []curve.SecretKey
		Cert *curve.Certificate
		Map  map[string]curve.SecretKey
	}{cert.Secret, []curve.SecretKey{cert.Secret}, cert, map[string]curve.SecretKey{"x": cert.Secret}}

	var out bytes.Buffer
	for _, value := range []any{cert.Secret, &cert.Secret, cert, *cert, hidden, &hidden, exposed, &exposed} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%c", "%t", "%20v"} {
			fmt.Fprintf(&out, verb, value)
		}
		fmt.Fprintln(&out, value)
		// What has no JSON fails, and says so without the key.
		text, err := json.Marshal(value)
		fmt.Fprintln(&out, string(text), err)
		text, err = xml.Marshal(value)
		fmt.Fprintln(&out, string(text), err)
		logEverywhere(&out, value)
	}
	logger := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zapcore.EncoderConfig{}), zapcore.AddSync(&out), zapcore.DebugLevel))
	logger.Info("", zap.Stringer("key", cert.Secret))

	raw := cert.Secret.Reveal()
	for form, secret := range map[string]string{
		"Z85": knownSecret, "half of the Z85": knownSecret[:20], "hex": hex.EncodeToString(raw[:4]), "HEX": strings.ToUpper(hex.EncodeToString(raw[:4])),
		"raw": string(raw), "decimal": strings.Trim(fmt.Sprint(raw[:4]), "[]"), "Go": strings.Trim(fmt.Sprintf("%#v", raw[:4]), "[]byte{}"),
	} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("the secret key is shown as %s", form)
		}
	}
	if got := strings.Count(out.String(), "[secret key]"); got < 50 {
		t.Errorf("%d times [secret key] in the output: is it looked at?\n%s", got, out.String())
	}
}

func logEverywhere(w io.Writer, value any) {
	slog.New(slog.NewTextHandler(w, nil)).Info("", "value", value)
	slog.New(slog.NewJSONHandler(w, nil)).Info("", "value", value)
	core := zapcore.NewTee(
		zapcore.NewCore(zapcore.NewJSONEncoder(zapcore.EncoderConfig{}), zapcore.AddSync(w), zapcore.DebugLevel),
		zapcore.NewCore(zapcore.NewConsoleEncoder(zapcore.EncoderConfig{}), zapcore.AddSync(w), zapcore.DebugLevel))
	zap.New(core).Info("", zap.Any("value", value), zap.Reflect("reflect", value))
}
