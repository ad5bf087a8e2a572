package zmq

import "maps"

// leanLeast is the number of entries that a map may have had without being looked at.
const leanLeast = 1024

// lean returns m, or a copy where it has far fewer entries than it has had, of which most is the number, and that number: a map of Go keeps room for all that it ever
// had. It is called after an entry was taken out, and copies so seldom that it costs little.
func lean[K comparable, V any](m map[K]V, most int) (map[K]V, int) {
	if most < leanLeast || len(m) > most/8 {
		return m, most
	}
	small := make(map[K]V, len(m))
	maps.Copy(small, m)
	return small, len(small)
}
