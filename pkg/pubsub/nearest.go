package pubsub

// nearest returns the word among known that takes the fewest typing errors to become s, "" when none is near.
func nearest(s string, known []string) string {
	best, fewest := "", len(s)/2+1 // further away it is another word
	if len(s) > 80 {
		return ""
	}
	for _, word := range known {
		if d := distance(s, word); d < fewest {
			best, fewest = word, d
		}
	}
	return best
}

// distance is the number of bytes to insert, delete or replace to make b of a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
