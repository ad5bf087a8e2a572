package security_test

import (
	"encoding/binary"
	"os"
	"syscall"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// credential makes of a file what systemd makes of a credential: mode 0440, and a list of rights (acl(5)) by which one user reads it.
func credential(t *testing.T, path string, uid int) {
	t.Helper()
	const nobody = 0xffffffff
	list := binary.LittleEndian.AppendUint32(nil, 2)
	for _, e := range [][3]uint32{{0x01, 4, nobody}, {0x02, 4, uint32(uid)}, {0x04, 0, nobody}, {0x10, 4, nobody}, {0x20, 0, nobody}} {
		list = binary.LittleEndian.AppendUint16(list, uint16(e[0]))
		list = binary.LittleEndian.AppendUint16(list, uint16(e[1]))
		list = binary.LittleEndian.AppendUint32(list, e[2])
	}
	must(t, os.Chmod(path, 0o400))
	if err := syscall.Setxattr(path, "system.posix_acl_access", list, 0); err != nil {
		t.Fatalf("the file system of %s must know lists of rights (acl(5)): %v", path, err)
	}
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode().Perm() != 0o440 {
		t.Fatalf("mode %v", info.Mode())
	}
}

// Credentials of systemd (LoadCredential=) are key files.
func TestCredentials(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cfg := s.config()
	cfg.ClientSecretKeyFile = curve.SecretPath(s.keys, "alice")
	for _, name := range []string{"server", "alice", "bob"} {
		credential(t, curve.SecretPath(s.keys, name), os.Geteuid())
	}
	sec := open(t, cfg)
	if sec.Server(transport.Secure).Key.Secret.IsZero() || sec.Options(transport.SocketOptions{}).ClientKey.Secret.IsZero() {
		t.Error("no key")
	}
	if _, err := sec.ServerWith(curve.SecretPath(s.keys, "bob")); err != nil {
		t.Error(err)
	}

	credential(t, curve.SecretPath(s.keys, "server"), os.Geteuid()+1)
	if other, err := security.Open(cfg, security.Options{}); err == nil {
		must(t, other.Close())
		t.Error("another user's credential is taken")
	}
}
