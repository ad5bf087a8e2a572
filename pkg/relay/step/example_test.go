package step_test

import (
	"fmt"
	"time"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/relay/step"
)

// Production goes to test under other subjects, with files where the test system finds them.
func ExampleChain() {
	chain, err := step.Compile("step", []step.Config{
		{Keep: &step.Match{Type: []string{"file"}}},
		{Rename: &step.Rename{Prefix: map[string]string{"/1b": "/test/1b"}}},
		{Rewrite: &step.Rewrite{URI: []step.URIRule{{Host: "lx*", To: "archive"}}}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := message.Decode([]byte(`pytroll://1b/hrit file safusr@lx1 2024-05-17T09:41:12 v1.01 application/json {"uri": "ssh://lx1/x.h5", "uid": "x.h5"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(chain.Do(step.NewItem(m), time.Now()).Message)
	// Output:
	// pytroll://test/1b/hrit file safusr@lx1 2024-05-17T09:41:12 v1.01 application/json {"uri": "ssh://archive/x.h5", "uid": "x.h5"}
}
