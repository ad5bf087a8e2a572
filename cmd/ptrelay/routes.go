package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/httpd"
)

// answerLimit is how long the running relay may take to answer.
const answerLimit = 10 * time.Second

// remote is the relay that runs with certain settings.
type remote struct {
	config  string // its file of settings; empty: the usual one
	environ []string
}

// flags adds that which says which relay is meant.
func (r *remote) flags(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&r.config, "config", "c", "", "the relay that runs with settings from `FILE` instead of "+file)
	if err := cmd.MarkFlagFilename("config"); err != nil {
		panic("ptrelay: " + err.Error())
	}
}

func newRoutesCommand(environ []string) *cobra.Command {
	r := remote{environ: environ}
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "routes",
		Short: "show the routes of the running relay",
		Long: `Shows the routes of the running relay with their counters: messages received, sent, held for
duplicates, and dropped, all since it was started; the delay (p99); publishers connected, of
those that are to be; subscribers; and how long ago the last message was sent. Below stand
the publishers that are not connected.`,
		Example: "  ptrelay routes\n  ptrelay routes --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			body, err := r.ask(cmd.Context(), http.MethodGet, routesPath, nil)
			if err != nil {
				return err
			}
			if asJSON {
				_, err := cmd.OutOrStdout().Write(body)
				return err
			}
			return writeTable(cmd.OutOrStdout(), body, time.Now())
		},
	}
	r.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "all counters, as one JSON object on a line")
	return cmd
}

func newPauseCommand(environ []string) *cobra.Command {
	return newCommandOn(environ, "pause", pausePath, "let a route of the running relay carry nothing", `Lets a route of the running relay carry nothing until it is resumed: it is not subscribed to any more, and
what comes meanwhile is lost for it. Its sink stays bound. A reload keeps it paused unless
"paused" of that route is changed; a restart forgets it.`)
}

func newResumeCommand(environ []string) *cobra.Command {
	return newCommandOn(environ, "resume", resumePath, "let a paused route of the running relay carry messages again",
		"Lets a paused route of the running relay carry messages again.")
}

// newCommandOn makes a command that does something to one route.
func newCommandOn(environ []string, name, path, short, long string) *cobra.Command {
	r := remote{environ: environ}
	cmd := &cobra.Command{
		Use: name + " ROUTE", Short: short, Long: long, Example: "  ptrelay " + name + " gather",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: r.complete,
		RunE: func(cmd *cobra.Command, args []string) error {
			_, err := r.ask(cmd.Context(), http.MethodPost, path, url.Values{routeQuery: args})
			return err
		},
	}
	r.flags(cmd)
	return cmd
}

// complete offers the names of the routes of the running relay; none where it gives no answer.
func (r *remote) complete(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	const nothingElse = cobra.ShellCompDirectiveNoFileComp
	if len(args) > 0 {
		return nil, nothingElse
	}
	body, err := r.ask(cmd.Context(), http.MethodGet, routesPath, nil)
	if err != nil {
		return nil, nothingElse
	}
	routes, err := readRoutes(body)
	if err != nil {
		return nil, nothingElse
	}
	var names []cobra.Completion
	for _, route := range routes {
		names = append(names, route.Name)
	}
	return names, nothingElse
}

// ask asks the running relay.
func (r *remote) ask(ctx context.Context, method, path string, query url.Values) ([]byte, error) {
	paths, err := r.sockets()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	for _, socket := range paths {
		body, err := httpd.NewClient(socket).Do(ctx, method, path, query)
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
			continue // nobody is there, or any more
		case errors.Is(err, fs.ErrPermission):
			return nil, daemon.Hint(err, "the user who runs the relay may, and root: sudo may help")
		}
		return body, err
	}
	return nil, daemon.Hint(fmt.Errorf("no relay runs that takes commands at %s", strings.Join(paths, " or ")),
		"ptrelay -d status tells whether it runs; -c FILE says which one is meant, if several do")
}

