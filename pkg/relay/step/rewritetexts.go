package step

import "github.com/pytroll/posttroll-go/pkg/message"

// What a rewriter without fields changes are texts, which needs no data that is decoded. What is here does as data, value and request do.

const (
	uriKey     = "uri"
	requestKey = "request_address"
)

// wantsText tells whether a text that stands there is to be rewritten.
func (r *rewriter) wantsText(at []message.TextStep) bool {
	return len(r.uri) > 0 && isURI(at) || len(r.requests) > 0 && isRequest(at)
}

func (r *rewriter) text(at []message.TextStep, text string) (string, bool) {
	if isRequest(at) {
		return r.requested(text)
	}
	return r.rewritten(text)
}

// isURI tells whether it is the uri of a file, or one of a list of them: see [fieldpath.Files].
func isURI(at []message.TextStep) bool {
	n := len(at)
	if n > 1 && at[n-1].InList {
		n--
	}
	if n == 0 || at[n-1].Key != uriKey {
		return false
	}
	files := at[:n-1]
	for ; len(files) > 1 && (files[0].Key == "dataset" || files[0].Key == "collection") && files[1].InList; files = files[2:] {
	}
	return len(files) == 0
}

// isRequest tells whether it is a request address: that of the data, or of the elements of a list.
func isRequest(at []message.TextStep) bool {
	last := len(at) - 1
	if last < 0 || at[last].Key != requestKey {
		return false
	}
	for _, around := range at[:last] {
		if !around.InList {
			return false
		}
	}
	return true
}
