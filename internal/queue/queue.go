// Package queue keeps entries in the order in which they came, each under a number. It grows and shrinks in small steps, so that no call takes long
// however many there are.
package queue

// Queue holds entries, numbered from 0 on as they come. The zero value is an empty one. It is not for several goroutines at once. What was popped may stay in
// memory for a while, so entries hold no pointers.
type Queue[T any] struct {
	first, next uint64        // numbers: of the oldest entry, and of the one to come
	segments    []*segment[T] // from that of first on
	spare       *segment[T]   // one that is not needed now; nil: none
}

// segmentSize is the number of entries that memory is taken for at once.
const segmentSize = 1024

type segment[T any] [segmentSize]T

// Len is the number of entries.
func (q *Queue[T]) Len() int { return int(q.next - q.first) }

// First is the number of the oldest entry, or, where there is none, of the one to come.
func (q *Queue[T]) First() uint64 { return q.first }

// At returns the entry with that number, which has to be there. It is valid until it is popped.
func (q *Queue[T]) At(number uint64) *T {
	return &q.segments[number/segmentSize-q.first/segmentSize][number%segmentSize]
}

// Push adds an entry, and returns its number.
func (q *Queue[T]) Push(v T) (number uint64) {
	number = q.next
	if int(number/segmentSize-q.first/segmentSize) == len(q.segments) {
		if q.spare == nil {
			q.spare = new(segment[T])
		}
		q.segments, q.spare = append(q.segments, q.spare), nil
	}
	q.next++
	*q.At(number) = v
	return number
}

// Pop removes the oldest entry; there must be one.
func (q *Queue[T]) Pop() {
	q.first++
	if q.first%segmentSize == 0 {
		q.spare = q.segments[0]
		q.segments[0] = nil
		q.segments = q.segments[1:]
	}
}
