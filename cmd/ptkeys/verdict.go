package main

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"github.com/pytroll/posttroll-go/internal/curveprobe"
	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/daemon"
)

// verdict is what an outcome means to people, and what they may do. {key} stands for the fingerprint of our key, {servers} for those of the
// server's as we know them, {from} for the address that we come from.
type verdict struct{ text, hint string }

// verdicts has one for each outcome but that all is well.
var verdicts = map[curveprobe.Outcome]verdict{
	curveprobe.AdmitsAnybody: {"the server admits us, and anybody else too: a key that nobody knows was admitted",
		"it has no authenticator, or one that takes any key; of Python posttroll, also one whose authenticator has ended with another publisher of the same process"},
	curveprobe.NoName: {"the host name does not resolve",
		"is it spelt right, and known to the DNS or /etc/hosts here?"},
	curveprobe.NobodyListens: {"nobody listens there",
		"is the server running, and on this port? It may be bound to another address of its host (127.0.0.1?); some firewalls refuse in its place"},
	curveprobe.Unreachable: {"no connection to the host",
		"a route is missing, the host is down, or a firewall rejects it"},
	curveprobe.NoConnection: {"nothing answers",
		"the host is down, or a firewall drops the packets without a word"},
	curveprobe.ClosedEarly: {"the connection was closed before anything was said",
		"it is not ZeroMQ, or what takes connections in the server's place (a container's port, ssh -L, a load balancer) finds no server behind it"},
	curveprobe.NotZeroMQ: {"it is not ZeroMQ",
		"another program has this port"},
	curveprobe.OldZeroMQ: {"its ZeroMQ is too old for encryption",
		"libzmq knows CURVE from version 4.0 on"},
	curveprobe.PlainServer: {"it is a plain server, without CURVE",
		"connect to it with backend unsecure_zmq; or does its secure socket have another port? Of a nameserver for both kinds 5558, 16544 and 21201 are secure"},
	curveprobe.Silent: {"it takes connections and says nothing",
		"it is not ZeroMQ (many other servers wait for the client to speak), or its process hangs or is stopped"},
	curveprobe.NoWelcome: {"it greets us, and does not answer our first encrypted word",
		"its process hangs, or something between us holds back what is sent"},
	curveprobe.WrongServerKey: {"the server has another key than the one that we know",
		"the server closes the connection when it can't read our first encrypted word; one that stops at that moment looks alike. " +
			"Compare what `ptkeys show` prints of its key on its host with {servers}"},
	curveprobe.NotAdmitted: {"the server does not admit our key or our address",
		"it does not say which: is {key} in its clients_public_keys_directory, and may {from}, or what a NAT makes of it, connect (authorized_client_addresses)? Python servers read that directory at their start only"},
	curveprobe.NoVerdict: {"the server has our key and says nothing: not admitted, as a rule",
		"a nameserver or publisher of this suite is silent to a key or address that it does not admit, and logs which; a server whose authenticator hangs is silent too. " +
			"Is {key} in its clients_public_keys_directory, and may {from}, or what a NAT makes of it, connect (authorized_client_addresses)?"},
	curveprobe.ClosedOnKey: {"the server closed the connection when it saw our key: not admitted, as a rule",
		"a nameserver or publisher of this suite does so with a key or address that it does not admit, and logs which; so does a server that can't ask its authenticator, or that stops at that moment. " +
			"Is {key} in its clients_public_keys_directory, and may {from}, or what a NAT makes of it, connect (authorized_client_addresses)?"},
	curveprobe.AuthenticatorFailed: {"the server's authenticator failed",
		"see the log of the server"},
	curveprobe.ProtocolError: {"it does not speak ZeroMQ with CURVE as it should",
		"another program, or something between us that changes what is sent"},
}

// printVerdict prints that all is well; or else returns what is not.
func printVerdict(w io.Writer, to target, report curveprobe.Report) error {
	if report.Outcome == curveprobe.Admitted {
		return printAdmitted(w, to, report)
	}
	v := verdicts[report.Outcome]
	text := fmt.Sprintf("%s: %s", to.endpoint, v.text)
	if report.Detail != "" {
		text += fmt.Sprintf(" (%s)", report.Detail)
	}
	return daemon.Hint(errors.New(text), "%s", fill(v.hint, to, report))
}

