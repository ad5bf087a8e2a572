package confdoc

import (
	"testing"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

// Golden fails t when the file at path is not the sample of the sources. The flag -update writes it.
func Golden(t testing.TB, path, header string, sources ...Source) {
	t.Helper()
	var settings []Setting
	for _, src := range sources {
		more, err := Settings(src)
		if err != nil {
			t.Fatal(err)
		}
		settings = append(settings, more...)
	}
	testbed.Golden(t, path, []byte(Sample(header, settings)))
}
