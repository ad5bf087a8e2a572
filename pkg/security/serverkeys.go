package security

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// everyServer is the WHO of servers that are not named otherwise.
const everyServer = "*"

// serverKeys are the public keys of servers, by what names the server.
type serverKeys struct {
	byPlace   map[string][]curve.PublicKey // URI, host:port or host, as places spells them
	byService map[string][]curve.PublicKey
	others    []curve.PublicKey

	secrets []string // files that hold a secret key as well, which belongs on the server's host alone
}

// readServerKeys reads the files of both settings.
func readServerKeys(file string, entries []string) (serverKeys, error) {
	known := serverKeys{byPlace: map[string][]curve.PublicKey{}, byService: map[string][]curve.PublicKey{}}
	var errs []error
	if file != "" {
		key, err := known.readKey(file)
		if err != nil {
			errs = append(errs, &SettingError{Key: "server_public_key_file", Err: err})
		}
		known.others = append(known.others, key)
	}
	for _, entry := range entries {
		if err := known.read(entry); err != nil {
			errs = append(errs, &SettingError{Key: "server_public_keys", Err: fmt.Errorf("%.300q: %w", entry, err)})
		}
	}
	return known, errors.Join(errs...)
}

func (k *serverKeys) read(text string) error {
	entry, err := parseServerEntry(text)
	if err != nil {
		return err
	}
	key, err := k.readKey(entry.file)
	if err != nil {
		return err
	}
	if entry.who == everyServer {
		k.others = append(k.others, key)
		return nil
	}
	if entry.place != "" {
		k.byPlace[entry.place] = append(k.byPlace[entry.place], key)
	}
	if !entry.uri {
		k.byService[entry.who] = append(k.byService[entry.who], key)
	}
	return nil
}

// readKey reads a public key, from a secret key file as well, as the reference does.
func (k *serverKeys) readKey(path string) (curve.PublicKey, error) {
	cert, err := curve.Read(path)
	if err != nil {
		return curve.PublicKey{}, err
	}
	if cert.HasSecret() {
		cert.Secret.Wipe()
		k.secrets = append(k.secrets, path)
	}
	return cert.Public, nil
}

// serverEntry is an entry "WHO=FILE".
type serverEntry struct {
	who   string // as it is written: "*", a URI, a service, and it may be a place
	uri   bool
	place string // as places spells it; empty where it can be a service only
	file  string
}

// parseServerEntry cuts at the first "=". Blanks around both halves are dropped.
func parseServerEntry(text string) (serverEntry, error) {
	who, file, ok := strings.Cut(text, "=")
	e := serverEntry{who: strings.TrimSpace(who), file: strings.TrimSpace(file)}
	switch {
	case !ok:
		return serverEntry{}, errors.New(`no "=": want WHO=FILE`)
	case e.who == "":
		return serverEntry{}, errors.New(`nothing before "=": want a service, host, host:port, URI or *`)
	case e.file == "":
		return serverEntry{}, errors.New(`no file behind "="`)
	case e.who == everyServer:
		return e, nil
	}
	e.uri = strings.Contains(e.who, "://")
	if !e.uri {
		e.place = placeOf(e.who)
		return e, checkPort(e)
	}
	ep, err := transport.ConnectEndpoint(e.who)
	if err != nil {
		return serverEntry{}, err
	}
	if ep.Scheme() == "inproc" {
		return serverEntry{}, errors.New("inproc is never secured")
	}
	e.place = places(ep)[0]
	return e, nil
}

// places returns what may name the server at an endpoint, the closest first: the URI, host:port, the host. Host names are in small letters, addresses in
// their shortest form.
func places(ep transport.Endpoint) []string {
	if ep.Scheme() != "tcp" {
		return []string{ep.String()}
	}
	host := hostText(ep.Host())
	pair := hostPort(host, ep.Port())
	return []string{"tcp://" + pair, pair, host}
}

// placeOf reads host or host:port, with or without brackets around IPv6; "" when it is neither.
func placeOf(who string) string {
	if addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(who, "["), "]")); err == nil {
		return hostText(addr.String())
	}
	if ep, err := transport.ConnectEndpoint("tcp://" + who); err == nil {
		return hostPort(hostText(ep.Host()), ep.Port())
	}
	if ep, err := transport.ConnectEndpoint("tcp://" + who + ":1"); err == nil {
		return hostText(ep.Host())
	}
	return ""
}

// checkPort refuses what can only be meant as host:port and is none: no service would ever be found under it.
func checkPort(e serverEntry) error {
	host, port, ok := strings.Cut(e.who, ":")
	if !ok || e.place != "" || placeOf(host) == "" {
		return nil
	}
	if _, err := strconv.ParseUint(port, 10, 64); err != nil {
		return nil
	}
	return fmt.Errorf("port %s: want 1 to 65535", port)
}

func hostText(host string) string {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap().String()
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

func hostPort(host string, port int) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(port)
}

// find returns the keys of the closest name.
func (k serverKeys) find(ep transport.Endpoint, services []string) []curve.PublicKey {
	for _, place := range places(ep) {
		if keys, ok := k.byPlace[place]; ok {
			return keys
		}
	}
	var found []curve.PublicKey
	named := false
	for _, service := range services {
		keys, ok := k.byService[service]
		switch {
		case !ok:
		case !named:
			found, named = slices.Clone(keys), true
		default:
			found = slices.DeleteFunc(found, func(key curve.PublicKey) bool { return !slices.Contains(keys, key) })
		}
	}
	if named {
		return found
	}
	return k.others
}

// ServerKeys returns the keys that the server at an endpoint may have. Of what Config.ServerPublicKeys names, the closest counts alone: the
// URI, then host:port, then the host, then the services; and where none of them is named, ServerPublicKeyFile and "*". Hosts are compared as text and not
// resolved: name them as the addresses of the servers do, which is by their IP addresses where publishers announce themselves.
//
// Of several services that are named only the keys count that all of them have. Who announces a publisher chooses its services freely: else the key of one
// server would do for the services of all others.
func (s *Security) ServerKeys(ep transport.Endpoint, services ...string) curve.PublicKeys {
	if s == nil || ep.IsZero() {
		return curve.PublicKeys{}
	}
	return curve.NewPublicKeys(s.known.find(ep, services)...)
}

// Address fills in the keys that the server at a secure address may have. services are the names under which it was found, if it was. Other addresses, and
// those that have keys, come back as they are.
func (s *Security) Address(a transport.Address, services ...string) transport.Address {
	if a.Backend == transport.Secure && a.ServerKeys.Len() == 0 && a.Endpoint.Scheme() != "inproc" {
		a.ServerKeys = s.ServerKeys(a.Endpoint, services...)
	}
	return a
}
