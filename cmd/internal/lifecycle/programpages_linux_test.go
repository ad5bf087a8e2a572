package lifecycle

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDropProgramPages: the process goes on, and has fewer pages of its program.
func TestDropProgramPages(t *testing.T) {
	before := residentPages(t)
	check(t, dropProgramPages())
	if after := residentPages(t); after >= before {
		t.Errorf("%d pages of files are mapped, were %d", after, before)
	}
}

// TestDropProgramPagesInPieces: no page that is used brings back more than a piece.
func TestDropProgramPagesInPieces(t *testing.T) {
	check(t, dropProgramPages())
	exe, err := os.Readlink("/proc/self/exe")
	check(t, err)
	smaps, err := os.Open("/proc/self/smaps")
	check(t, err)
	defer smaps.Close()
	pages, err := programMappings(smaps, exe)
	check(t, err)
	if len(pages) < 10 {
		t.Errorf("the program is in %d mappings, want many", len(pages))
	}
	for _, m := range pages {
		if size := m.end - m.begin; size > pieceSize {
			t.Errorf("a mapping of the program has %d bytes, want at most %d", size, pieceSize)
		}
	}
}

// residentPages is how many pages of files the process has.
func residentPages(t *testing.T) (n int) {
	t.Helper()
	statm, err := os.ReadFile("/proc/self/statm")
	check(t, err)
	fields := strings.Fields(string(statm))
	for _, digit := range fields[2] {
		n = 10*n + int(digit-'0')
	}
	return n
}

// TestProgramMappings: what is dropped is what the file has and nobody can write to, and of which smaps says that nothing was written.
func TestProgramMappings(t *testing.T) {
	t.Parallel()
	const exe = "/usr/bin/nameserverd"
	const text = "400000-c00000 r-xp 00001000 fe:00 1234                       "
	const unwritten = "\nSize: 8192 kB\nRss: 4096 kB\nAnonymous:             0 kB\nSwap:                  0 kB\nVmFlags: rd ex mr mw me\n"
	all := []mapping{{0x400000, 0xc00000}}
	for _, tt := range []struct {
		name, smaps string
		want        []mapping
	}{
		{"the program", text + exe + unwritten, all},
		{"its constants", strings.Replace(text, "r-xp", "r--p", 1) + exe + unwritten, all},
		{"without a line on swap", text + exe + "\nAnonymous:             0 kB\n", all},
		{"written to", text + exe + "\nAnonymous:             4 kB\nSwap:                  0 kB\n", nil},
		{"written to and swapped out", text + exe + "\nAnonymous:             0 kB\nSwap:                  4 kB\n", nil},
		{"nothing is said of it", text + exe + "\nSize: 8192 kB\nRss: 4096 kB\n", nil},
		{"nothing at all is said", text + exe, nil},
		{"said in another way", text + exe + "\nAnonymous:             0\nSwap:                  0 kB\n", nil},
		{"swap said in another way", text + exe + "\nAnonymous:             0 kB\nSwap: none\n", nil},
		{"said of another kind of page", text + exe + "\nLazyFree:              0 kB\nAnonHugePages:         0 kB\n", nil},
		{"said of the next one", text + exe + "\nRss: 4096 kB\nc00000-d00000 rw-p 00801000 fe:00 1234 " + exe + unwritten, nil},
		{"can be written to", strings.Replace(text, "r-xp", "rw-p", 1) + exe + unwritten, nil},
		{"can be written to and run", strings.Replace(text, "r-xp", "rwxp", 1) + exe + unwritten, nil},
		{"shared", strings.Replace(text, "r-xp", "r-xs", 1) + exe + unwritten, nil},
		{"another file", text + "/usr/lib/libzmq.so.5" + unwritten, nil},
		{"a file whose path ends so", text + "/opt/a " + exe + unwritten, nil},
		{"a file that is gone", text + exe + " (deleted)" + unwritten, nil},
		{"no file", text + unwritten, nil},
		{"no range", strings.Replace(text, "400000-c00000", "c00000-400000", 1) + exe + unwritten, nil},
		{"several", text + exe + unwritten + "d00000-e00000 r--p 00901000 fe:00 1234 /usr/lib/libzmq.so.5" + unwritten + "e00000-e01000 r--p 00901000 fe:00 1234 " + exe + unwritten,
			[]mapping{{0x400000, 0xc00000}, {0xe00000, 0xe01000}}},
		{"empty", "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := programMappings(strings.NewReader(tt.smaps), exe)
			check(t, err)
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(mapping{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestProgramMappingsUnread: of a text that can't be read to its end, nothing counts.
func TestProgramMappingsUnread(t *testing.T) {
	t.Parallel()
	smaps := "400000-c00000 r-xp 00001000 fe:00 1234 /x\nAnonymous: 0 kB\nSwap: 0 kB\n" + strings.Repeat("x", 1<<20)
	if got, err := programMappings(strings.NewReader(smaps), "/x"); err == nil || got != nil {
		t.Errorf("got %v, %v, want an error", got, err)
	}
}
