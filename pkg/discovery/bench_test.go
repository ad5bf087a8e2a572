package discovery

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/message"
)

func BenchmarkParseAnnouncement(b *testing.B) {
	frame := []byte(head + ` application/json {"URI": "tcp://10.0.0.7:9010", "service": ["viirs", "a b"], "supported_message_version": "v1.2", "backend": "unsecure_zmq"}`)
	b.ReportAllocs()
	for b.Loop() {
		m, err := message.Decode(frame)
		must(b, err)
		if _, err := ParseAnnouncement(m); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseReply(b *testing.B) {
	for _, n := range []int{1, 1000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var list []string
			for i := range n {
				list = append(list, listed(fmt.Sprintf("tcp://10.0.0.7:%d", 10000+i), "viirs", "20260101"))
			}
			frame := []byte("pytroll://oper/ns info root@ns 2024-05-17T09:41:12.345678 v1.01 application/json [" + strings.Join(list, ", ") + "]")
			b.SetBytes(int64(len(frame)))
			b.ReportAllocs()
			for b.Loop() {
				entries, err := parseReply(b.Context(), frame, func(err error) { b.Error(err) })
				if err != nil || len(entries) != n {
					b.Fatal(len(entries), err)
				}
			}
		})
	}
}
