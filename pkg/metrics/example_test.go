package metrics_test

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/pytroll/posttroll-go/pkg/metrics"
)

func ExampleTable() {
	type stats struct {
		Lookups uint64
		Refused map[string]uint64
		Forgot  uint64 // added by somebody who did not look here
	}
	table := metrics.Table{
		{Field: "Lookups", Key: "lookups", Metric: "lookups_total", Help: "Lookups that were answered."},
		{Field: "Refused", Key: "refused", Metric: "refused_total", Label: "reason", Help: "Messages that were refused, by reason."},
	}
	now := stats{Lookups: 12, Refused: map[string]uint64{"too_long": 1}}
	if err := json.NewEncoder(os.Stdout).Encode(table.JSON(now)); err != nil {
		panic(err)
	}
	fmt.Println(table.Check(now))
	// Output:
	// {"lookups":12,"refused":{"too_long":1}}
	// no line shows metrics_test.stats.Forgot
}
