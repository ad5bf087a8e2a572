package fieldpath_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/internal/fieldpath"
)

func TestFiles(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, data string
		want       []any
	}{
		{"file", `{"uid": 1}`, []any{int64(1)}},
		{"dataset", `{"uid": 1, "dataset": [{"uid": 2}, "odd", {"uid": 3}]}`, []any{int64(1), int64(2), int64(3)}},
		{"collection", `{"uid": 1, "collection": [{"uid": 2}, {"uid": 3, "dataset": [{"uid": 4}, {"uid": 5}]}, {"uid": 6, "collection": [{"uid": 7}]}]}`,
			[]any{int64(1), int64(2), int64(3), int64(4), int64(5), int64(6), int64(7)}},
		{"other keys", `{"uid": 1, "file_mda": {"uid": 2}, "datasets": [{"uid": 3}]}`, []any{int64(1)}},
		{"no list", `{"uid": 1, "dataset": {"uid": 2}}`, []any{int64(1)}},
		{"no object", `[{"uid": 1}]`, nil},
		{"nothing", `null`, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []any
			for o := range fieldpath.Files(data(t, tt.data)) {
				uid, _ := o.Get("uid")
				got = append(got, uid)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			for range fieldpath.Files(data(t, tt.data)) {
				break
			}
		})
	}
}
