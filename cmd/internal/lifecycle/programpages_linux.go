package lifecycle

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// dropProgramPages gives back what the process has mapped of its own program. Starting goes through most of it, and what runs afterwards needs less than half: of 23 MB that
// an idle nameserver had, 14 were such pages. The kernel has them from the file, and maps those again that are used.
func dropProgramPages() error {
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return err
	}
	smaps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return err
	}
	pages, err := programMappings(smaps, exe)
	if err := errors.Join(err, smaps.Close()); err != nil {
		return err
	}
	var errs []error
	for _, m := range pages {
		errs = append(errs, m.split(), m.advise(unix.MADV_DONTNEED))
	}
	return errors.Join(errs...)
}

// mapping is a part of memory.
type mapping struct{ begin, end uintptr }

// pieceSize is how much of the program one page that is used can bring back.
const pieceSize = 256 << 10 // bytes

// split makes pieces of m. As of Linux 6.18 a page that is used comes with all of the large folio that it lies in, and a file just linked has folios of 2 MB: two announcements brought
// back the whole program. A folio that lies in several mappings comes by small parts, and mappings next to each other stay apart if something different was said of them: here, of every second
// piece, that a core dump does not need it. None has what is in files anyway.
func (m mapping) split() error {
	var errs []error
	for begin := m.begin + pieceSize; begin < m.end; begin += 2 * pieceSize {
		errs = append(errs, mapping{begin, min(begin+pieceSize, m.end)}.advise(unix.MADV_DONTDUMP))
	}
	return errors.Join(errs...)
}

// advise tells the kernel something about m.
func (m mapping) advise(advice int) error {
	return os.NewSyscallError("madvise", unix.Madvise(m.bytes(), advice))
}

// bytes is the memory of m, which is there as long as the process.
func (m mapping) bytes() []byte {
	begin := m.begin // vet takes a conversion of an integer for a mistake, and this one is none
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&begin)), m.end-m.begin)
}

// programMappings returns the mappings in a text like that of /proc/self/smaps that hold what the file exe has, and nothing else: those that can't be written to, and of which it is said that
// nothing was written to them before. A page that was, as by the dynamic linker, would be lost.
func programMappings(smaps io.Reader, exe string) ([]mapping, error) {
	var pages []mapping
	var m *described
	take := func() {
		if m != nil && m.ofProgram && m.clean && !m.swapped {
			pages = append(pages, m.mapping)
		}
	}
	lines := bufio.NewScanner(smaps)
	for lines.Scan() {
		if next := parseMapping(lines.Text(), exe); next != nil {
			take()
			m = next
		} else if m != nil {
			m.note(lines.Text())
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	take()
	return pages, nil
}

// described is a mapping and what smaps says of it.
type described struct {
	mapping
	ofProgram bool // mapped from its file, and not to be written to
	clean     bool // nothing in memory was written to it
	swapped   bool // something in swap was, or what is there can't be read
}

// parseMapping reads the line that a mapping begins with; nil: it is another one.
func parseMapping(line, exe string) *described {
	var m described
	var perms string
	if _, err := fmt.Sscanf(line, "%x-%x %s", &m.begin, &m.end, &perms); err != nil || m.end <= m.begin {
		return nil
	}
	_, path, _ := strings.Cut(line, "/") // there is none before the path
	m.ofProgram = "/"+path == exe && (perms == "r-xp" || perms == "r--p")
	return &m
}

// note takes in what another line says of m.
func (m *described) note(line string) {
	key, value, _ := strings.Cut(line, ":")
	none := strings.TrimSpace(value) == "0 kB"
	switch key {
	case "Anonymous":
		m.clean = none
	case "Swap":
		m.swapped = !none
	}
}
