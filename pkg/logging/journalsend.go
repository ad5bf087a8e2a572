package logging

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/coreos/go-systemd/v22/journal"
)

// journalSocket is where the journal takes entries (systemd.journal-fields(7), "Native Journal Protocol").
const journalSocket = "/run/systemd/journal/socket"

// journalFields are those of an entry by their names. A field may be there several times.
type journalFields map[string][]string

// sendToJournal sends an entry. What is too large for a datagram, or has no field twice, is left to go-systemd, which knows no field with several values: they
// are one then, in lines.
func sendToJournal(text string, priority journal.Priority, fields journalFields) error {
	single := make(map[string]string)
	repeated := false
	for name, values := range fields {
		single[name] = strings.Join(values, "\n")
		repeated = repeated || len(values) > 1
	}
	if repeated && sendRepeated(journalSocket, encodeEntry(text, priority, fields)) == nil {
		return nil
	}
	return journal.Send(text, priority, single)
}

// sendRepeated sends one datagram.
func sendRepeated(path string, entry []byte) error {
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer conn.Close() // the datagram is sent or not
	_, err = conn.Write(entry)
	return err
}

// encodeEntry writes an entry as the journal reads it, fields sorted by name.
func encodeEntry(text string, priority journal.Priority, fields journalFields) []byte {
	var b bytes.Buffer
	add := func(name, value string) {
		if !strings.Contains(value, "\n") {
			fmt.Fprintf(&b, "%s=%s\n", name, value)
			return
		}
		fmt.Fprintf(&b, "%s\n%s%s\n", name, binary.LittleEndian.AppendUint64(nil, uint64(len(value))), value)
	}
	add("PRIORITY", strconv.Itoa(int(priority)))
	add("MESSAGE", text)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		for _, value := range fields[name] {
			add(name, value)
		}
	}
	return b.Bytes()
}
