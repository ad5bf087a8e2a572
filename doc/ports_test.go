package doc

import (
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/config"
	"github.com/pytroll/posttroll-go/pkg/nameserver"
)

// portDefaults are the settings of all programs and of the nameserver that are ports.
func portDefaults() map[string]int {
	ports := make(map[string]int)
	for _, defaults := range []any{config.DefaultSettings(), nameserver.DefaultConfig()} {
		value := reflect.ValueOf(defaults)
		for field, v := range value.Fields() {
			if key := field.Tag.Get("toml"); strings.HasSuffix(key, "_port") {
				ports[key] = int(v.Int())
			}
		}
	}
	return ports
}

// namedInPorts returns the settings that the tables of ports.md name, with the rows they stand in.
func namedInPorts(t *testing.T) map[string][]string {
	t.Helper()
	rows := make(map[string][]string)
	code := regexp.MustCompile("`([a-z_]+)`")
	for row := range tableRows(t, "ports.md") {
		for _, m := range code.FindAllStringSubmatch(strings.Join(row[3:4], ""), -1) {
			rows[m[1]] = append(rows[m[1]], row[0])
		}
	}
	return rows
}

// TestPortsOfSettings: every setting that is a port stands in a table of ports.md, with its default.
func TestPortsOfSettings(t *testing.T) {
	t.Parallel()
	rows := namedInPorts(t)
	ports := portDefaults()
	if len(ports) < 11 {
		t.Errorf("only %d settings are ports: %v", len(ports), ports)
	}
	for key, port := range ports {
		if key == "pub_max_port" {
			port-- // it ends the range
		}
		if !slices.ContainsFunc(rows[key], func(cell string) bool { return strings.Contains(cell, strconv.Itoa(port)) }) {
			t.Errorf("%s, by default %d, stands in rows %q", key, port, rows[key])
		}
	}
}

// TestPortsOfRelay does so with those of the relay, and with what is a port by another name.
func TestPortsOfRelay(t *testing.T) {
	t.Parallel()
	rows := namedInPorts(t)
	known := []string{"http_listen"}
	for _, table := range relaySettings(t).All() {
		for _, s := range table.Settings {
			if s.Key == "port" || strings.HasSuffix(s.Key, "_port") || strings.HasSuffix(s.Key, "_ports") {
				known = append(known, s.Key)
			}
		}
	}
	if len(known) < 6 {
		t.Errorf("only these are ports of the relay: %q", known)
	}
	for _, key := range known {
		// The range of free ports is named with the port that it is for.
		if key != "min_port" && key != "max_port" && len(rows[key]) == 0 {
			t.Errorf("%s stands in no table", key)
		}
	}
}

// TestFirewalldServices holds the services of firewalld to the defaults, and to the form that firewalld.service(5) gives.
func TestFirewalldServices(t *testing.T) {
	t.Parallel()
	ports := portDefaults()
	tcp := func(keys ...string) (all []string) {
		for _, key := range keys {
			all = append(all, fmt.Sprintf("%d/tcp", ports[key]))
		}
		return all
	}
	want := map[string][]string{
		"posttroll-nameserver.xml": append(tcp("nameserver_port", "address_publish_port", "broadcast_port"),
			fmt.Sprintf("%d/udp", ports["broadcast_port"])),
		"posttroll-nameserver-secure.xml": tcp("secure_zmq_nameserver_port", "secure_address_publish_port", "secure_broadcast_port"),
	}
	files, err := filepath.Glob("../deploy/firewalld/*")
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string][]string)
	for _, file := range files {
		got[filepath.Base(file)] = firewalldPorts(t, file)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ports of the services (-want +got):\n%s", diff)
	}
}

// firewalldPorts returns what a service opens. Elements and attributes that this suite's services do not need are errors.
func firewalldPorts(t *testing.T, file string) (ports []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var service struct {
		XMLName     xml.Name   `xml:"service"`
		Attributes  []xml.Attr `xml:",any,attr"`
		Short       string     `xml:"short"`
		Description string     `xml:"description"`
		Ports       []struct {
			Attributes []xml.Attr `xml:",any,attr"`
			Protocol   string     `xml:"protocol,attr"`
			Port       string     `xml:"port,attr"`
		} `xml:"port"`
		Others []struct{ XMLName xml.Name } `xml:",any"`
	}
	if err := xml.Unmarshal(text, &service); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if service.Short == "" || service.Description == "" || len(service.Others)+len(service.Attributes) > 0 {
		t.Errorf("%s: %+v", file, service)
	}
	for _, p := range service.Ports {
		if len(p.Attributes) > 0 {
			t.Errorf("%s: attributes %v of a port", file, p.Attributes)
		}
		ports = append(ports, p.Port+"/"+p.Protocol)
	}
	return ports
}
