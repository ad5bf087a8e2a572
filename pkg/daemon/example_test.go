package daemon_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/spf13/cobra"
)

// A program that says what to try, and ends with the status of bad configuration.
func ExampleExecute() {
	cmd := &cobra.Command{Use: "tool", RunE: func(*cobra.Command, []string) error {
		return daemon.BadConfig(daemon.Hint(errors.New("port: 70000 is out of range"), "ports end at 65535"))
	}}
	status := daemon.Execute(context.Background(), cmd, nil, os.Stdout, os.Stdout)
	fmt.Println("status", status)
	// Output:
	// error: port: 70000 is out of range
	// hint: ports end at 65535
	// status 78
}

// Parts of a daemon serve until the context ends. A loop beats while it waits for work, when somebody watches.
func ExampleGroup() {
	ctx, stop := context.WithCancel(context.Background())
	work := make(chan string)
	group := daemon.Group{
		Ready: stop, // this one has served its purpose
		Parts: []daemon.Part{{Name: "server", Run: func(ctx context.Context, h *daemon.Handle) error {
			h.Ready()
			var beat <-chan time.Time
			if every := h.BeatInterval(); every > 0 {
				ticker := time.NewTicker(every)
				defer ticker.Stop()
				beat = ticker.C
			}
			for {
				select {
				case job := <-work:
					fmt.Println(job)
				case <-beat:
					h.Beat()
				case <-ctx.Done():
					return nil
				}
			}
		}}},
	}
	fmt.Println("ended:", group.Run(ctx))
	// Output: ended: <nil>
}
