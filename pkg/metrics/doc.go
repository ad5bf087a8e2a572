// Package metrics shows the counters of a daemon in the three ways in which somebody looks at them: to Prometheus, as JSON, and in the log. What is shown is a struct;
// a [Table] has a line for each of its fields, and [Table.Check] tells which ones a line is missing for, so that whoever adds a counter is told by a test where to
// show it.
//
//	var table = metrics.Table{
//		{Field: "Lookups", Key: "lookups", Metric: "lookups_total", Help: "Lookups that were answered."},
//		{Field: "Refused", Key: "refused", Metric: "refused_total", Label: "reason", Help: "Messages that were refused, by reason."},
//	}
//	collector := metrics.NewCollector("posttroll_nameserver", []metrics.Part{{Table: table}}, func() []metrics.Sample {
//		return []metrics.Sample{{Stats: server.Stats()}}
//	})
//	mux.Handle("GET /metrics", metrics.Handler(daemon.Version(), collector))
//
// What a field is to Prometheus depends on its type: uint64 is a counter, int and float64 a gauge, bool a gauge that is 0 or 1, [time.Duration] a gauge in seconds,
// [time.Time] one of Unix seconds that is not there while it is zero, and a map of uint64 or int the one or the other with a label for its keys. Texts and lists are
// in the log and in JSON alone. Names follow https://prometheus.io/docs/practices/naming/.
//
// It knows no other package of the suite. A Table may be used concurrently, and so may what is made of it.
package metrics
