package curveprobe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDialAny goes on to the next address of a host, and tells of all when none takes us.
func TestDialAny(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	here, nobody, nowhere := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.3")

	conn, err := dialAny(t.Context(), []netip.Addr{nobody, here}, port)
	if err != nil {
		t.Fatal(err)
	}
	if got := conn.RemoteAddr().String(); got != l.Addr().String() {
		t.Errorf("connected to %s, want %s", got, l.Addr())
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}

	for name, tt := range map[string]struct {
		addrs []netip.Addr
		want  finding
	}{
		"one":  {[]netip.Addr{nobody}, finding{NobodyListens, "connection refused"}},
		"two":  {[]netip.Addr{nobody, nowhere}, finding{NobodyListens, "127.0.0.2: connection refused; 127.0.0.3: connection refused"}},
		"none": {nil, finding{NoName, "it has no address"}},
	} {
		_, err := dialAny(t.Context(), tt.addrs, port)
		if got, ok := errors.AsType[*finding](err); !ok || *got != tt.want {
			t.Errorf("%s: got %v, want %v", name, err, tt.want)
		}
	}
}

// TestDialFinding says what errors mean that can't be had here.
func TestDialFinding(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err  error
		want finding
	}{
		{os.NewSyscallError("connect", syscall.ECONNREFUSED), finding{NobodyListens, "connection refused"}},
		{os.NewSyscallError("connect", syscall.ENOENT), finding{NobodyListens, "no such file or directory"}},
		{os.NewSyscallError("connect", syscall.EHOSTUNREACH), finding{Unreachable, "no route to host"}},
		{os.NewSyscallError("connect", syscall.ENETUNREACH), finding{Unreachable, "network is unreachable"}},
		{os.NewSyscallError("connect", syscall.EACCES), finding{Unreachable, "permission denied"}},
		{os.NewSyscallError("connect", syscall.ETIMEDOUT), finding{NoConnection, ""}},
		{context.DeadlineExceeded, finding{NoConnection, ""}},
		{errors.New("odd"), finding{Unreachable, "odd"}},
	} {
		if got, ok := errors.AsType[*finding](dialFinding(tt.err)); !ok || *got != tt.want {
			t.Errorf("%v: got %v, want %v", tt.err, got, tt.want)
		}
	}
	if err := dialFinding(nil); err != nil {
		t.Errorf("nil: got %v", err)
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]netip.Addr{
		"192.0.2.1": {netip.MustParseAddr("192.0.2.1")},
		"::1":       {netip.MustParseAddr("::1")},
	} {
		got, err := resolve(t.Context(), name)
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); err != nil || diff != "" {
			t.Errorf("%s: error %v (-want +got):\n%s", name, err, diff)
		}
	}
	// Go's resolver asks nobody for what can't be a name.
	_, err := resolve(t.Context(), "a..b")
	if f, ok := errors.AsType[*finding](err); !ok || f.outcome != NoName || f.detail != "no such host" {
		t.Errorf("got %v, want %s", err, NoName)
	}
	addrs, err := resolve(t.Context(), "localhost")
	if err != nil || len(addrs) == 0 || !addrs[0].IsLoopback() {
		t.Errorf("localhost: got %v, error %v", addrs, err)
	}
	for i, a := range addrs {
		if i > 0 && a.Is4() && addrs[i-1].Is6() {
			t.Errorf("localhost: got %v, want IPv4 first", addrs)
		}
	}
}
