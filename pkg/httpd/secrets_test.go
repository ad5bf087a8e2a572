package httpd_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/httpd"
)

const token = "correct-horse-battery"

// writeFile puts a file into the directory of the test.
func writeFile(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask is
		t.Fatal(err)
	}
	return path
}

// makeCertificate returns a certificate for 127.0.0.1 and its key, both in PEM.
func makeCertificate(t *testing.T, serial int64) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
}

func TestToken(t *testing.T) {
	t.Parallel()
	cfg := httpd.Config{Listen: "127.0.0.1:0", TokenFile: writeFile(t, "token", token+"\n", 0o600)}
	s, err := httpd.Listen(cfg, hello(), httpd.Options{Public: []string{"/healthz"}})
	serve(t, s, err)
	basic := func(user, password string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	}
	check := func(name, path, authorization string, want int) {
		t.Helper()
		request := "GET " + path + " HTTP/1.1\nHost: localhost\n"
		if authorization != "" {
			request += "Authorization: " + authorization + "\n"
		}
		status, header, body := talk(t, s, request+"\n")
		if status != want {
			t.Errorf("%s: answered with %d %s, want %d", name, status, body, want)
		}
		if asked := header.Values("WWW-Authenticate"); (status == http.StatusUnauthorized) != (len(asked) == 2) {
			t.Errorf("%s: %d, asked for %q", name, status, asked)
		}
		if strings.Contains(body, token) {
			t.Errorf("%s: the token is told", name)
		}
	}
	check("bearer", "/hello", "Bearer "+token, http.StatusOK)
	check("bearer in small letters", "/hello", "bearer "+token, http.StatusOK)
	check("password of anybody", "/hello", basic("me", token), http.StatusOK)
	check("nothing", "/hello", "", http.StatusUnauthorized)
	check("empty bearer", "/hello", "Bearer ", http.StatusUnauthorized)
	check("wrong", "/hello", "Bearer "+token+"x", http.StatusUnauthorized)
	check("beginning", "/hello", "Bearer "+token[:len(token)-1], http.StatusUnauthorized)
	check("wrong password", "/hello", basic(token, "x"), http.StatusUnauthorized)
	check("no base64", "/hello", "Basic ?", http.StatusUnauthorized)
	check("what is not there is not told either", "/secret", "", http.StatusUnauthorized)
	check("public path", "/healthz", "", http.StatusNotFound)
	check("not quite the public path", "/healthz/", "", http.StatusUnauthorized)

	if err := os.WriteFile(cfg.TokenFile, []byte("another-token-of-length"), 0o600); err != nil {
		t.Fatal(err)
	}
	check("before the reload", "/hello", "Bearer "+token, http.StatusOK)
	if err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	check("old one after the reload", "/hello", "Bearer "+token, http.StatusUnauthorized)
	check("new one after the reload", "/hello", "Bearer another-token-of-length", http.StatusOK)
	if err := os.WriteFile(cfg.TokenFile, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Reload(); err == nil {
		t.Error("a bad token was taken over")
	}
	check("after a bad reload", "/hello", "Bearer another-token-of-length", http.StatusOK)
	check("empty one after a bad reload", "/hello", "Bearer ", http.StatusUnauthorized)
}

// TestSecretsThatAreNone: nothing is waited for, and nothing is read without end.
func TestSecretsThatAreNone(t *testing.T) {
	t.Parallel()
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{fifo, t.TempDir(), "/dev/zero"} {
		for _, cfg := range []httpd.Config{{TokenFile: path}, {CertificateFile: path}} {
			if err := cfg.CheckFiles(); err == nil || !strings.Contains(err.Error(), "not a regular file") {
				t.Errorf("%+v: got %v, want that it is not a regular file", cfg, err)
			}
		}
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	certificate, key := makeCertificate(t, 1)
	cfg := httpd.Config{
		Listen: "127.0.0.1:0", CertificateFile: writeFile(t, "c.pem", certificate, 0o644), KeyFile: writeFile(t, "k.pem", key, 0o600),
	}
	s, err := httpd.Listen(cfg, hello(), httpd.Options{})
	serve(t, s, err)
	ask := func(trusted string) (*http.Response, error) {
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM([]byte(trusted))
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}
		return (&http.Client{Transport: transport}).Get("https://" + s.Addr().String() + "/hello")
	}
	check := func(name, trusted string, works bool) {
		t.Helper()
		res, err := ask(trusted)
		if (err == nil) != works {
			t.Fatalf("%s: %v", name, err)
		}
		if err != nil {
			return
		}
		if res.StatusCode != http.StatusOK || res.ProtoMajor != 1 || res.TLS.Version < tls.VersionTLS12 {
			t.Errorf("%s: %s %s, TLS %x", name, res.Proto, res.Status, res.TLS.Version)
		}
		if err := res.Body.Close(); err != nil {
			t.Error(err)
		}
	}
	check("first certificate", certificate, true)
	if status, _, body := talk(t, s, "GET /hello HTTP/1.1\nHost: localhost\n\n"); status != http.StatusBadRequest {
		t.Errorf("HTTP was answered with %d %s", status, body)
	}

	fresh, freshKey := makeCertificate(t, 2)
	if err := os.WriteFile(cfg.CertificateFile, []byte(fresh), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Reload(); err == nil {
		t.Error("a certificate with the key of another one was taken over")
	}
	check("after a bad reload", certificate, true)
	if err := os.WriteFile(cfg.KeyFile, []byte(freshKey), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	check("old certificate", certificate, false)
	check("new certificate", fresh, true)
}

func TestFiles(t *testing.T) {
	t.Parallel()
	certificate, key := makeCertificate(t, 1)
	for _, tt := range []struct {
		name string
		cfg  httpd.Config
		want string // in the error; empty: there is none
	}{
		{"none", httpd.Config{}, ""},
		{"good", httpd.Config{TokenFile: writeFile(t, "t", token, 0o640), CertificateFile: writeFile(t, "c", certificate+key, 0o600)}, ""},
		{"no token file", httpd.Config{TokenFile: "/nowhere/token"}, "http_token_file: open /nowhere/token: no such file or directory"},
		{"readable by others", httpd.Config{TokenFile: writeFile(t, "t", token, 0o644)}, "others can read it, or its group can change it: its mode is 0644; chmod 600 mends it"},
		{"changeable by the group", httpd.Config{TokenFile: writeFile(t, "t", token, 0o660)}, "its mode is 0660"},
		{"empty", httpd.Config{TokenFile: writeFile(t, "t", "\n", 0o600)}, "the token has 0 characters, want 16 to 1024"},
		{"short", httpd.Config{TokenFile: writeFile(t, "t", "fifteen-letters", 0o600)}, "the token has 15 characters, want 16 to 1024"},
		{"long", httpd.Config{TokenFile: writeFile(t, "t", strings.Repeat("x", 1025), 0o600)}, "the token has 1025 characters"},
		{"two lines", httpd.Config{TokenFile: writeFile(t, "t", token+"\n"+token, 0o600)}, "the token has characters that are not visible ones of ASCII"},
		{"huge", httpd.Config{TokenFile: writeFile(t, "t", strings.Repeat("x", 2<<20), 0o600)}, "more than 1048576 bytes"},
		{"no certificate", httpd.Config{CertificateFile: "/nowhere/c.pem"}, "http_certificate_file: open /nowhere/c.pem: no such file or directory"},
		{"certificate that is none", httpd.Config{CertificateFile: writeFile(t, "c", "bad", 0o644), KeyFile: writeFile(t, "k", key, 0o600)}, "http_certificate_file: "},
		{"certificate that can't be read", httpd.Config{
			CertificateFile: writeFile(t, "c", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 0o644), KeyFile: writeFile(t, "k", key, 0o600),
		}, "http_certificate_file: "},
		{"key that is none", httpd.Config{CertificateFile: writeFile(t, "c", certificate, 0o644), KeyFile: writeFile(t, "k", "bad", 0o600)}, "http_key_file: "},
		{"no key", httpd.Config{CertificateFile: writeFile(t, "c", certificate, 0o600)}, "http_certificate_file: "},
		{"key that all can read", httpd.Config{CertificateFile: writeFile(t, "c", certificate, 0o644), KeyFile: writeFile(t, "k", key, 0o644)}, "http_key_file: read "},
		{"nothing in PEM", httpd.Config{CertificateFile: writeFile(t, "c", "x", 0o600)}, "no certificate in it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if err := tt.cfg.CheckFiles(); err != nil {
				got = err.Error()
			}
			if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if strings.Contains(got, token) || strings.Contains(got, key) {
				t.Errorf("the error tells the secret: %s", got)
			}
		})
	}
}
