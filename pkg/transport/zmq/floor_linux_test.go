package zmq

import (
	"bytes"
	"os"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// TestFloorIsEmpty: the system provides no memory for it, also where Go had other things before.
func TestFloorIsEmpty(t *testing.T) {
	f := new(floor)
	for i := range f {
		f[i] = 1
	}
	f.empty()
	resident := make([]byte, len(f)/os.Getpagesize()+1)
	page := uintptr(os.Getpagesize())
	begin := -uintptr(unsafe.Pointer(f)) % page
	if _, _, e := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(f))+begin, uintptr(len(f))-page, uintptr(unsafe.Pointer(&resident[0]))); e != 0 {
		t.Fatal(e)
	}
	if n := bytes.Count(resident, []byte{1}); n > 0 {
		t.Errorf("%d pages of %d are there, want none", n, len(resident))
	}
}
