package main

import (
	"testing"

	"github.com/pytroll/posttroll-go/internal/manpage"
	"github.com/pytroll/posttroll-go/internal/testbed"
)

// TestManPage holds the manual page to the help texts.
func TestManPage(t *testing.T) {
	t.Parallel()
	page := manpage.Page(newCommand(nil), manpage.Options{Section: 1, SeeAlso: []string{"ptkeys(1)", "nameserverd(8)", "posttroll.toml(5)"}})
	testbed.Golden(t, "../../doc/man/ptctl.1", page)
}