// fill puts what was used into a hint.
func fill(hint string, to target, report curveprobe.Report) string {
	from := "this host"
	if report.Client.IsValid() {
		from = report.Client.Addr().String()
	}
	var servers []string
	for key := range to.servers.All() {
		servers = append(servers, key.Fingerprint())
	}
	return strings.NewReplacer("{key}", to.client.Public.Fingerprint(), "{servers}", strings.Join(servers, " or "), "{from}", from).Replace(hint)
}

func printAdmitted(w io.Writer, to target, report curveprobe.Report) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: ok in %s\n", to.endpoint, milliseconds(report.Took()))
	item := func(name, value string) { fmt.Fprintf(&b, "  %-10s  %s\n", name, printable(value)) }
	if report.SocketType != "" {
		item("socket", report.SocketType)
	}
	item("server key", to.server.Fingerprint())
	item("our key", to.client.Public.Fingerprint())
	if report.Client.IsValid() {
		item("from", report.Client.Addr().String())
	}
	if to.refusal != "" {
		item("stranger", fmt.Sprintf("refused (%s)", to.refusal))
	}
	var times []string
	for _, s := range report.Steps {
		times = append(times, fmt.Sprintf("%s %s", s.Stage, milliseconds(s.Took)))
	}
	item("times", strings.Join(times, ", "))
	_, err := io.WriteString(w, b.String())
	return err
}

// milliseconds shows a time as people compare it.
func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}

// testLine is what was found, as a line of JSON. Times are in seconds.
type testLine struct {
	Address    string             `json:"address"`
	Outcome    curveprobe.Outcome `json:"outcome"`
	OK         bool               `json:"ok"`
	Text       string             `json:"text,omitempty"`   // what the outcome means
	Detail     string             `json:"detail,omitempty"` // what was seen
	Hint       string             `json:"hint,omitempty"`
	Server     string             `json:"server,omitempty"` // address and port
	Client     string             `json:"client,omitempty"`
	Version    string             `json:"zmtp,omitempty"`
	Mechanism  string             `json:"mechanism,omitempty"`
	SocketType string             `json:"socket_type,omitempty"`
	Status     string             `json:"status,omitempty"`   // with which the server refused
	Stranger   curveprobe.Outcome `json:"stranger,omitempty"` // how one was refused
	ServerKey  curve.PublicKey    `json:"server_key"`
	PublicKey  curve.PublicKey    `json:"public_key"` // ours
	Took       float64            `json:"took"`
	Steps      []testStep         `json:"steps"`
}

// testStep is a stage that was begun; the last one may be incomplete.
type testStep struct {
	Stage curveprobe.Stage `json:"stage"`
	Took  float64          `json:"took"`
}

// printTestJSON prints what was found. The error says nothing that is not in it.
func printTestJSON(w io.Writer, to target, report curveprobe.Report) error {
	v := verdicts[report.Outcome]
	line := testLine{
		Address: to.endpoint.String(), Outcome: report.Outcome, OK: report.Outcome == curveprobe.Admitted,
		Text: v.text, Detail: report.Detail, Hint: fill(v.hint, to, report),
		Server: addressText(report.Server), Client: addressText(report.Client),
		Version: report.Version, Mechanism: report.Mechanism, SocketType: report.SocketType, Status: report.Status, Stranger: to.refusal,
		ServerKey: to.server, PublicKey: to.client.Public, Took: seconds(report.Took()),
	}
	for _, s := range report.Steps {
		line.Steps = append(line.Steps, testStep{s.Stage, seconds(s.Took)})
	}
	if err := printJSON(w, line); err != nil {
		return err
	}
	if !line.OK {
		return &daemon.StatusError{Status: daemon.StatusFailed}
	}
	return nil
}

// seconds is d, to the microsecond.
func seconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1e6 }

// addressText is empty when there is no address.
func addressText(a netip.AddrPort) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}
