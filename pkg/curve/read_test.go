package curve_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/curve"
)

func TestReadPairAsksWhoElseCanRead(t *testing.T) {
	t.Parallel()
	tests := map[fs.FileMode]bool{
		0o600: true, 0o400: true, 0o700: true, 0o711: true,
		0o640: false, 0o604: false, 0o620: false, 0o602: false, 0o644: false, 0o660: false, 0o777: false,
	}
	for mode, fine := range tests {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "it's here")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := certificate(t).WritePair(dir, "server", curve.WriteOptions{}); err != nil {
				t.Fatal(err)
			}
			path := curve.SecretPath(dir, "server")
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
			pair, err := curve.ReadPair(path, curve.ReadOptions{})
			if fine {
				if err != nil || pair.Public.String() != knownPublic || pair.Secret.Public() != pair.Public {
					t.Errorf("got %v, %v", pair, err)
				}
				return
			}
			pe, ok := errors.AsType[*curve.PermissionError](err)
			if !ok || pe.Mode != mode || !pair.Secret.IsZero() {
				t.Fatalf("got %v, %v; want a PermissionError", pair, err)
			}
			if want := "chmod 600 '" + strings.ReplaceAll(path, "'", `'\''`) + "'"; pe.HintText() != want {
				t.Errorf("hint: got %s, want %s", pe.HintText(), want)
			}
			if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "others than the owner can read or change") {
				t.Errorf("error: %v", err)
			}
			if _, err := curve.ReadPair(path, curve.ReadOptions{AllowShared: true}); err != nil {
				t.Errorf("allowed: %v", err)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	for name, text := range map[string]string{
		"empty.key": "", "large.key": strings.Repeat("#", 64<<10+1), "public.key_secret": "public-key = " + knownPublic,
		"mismatch.key_secret": "public-key = " + otherPublic + "\nsecret-key = " + knownSecret,
	} {
		if err := os.WriteFile(path(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Mkdir(path("directory.key"), 0o700), os.Symlink("nowhere", path("dangling.key")),
		os.Symlink("loop.key", path("loop.key")), syscall.Mkfifo(path("pipe.key"), 0o600)); err != nil {
		t.Fatal(err)
	}
	tests := map[string]error{
		"missing.key": fs.ErrNotExist, "dangling.key": fs.ErrNotExist, "loop.key": syscall.ELOOP, "directory.key": curve.ErrNotRegular,
		"pipe.key": curve.ErrNotRegular, "empty.key": curve.ErrNoPublicKey, "large.key": curve.ErrTooLarge,
		"public.key_secret": curve.ErrNoSecretKey, "mismatch.key_secret": curve.ErrMismatch,
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pair, err := curve.ReadPair(path(name), curve.ReadOptions{})
			fe, ok := errors.AsType[*curve.FileError](err)
			if !ok || fe.Path != path(name) || !errors.Is(err, want) || !pair.Secret.IsZero() {
				t.Errorf("got %v, want a FileError with %v", err, want)
			}
			if strings.Count(err.Error(), path(name)) != 1 || strings.Contains(err.Error(), knownSecret) {
				t.Errorf("text: %v", err)
			}
		})
	}
}

func TestReadPublicTakesEitherFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert := certificate(t)
	if err := cert.WritePair(dir, "server", curve.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{curve.PublicPath(dir, "server"), curve.SecretPath(dir, "server")} {
		key, err := curve.ReadPublic(path)
		if err != nil || key != cert.Public {
			t.Errorf("%s: got %s, %v", path, key, err)
		}
	}
}
