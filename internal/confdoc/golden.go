package confdoc

import (
	"os"
	"testing"
)

// Golden fails t when the file at path is not the sample of the sources, and writes it first when update is set.
func Golden(t testing.TB, path, header string, update bool, sources ...Source) {
	t.Helper()
	var settings []Setting
	for _, src := range sources {
		more, err := Settings(src)
		if err != nil {
			t.Fatal(err)
		}
		settings = append(settings, more...)
	}
	want := Sample(header, settings)
	if update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the comments of the settings say; write it anew with -update", path)
	}
}
