package main

import (
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/nameserver"
)

// The unit of the sockets has the ports that are there by default, and behind comment signs those that come with keys.
func TestSocketUnitHasThePorts(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../deploy/systemd/posttroll-nameserver.socket")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]int{}
	for _, m := range regexp.MustCompile(`(?m)^(#?)ListenStream=(\d+)$`).FindAllStringSubmatch(string(text), -1) {
		port, err := strconv.Atoi(m[2])
		if err != nil {
			t.Fatal(err)
		}
		found[m[1]] = append(found[m[1]], port)
	}
	cfg := nameserver.DefaultConfig()
	want := map[string][]int{
		"": {cfg.NameserverPort, cfg.AddressPublishPort, cfg.BroadcastPort},
		"#": {
			cfg.SecureNameserverPort, cfg.SecureAddressPublishPort, cfg.SecureBroadcastPort,
			cfg.NextLookupPort, cfg.NextFeedPort, cfg.NextRegistrationPort,
		},
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// The unit lets the nameserver stop in its own time.
func TestUnitLetsItStop(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../deploy/systemd/" + unit)
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^TimeoutStopSec=(\d+)$`).FindSubmatch(text)
	if m == nil {
		t.Fatal("no TimeoutStopSec")
	}
	if limit, err := time.ParseDuration(string(m[1]) + "s"); err != nil || limit <= stopLimit+closeLimit {
		t.Errorf("TimeoutStopSec is %s, %v; the nameserver may take %s", m[1], err, stopLimit+closeLimit)
	}
}
