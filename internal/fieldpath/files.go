package fieldpath

import (
	"iter"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// Files yields the objects in the data of a message that describe files, in order: the data itself, where it is an object, the elements of its
// list "dataset", and those of its list "collection", which have lists of the same names. These have the uri and the uid of a
// file. The objects may be changed meanwhile, but not those two lists.
func Files(data any) iter.Seq[*message.Object] {
	return func(yield func(*message.Object) bool) { files(data, yield) }
}

func files(data any, yield func(*message.Object) bool) bool {
	o, ok := data.(*message.Object)
	if !ok {
		return true
	}
	if !yield(o) {
		return false
	}
	for _, key := range [...]string{"dataset", "collection"} {
		list, _ := o.Get(key)
		elements, _ := list.([]any)
		for _, e := range elements {
			if !files(e, yield) {
				return false
			}
		}
	}
	return true
}
