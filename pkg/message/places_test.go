package message

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Keys come out as strings sort: also those that are the beginning of others, that end in zero bytes, and that are alike for more than eight bytes.
func TestSortedPlaces(t *testing.T) {
	t.Parallel()
	keys := []string{"", "\x00", "\x00\x00", "a", "a\x00", "ab", "abcdefg", "abcdefgh", "abcdefgh\x00", "abcdefghi", "abcdefghj", "B", "\u00e5", "\U0001f600", "\xff"}
	for _, size := range []int{len(keys), fewMembers, fewMembers + 1, 200} {
		all := slices.Clone(keys)
		for i := len(all); i < size; i++ {
			all = append(all, fmt.Sprintf("key_number_%d", i))
		}
		rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		var members []Member
		for _, k := range all {
			members = append(members, Member{Key: k})
		}
		var got []string
		for _, p := range sortedPlaces(nil, members) {
			got = append(got, members[p.index].Key)
		}
		if diff := cmp.Diff(slices.Sorted(slices.Values(all)), got); diff != "" {
			t.Errorf("%d keys (-want +got):\n%s", size, diff)
		}
	}
}
