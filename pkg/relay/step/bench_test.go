package step_test

import (
	"testing"

	"github.com/pytroll/posttroll-go/pkg/relay/step"
)

func BenchmarkHeader(b *testing.B) {
	benchmark(b, `keep = { subject = ["/segment/**"], type = ["file", "dataset"] }`, `rename = { prefix = { "/segment" = "/test" } }`)
}

func BenchmarkPass(b *testing.B) { benchmark(b, `keep = { subject = ["/segment/**"] }`) }

func BenchmarkRewrite(b *testing.B) {
	benchmark(b, `keep = { field = [{ path = "sensor", in = ["viirs"] }] }`, `rewrite = { uri = [{ host = "*", to = "relay" }] }`)
}

func benchmark(b *testing.B, steps ...string) {
	c := compile(b, steps...)
	m := decode(b, dataset)
	b.ReportAllocs()
	for b.Loop() {
		if r := c.Do(step.NewItem(m), now); r.Reason != "" {
			b.Fatal(r.Reason)
		}
	}
}
