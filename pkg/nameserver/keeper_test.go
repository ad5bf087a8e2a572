package nameserver

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap/zapcore"

	"github.com/pytroll/posttroll-go/pkg/registry"
)

// TestLoggedServices: a publisher of thousands of long names takes a line that can be read.
func TestLoggedServices(t *testing.T) {
	t.Parallel()
	many := strings.Split(strings.Repeat("x,", 2000)+"x", ",")
	ten := many[:10:10]
	for _, test := range []struct {
		name        string
		names, want []string
	}{
		{"few", []string{"a", "b"}, []string{"a", "b"}},
		{"ten", ten, ten},
		{"many", many, append(ten, "... and 1991 more")},
		{"long", []string{strings.Repeat("é", 60) + "x"}, []string{strings.Repeat("é", 50) + "..."}},
		{"long, cut in a letter", []string{"x" + strings.Repeat("é", 60)}, []string{"x" + strings.Repeat("é", 49) + "..."}},
	} {
		enc := zapcore.NewMapObjectEncoder()
		services(registry.Services{Names: test.names}).AddTo(enc)
		var got []string
		for _, name := range enc.Fields["service"].([]any) {
			got = append(got, name.(string))
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}
