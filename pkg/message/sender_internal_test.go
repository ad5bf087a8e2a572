package message

import (
	"os"
	"os/user"
	"strconv"
	"testing"
)

func TestSenderWord(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"safusr.t":      "safusr.t",
		"":              "empty",
		"Jane Doe":      "Jane_Doe",
		"a\u00a0b\x1cc": "a_b_c",
		"nörd":          "nörd",
		"n\xf6rd":       "n_rd",
		"x@domain":      "x@domain",
	} {
		got := senderWord(word, "empty")
		if got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
		if err := checkWord("sender", got); err != nil {
			t.Errorf("%q: %v", word, err)
		}
	}
}

func TestLocalSender(t *testing.T) {
	t.Setenv("USER", "nobody else")
	t.Setenv("LOGNAME", "nobody else")
	uid := strconv.Itoa(os.Getuid())
	name := uid
	if u, err := user.LookupId(uid); err == nil {
		name = u.Username
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := LocalSender(), name+"@"+host; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
