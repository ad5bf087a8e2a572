package curveprobe

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

// atOnce separates a connection that was closed in answer to what we said, by way of a slow line too, from one that was closed since the
// server's patience ended (30 s with libzmq, 5 s with this suite).
const atOnce = 3 * time.Second

// zapStatuses are the reasons that libzmq gives in ERROR: the status of its authenticator (RFC 27).
var zapStatuses = []string{"300", "400", "500"}

// greet exchanges greetings. The other side tells its mechanism when it knows our version. Ours follows when theirs is the same, for libzmq
// closes the connection, and says no more, as soon as it sees another one.
func (t *trial) greet() error {
	ours := ourGreeting()
	t.write(ours[:mechanismAt])
	theirs, err := t.readGreeting()
	if err != nil {
		return err
	}
	t.report.Version = fmt.Sprintf("%d.%d", theirs[majorAt], theirs[minorAt])
	if t.report.Mechanism, err = readMechanism(theirs); err != nil {
		return err
	}
	if t.report.Mechanism != "CURVE" {
		return &finding{PlainServer, "its mechanism is " + t.report.Mechanism}
	}
	t.write(ours[mechanismAt:])
	return nil
}

// readGreeting reads the other side's greeting. It stops as soon as what comes is none.
func (t *trial) readGreeting() ([]byte, error) {
	b := make([]byte, greetingSize)
	for n := 0; n < len(b); {
		more, err := t.conn.Read(b[n:])
		n += more
		if bad := checkGreeting(b[:n]); bad != nil {
			return nil, bad
		}
		switch {
		case n == len(b):
		case isClosed(err):
			return nil, &finding{ClosedEarly, t.after() + received(n)}
		case err != nil:
			return nil, t.silence(err, Silent, received(n))
		}
	}
	return b, nil
}

// received says how much of a greeting came.
func received(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %d bytes into its greeting", n)
}

// sayHello sends HELLO and takes WELCOME.
func (t *trial) sayHello() error {
	t.write(appendCommand(nil, "HELLO", t.handshake.hello()))
	answer, err := t.read(WrongServerKey, NoWelcome)
	if err != nil {
		return err
	}
	switch answer.name {
	case "WELCOME":
		return t.handshake.welcome(answer.body)
	case "HELLO":
		return &finding{ProtocolError, "it is a CURVE client too: it waits here without a server's key"}
	}
	return unexpected(answer, "WELCOME")
}

// initiate sends INITIATE and takes READY.
func (t *trial) initiate() error {
	t.write(appendCommand(nil, "INITIATE", t.handshake.initiate()))
	answer, err := t.read(ClosedOnKey, NoVerdict)
	if err != nil {
		return err
	}
	if answer.name != "READY" {
		return unexpected(answer, "READY")
	}
	t.report.SocketType, err = t.handshake.ready(answer.body)
	return err
}

// write sends b. What goes wrong with that is seen when the answer is read, and an answer may be there.
func (t *trial) write(b []byte) { _, _ = t.conn.Write(b) }

// read takes the other side's next command. closed is the outcome when it closes the connection at once instead, silent when it says nothing.
func (t *trial) read(closed, silent Outcome) (command, error) {
	answer, err := readCommand(t.conn)
	switch {
	case isClosed(err) && time.Since(t.begun) > atOnce:
		return command{}, &finding{silent, t.after()}
	case isClosed(err):
		return command{}, &finding{closed, t.after()}
	case err != nil:
		return command{}, t.silence(err, silent, "")
	case answer.name == "ERROR":
		return command{}, t.refused(answer.body)
	}
	return answer, nil
}

// after says when the connection was closed.
func (t *trial) after() string {
	return fmt.Sprintf("it closed the connection after %v", round(time.Since(t.begun)))
}

// silence makes a deadline that has passed a finding; err may be one already.
func (t *trial) silence(err error, outcome Outcome, more string) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &finding{outcome, fmt.Sprintf("it said nothing for %v%s", round(time.Since(t.begun)), more)}
	}
	return err
}

// refused takes the body of ERROR: a reason behind its length.
func (t *trial) refused(body []byte) error {
	if len(body) == 0 || int(body[0]) != len(body)-1 {
		return &finding{ProtocolError, "its ERROR is malformed"}
	}
	t.report.Status = string(body[1:])
	if !slices.Contains(zapStatuses, t.report.Status) {
		t.report.Status = quote(body[1:])
	}
	outcome := NotAdmitted
	if t.report.Status == "500" {
		outcome = AuthenticatorFailed
	}
	return &finding{outcome, "it answered " + t.report.Status}
}

// unexpected says that a command is not the one that is due.
func unexpected(c command, due string) error {
	return &finding{ProtocolError, fmt.Sprintf("it sent %s where %s is due", quote([]byte(c.name)), due)}
}

// isClosed says that the connection has ended, in good order or not: nothing comes that way any more.
func isClosed(err error) bool {
	if _, ok := errors.AsType[*finding](err); ok {
		return false
	}
	return err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
}

// round leaves of a duration what people read.
func round(d time.Duration) time.Duration {
	if d > 100*time.Millisecond {
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(100 * time.Microsecond)
}
