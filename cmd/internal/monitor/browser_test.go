package monitor

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

// browser is a Chromium without a window, of one page, steered over a pipe (Chrome DevTools Protocol, --remote-debugging-pipe: JSON, each message ended by a zero).
type browser struct {
	t       *testing.T
	out     *os.File
	session string

	mu         sync.Mutex
	next       int
	waiting    map[int]chan json.RawMessage
	complaints []string // of its console, and of its policies
}

// startBrowser starts a browser, which ends with the test.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		testbed.Unavailable(t, "no chromium: apt-get install chromium")
	}
	theirIn, ourOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ourIn, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{
		"--headless", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--disable-component-update",
		"--user-data-dir=" + t.TempDir(), "--remote-debugging-pipe", "about:blank",
	}
	if os.Geteuid() == 0 {
		args = append([]string{"--no-sandbox"}, args...) // it refuses to run as root with one
	}
	cmd := exec.Command(program, args...)
	cmd.ExtraFiles = []*os.File{theirIn, theirOut} // 3 and 4
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, out: ourOut, waiting: make(map[int]chan json.RawMessage)}
	var reading sync.WaitGroup
	reading.Go(func() { b.read(ourIn) })
	t.Cleanup(func() {
		b.send("", "Browser.close", nil)
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case <-ended: // whatever its status is
		case <-time.After(testbed.HeavyPatience):
			t.Errorf("the browser does not end: %v", cmd.Process.Kill())
			<-ended
		}
		for _, f := range []*os.File{theirIn, theirOut, ourOut} {
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		}
		reading.Wait()
		if err := ourIn.Close(); err != nil {
			t.Error(err)
		}
	})
	b.open()
	return b
}

// open makes the page.
func (b *browser) open() {
	b.t.Helper()
	var target struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var session struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &session)
	b.session = session.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log", "Accessibility"} {
		b.call(domain+".enable", nil, nil)
	}
}

// read takes what the browser says.
func (b *browser) read(from *os.File) {
	messages := bufio.NewReader(from)
	for {
		text, err := messages.ReadBytes(0)
		if err != nil {
			return // it has ended
		}
		var m struct {
			ID     int
			Method string
			Params struct {
				Entry            struct{ Level, Text string }
				Type             string
				ExceptionDetails struct{ Text string }
			}
		}
		if json.Unmarshal(text[:len(text)-1], &m) != nil {
			continue
		}
		b.mu.Lock()
		switch {
		case m.ID != 0:
			if answer := b.waiting[m.ID]; answer != nil {
				answer <- json.RawMessage(text[:len(text)-1])
				delete(b.waiting, m.ID)
			}
		case m.Method == "Log.entryAdded" && m.Params.Entry.Level == "error":
			b.complaints = append(b.complaints, m.Params.Entry.Text)
		case m.Method == "Runtime.exceptionThrown":
			b.complaints = append(b.complaints, m.Params.ExceptionDetails.Text)
		case m.Method == "Runtime.consoleAPICalled" && m.Params.Type == "error":
			b.complaints = append(b.complaints, string(text))
		}
		b.mu.Unlock()
	}
}

// send sends a command.
func (b *browser) send(session, method string, params any) chan json.RawMessage {
	b.mu.Lock()
	b.next++
	id, answer := b.next, make(chan json.RawMessage, 1)
	b.waiting[id] = answer
	b.mu.Unlock()
	command := map[string]any{"id": id, "method": method, "params": params}
	if params == nil {
		command["params"] = struct{}{}
	}
	if session != "" {
		command["sessionId"] = session
	}
	text, err := json.Marshal(command)
	if err == nil {
		_, err = b.out.Write(append(text, 0))
	}
	if err != nil {
		b.t.Errorf("%s: %v", method, err)
	}
	return answer
}

// call sends a command, and reads the result into result, if that is not nil.
func (b *browser) call(method string, params, result any) {
	b.t.Helper()
	if err := b.try(method, params, result); err != nil {
		b.t.Fatal(err)
	}
}

// try is call for what can go wrong.
func (b *browser) try(method string, params, result any) error {
	select {
	case text := <-b.send(b.session, method, params):
		var answer struct {
			Result json.RawMessage
			Error  *struct{ Message string }
		}
		if err := json.Unmarshal(text, &answer); err != nil || answer.Error != nil {
			return fmt.Errorf("%s: %s", method, text)
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(answer.Result, result)
	case <-time.After(testbed.HeavyPatience):
		return fmt.Errorf("%s: the browser does not answer", method)
	}
}

// visit loads a page.
func (b *browser) visit(url string) {
	b.t.Helper()
	b.call("Page.navigate", map[string]any{"url": url}, nil)
	b.until("the page is loaded", `document.readyState == "complete" && location.href.startsWith(`+fmt.Sprintf("%q", url)+`)`)
}

// value returns what an expression is in the page; the error while another page is loaded.
func (b *browser) value(expression string) string {
	var got struct{ Result struct{ Value any } }
	if err := b.try("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true}, &got); err != nil {
		return err.Error()
	}
	return fmt.Sprint(got.Result.Value)
}

// until waits until an expression is true in the page.
func (b *browser) until(what, expression string) {
	b.t.Helper()
	for end := time.Now().Add(testbed.HeavyPatience); b.value(expression) != "true"; <-time.After(50 * time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatalf("it never comes about that %s; the page shows:\n%s", what, b.value("document.body.innerText"))
		}
	}
}

// quiet checks that the browser had nothing to complain of.
func (b *browser) quiet() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.complaints) > 0 {
		b.t.Errorf("the browser complains:\n%s", strings.Join(b.complaints, "\n"))
	}
}
