package dedup

import (
	"math/rand/v2"
	"testing"
)

// The table agrees with a map, while entries come, come again and go.
func TestTable(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	table := table{most: 10_000}
	type pushed struct {
		key key
		at  int64
	}
	var order []pushed
	known := make(map[key]int64)
	for at := range int64(200_000) {
		k := key{rnd.Uint64N(4096) * 0x9e3779b97f4a7c15, rnd.Uint64N(4)}
		want, ok := known[k]
		if got := table.find(k); (got != nil) != ok || ok && got.at != want {
			t.Fatalf("at %d: got %v for a key of %d, known: %v", at, got, want, ok)
		}
		for len(order) > 0 && (len(order) == table.most || rnd.IntN(100) < 49) {
			oldest := order[0]
			order = order[1:]
			want := known[oldest.key] == oldest.at
			if want {
				delete(known, oldest.key)
			}
			if got := table.pop(); got != want {
				t.Fatalf("at %d: the oldest was known: %v, want %v", at, got, want)
			}
		}
		table.push(k, at)
		known[k] = at
		order = append(order, pushed{k, at})
		if table.len() != len(order) {
			t.Fatalf("at %d: %d entries, want %d", at, table.len(), len(order))
		}
	}
}

// However many entries there are, a push moves few of them: those of one shard, at most half of its slots before and after it has grown.
func TestGrowth(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	const most = 1_000_000
	table := table{most: most}
	for at := range int64(most) {
		table.push(key{rnd.Uint64(), rnd.Uint64()}, at)
	}
	slots := 0
	for _, s := range table.shards {
		slots += len(s.slots)
		if want := 4 * shardSize; len(s.slots) > want {
			t.Errorf("a shard of %d slots, want %d at most", len(s.slots), want)
		}
	}
	if slots > 4*most {
		t.Errorf("%d slots for %d entries, want four times as many at most", slots, most)
	}
}
