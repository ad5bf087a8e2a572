package discovery

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/multicast"
)

func TestRelaying(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		extra string // behind URI and service ["a", "b", "c"]
		want  Relaying
	}{
		{"nothing", ``, Relaying{}},
		{"all", `, "hops": "012", "relay": "1f3c9a2b.1", "via": ["x.1", "y.2"]`, Relaying{ID: "1f3c9a2b.1", Via: []string{"x.1", "y.2"}, Hops: map[string]int{"b": 1, "c": 2}}},
		{"only the id", `, "relay": "x"`, Relaying{ID: "x"}},
		{"no id", `, "hops": "012", "via": ["x.1"]`, Relaying{}},
		{"an id that is none", `, "relay": "a b", "via": ["x.1"]`, Relaying{}},
		{"an id that is too long", `, "relay": "` + strings.Repeat("x", 25) + `"`, Relaying{}},
		{"an id of another type", `, "relay": ["x"], "via": ["x.1"]`, Relaying{}},
		{"a date", `, "relay": "20240517"`, Relaying{}},
		{"via of another type", `, "relay": "x", "via": "y.1"`, Relaying{ID: "x"}},
		{"elements that are none", `, "relay": "x", "via": [1, null, "", "y y", {"a": 1}, "y.1"]`, Relaying{ID: "x", Via: []string{"y.1"}}},
		{"more than are looked at", `, "relay": "x", "via": ["a","b","c","d","e","f","g"]`, Relaying{ID: "x", Via: []string{"a", "b", "c", "d", "e", "f"}}},
		{"the same twice", `, "relay": "x", "via": ["a","a"]`, Relaying{ID: "x", Via: []string{"a"}}},
		{"too few hops", `, "relay": "x", "hops": "01"`, Relaying{ID: "x"}},
		{"too many hops", `, "relay": "x", "hops": "0123"`, Relaying{ID: "x"}},
		{"hops that are no digits", `, "relay": "x", "hops": "0-1"`, Relaying{ID: "x"}},
		{"hops of another type", `, "relay": "x", "hops": [0, 1, 2]`, Relaying{ID: "x"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a, err := ParseAnnouncement(decode(t, head+` application/json {"URI": "tcp://h:1", "service": ["a", "b", "c"]`+test.extra+`}`))
			must(t, err)
			if diff := cmp.Diff(test.want, a.Relaying(), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("relaying (-want +got):\n%s", diff)
			}
		})
	}
}

// What is told is read again, in place of what was told before; other extra keys stay.
func TestWithRelaying(t *testing.T) {
	t.Parallel()
	before := viirs.withExtra(message.Member{Key: "colour", Value: "red"}).WithRelaying(Relaying{ID: "x.1", Via: []string{"y.1"}, Hops: map[string]int{"sdr": 3, "other": 1}})
	if diff := cmp.Diff(Relaying{ID: "x.1", Via: []string{"y.1"}, Hops: map[string]int{"sdr": 3}}, before.Relaying()); diff != "" {
		t.Errorf("first (-want +got):\n%s", diff)
	}
	after := before.WithRelaying(Relaying{ID: "x.2", Hops: map[string]int{"sdr": 77}})
	if diff := cmp.Diff(Relaying{ID: "x.2", Hops: map[string]int{"sdr": MaxHops}}, after.Relaying(), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("then (-want +got):\n%s", diff)
	}
	if got := after.extraText("colour"); got != "red" {
		t.Errorf("another key is %q", got)
	}
	if essence(Entry{Announcement: before}) == essence(Entry{Announcement: after}) {
		t.Error("subscribers would not hear of the change")
	}
	if none := after.WithRelaying(Relaying{}); none.Extra.Len() != 1 {
		t.Errorf("without: %v", none.Extra)
	}
}

// Room is exact: names that take all of it make an announcement of 1024 bytes, and with one byte more it is too long.
func TestRoomIsExact(t *testing.T) {
	t.Parallel()
	via := []string{"00000000.1", "00000000.2", "00000000.3", "00000000.4", "00000000.5", "00000000.6"}
	for _, first := range []string{"x", "nörrköping", `quo"te`, "𝄞", "<&>"} {
		a, err := NewAnnouncer(AnnouncerConfig{Announcement: viirs, Group: &heard{}})
		must(t, err)
		relaying := Relaying{ID: "00000000.1", Via: via}
		room, err := a.Room(viirs.Services, relaying)
		must(t, err)
		size, err := ServiceSize(first)
		must(t, err)
		services := append(slices.Clone(viirs.Services), first)
		relaying.Hops = map[string]int{first: 1}
		for room -= size; ; {
			name := fmt.Sprintf("name%d", room)
			size, err := ServiceSize(name)
			must(t, err)
			if size > room {
				break
			}
			services, room = append(services, name), room-size
		}
		services[len(services)-1] += strings.Repeat("x", room)
		left, err := a.Room(services, relaying)
		must(t, err)
		if left != 0 {
			t.Errorf("%q: %d bytes are left", first, left)
		}
		must(t, a.Reannounce(services, relaying))
		fits, err := a.Announcement().fitted(message.Encoder{})
		must(t, err)
		size, err = fits.size(message.Encoder{})
		must(t, err)
		if got := fits.Relaying(); size != multicast.MaxSend || len(got.Via) != len(via) || got.Hops[first] != 1 {
			t.Errorf("%q: %d bytes, %+v", first, size, got)
		}
		services[len(services)-1] += "x"
		must(t, a.Reannounce(services, relaying)) // via is left out now, and only that
		fits, err = a.Announcement().fitted(message.Encoder{})
		must(t, err)
		if got := fits.Relaying(); len(got.Via) != 0 || got.ID == "" || got.Hops[first] != 1 {
			t.Errorf("%q: with a byte more: %+v", first, got)
		}
	}
}