// sockets are where the relay may take commands.
func (r *remote) sockets() ([]string, error) {
	p := process{flags: daemon.Flags{Config: r.config}, environ: r.environ}
	s, err := p.load()
	in := instanceOf(r.config)
	switch set := s.control.Socket; {
	case set == httpd.NoControl:
		return nil, daemon.Hint(errors.New("this relay takes no commands"), `control_socket = "none" says so`)
	case set != "":
		return []string{set}, nil
	case err != nil && len(s.report.Files) == 0 && r.config != "":
		return nil, err // there is no such file
	}
	// Whatever else is wrong with the settings now, the relay runs with what was there before.
	dir, err := daemon.RuntimeDir(r.environ)
	paths := []string{filepath.Join(dir, in.socket())}
	if unit := in.unitSocket(); unit != "" { // others than root may not connect to it, which is what they are to be told
		paths = append(paths, unit)
	}
	return paths, err
}

// routeLine is what the table shows of a route.
type routeLine struct {
	Name       string            `json:"route"`
	Paused     bool              `json:"paused"`
	Received   uint64            `json:"received"`
	Sent       uint64            `json:"sent"`
	Duplicates uint64            `json:"duplicates"`
	Dropped    map[string]uint64 `json:"dropped"`
	DelayP99   float64           `json:"delay_p99_seconds"`
	Publishers int               `json:"publishers"`
	Wanted     int               `json:"publishers_wanted"`
	Missing    []string          `json:"missing"`
	Clients    int               `json:"subscribers"`
	Last       *time.Time        `json:"last"`
}

// readRoutes reads the answer of routesPath.
func readRoutes(body []byte) ([]routeLine, error) {
	var answer struct{ Routes []routeLine }
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("answer of the relay: %w", err)
	}
	return answer.Routes, nil
}

// writeTable writes the answer of routesPath for people.
func writeTable(w io.Writer, body []byte, now time.Time) error {
	routes, err := readRoutes(body)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ROUTE\tSTATE\tRECEIVED\tSENT\tDUPLICATES\tDROPPED\tDELAY\tPUBLISHERS\tSUBSCRIBERS\tLAST")
	for _, route := range routes {
		fmt.Fprintln(table, strings.Join(route.columns(now), "\t"))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return writeMissing(w, routes)
}

// writeMissing names the publishers that are not connected, each with the routes that want it.
func writeMissing(w io.Writer, routes []routeLine) error {
	wanted := make(map[string][]string) // the routes, by address
	for _, route := range routes {
		for _, uri := range route.Missing {
			wanted[uri] = append(wanted[uri], route.Name)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	lines := []string{"", "Not connected:"}
	for _, uri := range slices.Sorted(maps.Keys(wanted)) {
		lines = append(lines, "  "+uri+" ("+strings.Join(wanted[uri], ", ")+")")
	}
	_, err := fmt.Fprintln(w, strings.Join(lines, "\n"))
	return err
}

func (l routeLine) columns(now time.Time) []string {
	state, last, delay := "runs", "never", "-"
	if l.Paused {
		state = "paused"
	}
	if l.Last != nil {
		last = max(0, now.Sub(*l.Last)).Round(time.Second).String() + " ago"
	}
	if l.DelayP99 != 0 {
		delay = roughly(time.Duration(l.DelayP99 * float64(time.Second))).String()
	}
	var dropped uint64
	for _, n := range l.Dropped {
		dropped += n
	}
	return []string{l.Name, state, fmt.Sprint(l.Received), fmt.Sprint(l.Sent), fmt.Sprint(l.Duplicates), fmt.Sprint(dropped), delay,
		fmt.Sprintf("%d/%d", l.Publishers, l.Wanted), fmt.Sprint(l.Clients), last}
}

// roughly leaves of a duration what people want to read.
func roughly(d time.Duration) time.Duration {
	switch {
	case d < time.Millisecond:
		return d.Round(time.Microsecond)
	case d < time.Second:
		return d.Round(time.Millisecond)
	}
	return d.Round(100 * time.Millisecond)
}
