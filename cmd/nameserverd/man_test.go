package main

import (
	"testing"

	"github.com/pytroll/posttroll-go/internal/manpage"
	"github.com/pytroll/posttroll-go/internal/testbed"
)

// TestManPage holds the manual page to the help texts.
func TestManPage(t *testing.T) {
	t.Parallel()
	page := manpage.Page(newCommand(nil), manpage.Options{Section: 8, SeeAlso: []string{"ptrelay(8)", "ptctl(1)", "ptkeys(1)", "posttroll.toml(5)"}})
	testbed.Golden(t, "../../doc/man/nameserverd.8", page)
}
