package main

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pytroll/posttroll-go/pkg/config"
)

// neededPort is a port of a nameserver.
type neededPort struct {
	protocol string // tcp or udp
	port     int
	setting  string
	core     bool // every nameserver has it
}

func neededPorts(set config.Settings) []neededPort {
	ports := []neededPort{
		{"tcp", set.NameserverPort, "nameserver_port", true},
		{"tcp", set.AddressPublishPort, "address_publish_port", true},
		{"udp", set.BroadcastPort, "broadcast_port", false},
		{"tcp", set.BroadcastPort, "broadcast_port", false},
	}
	if set.ServerSecretKeyFile != "" {
		ports = append(ports,
			neededPort{"tcp", set.SecureNameserverPort, "secure_zmq_nameserver_port", false},
			neededPort{"tcp", set.SecureAddressPublishPort, "secure_address_publish_port", false},
			neededPort{"tcp", set.SecureBroadcastPort, "secure_broadcast_port", false})
	}
	return slices.DeleteFunc(ports, func(p neededPort) bool { return p.port == 0 })
}

// owner is who has a port.
type owner struct {
	pid  int // 0: not known
	name string
}

// lookAtPorts tells who has the ports of a nameserver. It binds nothing.
func lookAtPorts(found *chart, set config.Settings) {
	tell := found.about("ports")
	held, err := openSockets("/proc")
	if err != nil {
		tell(levelNote, "ss -lntup shows it", "who has which port can't be told here: %v", err)
		return
	}
	processes := processesOf("/proc", held)
	core := map[string]owner{} // by setting
	for _, p := range neededPorts(set) {
		owners := ownersOf(p, held, processes)
		text := fmt.Sprintf("%s %d (%s)", p.protocol, p.port, p.setting)
		if len(owners) == 0 {
			tell(levelOK, "", "%s is free", text)
			continue
		}
		names := []string{}
		for _, o := range owners {
			names = append(names, o.name)
		}
		tell(levelOK, "", "%s: %s", text, strings.Join(names, ", "))
		if p.core {
			core[p.setting] = owners[0]
		}
	}
	lookAtCore(tell, core)
}

// lookAtCore compares who has the two ports that every nameserver has.
func lookAtCore(tell func(level, string, string, ...any), core map[string]owner) {
	lookups, asked := core["nameserver_port"]
	feed, fed := core["address_publish_port"]
	switch {
	case !asked && !fed:
		tell(levelNote, "", "no nameserver runs on this host")
	case asked != fed:
		taken := slices.Collect(maps.Keys(core))[0]
		tell(levelError, "stop what has the one, or set "+taken+" to another port, on all hosts", "a nameserver has both its ports or does not work: %s has one of them, the other is free", core[taken].name)
	case lookups.pid > 1 && feed.pid > 1 && lookups.pid != feed.pid:
		tell(levelError, "stop the one that does not belong there", "a nameserver has both its ports or does not work: %s has one of them, %s the other", lookups.name, feed.name)
	}
}

// openSocket is a line of /proc/net (proc_net(5)).
type openSocket struct {
	protocol string
	port     int
	uid      string
	inode    string
}

// states of sockets that others can reach (include/net/tcp_states.h): listening, and of UDP, which has no such thing, closed.
const (
	tcpListen = "0A"
	udpBound  = "07"
)

// openSockets reads which ports are bound.
func openSockets(proc string) ([]openSocket, error) {
	var all []openSocket
	for protocol, state := range map[string]string{"tcp": tcpListen, "udp": udpBound} {
		for _, name := range []string{protocol, protocol + "6"} {
			text, err := os.ReadFile(filepath.Join(proc, "net", name))
			if os.IsNotExist(err) && name != protocol {
				continue // no IPv6
			}
			if err != nil {
				return nil, err
			}
			all = append(all, parseSockets(string(text), protocol, state)...)
		}
	}
	return all, nil
}

// parseSockets reads a table of sockets.
func parseSockets(text, protocol, state string) []openSocket {
	var all []openSocket
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 10 || fields[3] != state {
			continue
		}
		_, hex, ok := strings.Cut(fields[1], ":")
		port, err := strconv.ParseUint(hex, 16, 16)
		if ok && err == nil {
			all = append(all, openSocket{protocol, int(port), fields[7], fields[9]})
		}
	}
	return all
}

// processesOf finds the processes that have sockets, by inode, as far as this user may know.
func processesOf(proc string, held []openSocket) map[string][]int {
	wanted := map[string]string{} // what a descriptor leads to
	for _, s := range held {
		wanted["socket:["+s.inode+"]"] = s.inode
	}
	found := map[string][]int{}
	links, err := filepath.Glob(filepath.Join(proc, "[0-9]*", "fd", "*"))
	if err != nil {
		return found
	}
	for _, link := range links {
		to, err := os.Readlink(link)
		inode, ok := wanted[to]
		if err != nil || !ok {
			continue // it has gone, or is none of our business
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(link))))
		if err == nil && !slices.Contains(found[inode], pid) {
			found[inode] = append(found[inode], pid)
		}
	}
	return found
}

// ownersOf returns who has a port, but for this process.
func ownersOf(p neededPort, held []openSocket, processes map[string][]int) []owner {
	var owners []owner
	for _, s := range held {
		if s.protocol != p.protocol || s.port != p.port {
			continue
		}
		pids := processes[s.inode]
		if len(pids) == 0 {
			owners = append(owners, owner{0, "a process of " + userNamed(s.uid) + ", which root can see"})
		}
		for _, pid := range pids {
			if pid != os.Getpid() {
				owners = append(owners, owner{pid, fmt.Sprintf("%s (process %d)", processName(pid), pid)})
			}
		}
	}
	slices.SortFunc(owners, func(a, b owner) int { return a.pid - b.pid })
	return slices.Compact(owners)
}

func processName(pid int) string {
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		return "somebody" // it has gone
	}
	return strings.TrimSpace(string(name))
}

func userNamed(uid string) string {
	if u, err := user.LookupId(uid); err == nil {
		return u.Username
	}
	return "user " + uid
}
