package relay

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/pytroll/posttroll-go/pkg/security"
)

// CheckKeys reads the key files of all routes, and tells which routes lack keys, without binding and connecting anything. It returns all that is wrong,
// joined, each as a [*SettingError].
func (r *Relay) CheckKeys() error { return r.checkKeys(r.config().plansWithKeys(), layout{}) }

// checkKeys is CheckKeys for what is not open in before.
func (r *Relay) checkKeys(plans []plan, before layout) error {
	var errs []error
	sources, sinks := make(map[string]bool), make(map[string]bool) // what several routes share is told once
	for i, p := range plans {
		at := fmt.Sprintf("route[%d]", i+1)
		if before.inlets[p.sourceKey] == nil && !sources[p.sourceKey] {
			sources[p.sourceKey] = true
			errs = append(errs, keyErrors(at+".source", r.checkSource(p.Source))...)
		}
		if before.outlets[p.sinkKey] == nil && !sinks[p.sinkKey] {
			sinks[p.sinkKey] = true
			errs = append(errs, keyErrors(at+".sink", r.checkSink(p.Sink))...)
		}
	}
	return errors.Join(errs...)
}

// keyErrors says of each error that is joined in err to which part of the route it belongs.
func keyErrors(at string, err error) []error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, err := range joined.Unwrap() {
			all = append(all, keyErrors(at, err)...)
		}
		return all
	}
	if bad, ok := errors.AsType[*security.SettingError](err); ok {
		return []error{&SettingError{Key: at + "." + bad.Key, Text: bad.Err.Error(), Hint: bad.HintText(), Err: err}}
	}
	return []error{&SettingError{Key: at, Text: err.Error(), Err: err}}
}

// plansWithKeys are plans that differ also where the key files of a route hold something else than before, so that a reload opens its source or sink anew.
func (c Config) plansWithKeys() []plan {
	plans := c.plans()
	for i := range plans {
		p := &plans[i]
		p.sourceKey += digest(p.Source.keyFiles())
		p.sinkKey += digest(p.Sink.keyFiles())
	}
	return plans
}

// keyFiles are those of the route's own. The folder of clients is watched as it is.
func (cfg SourceConfig) keyFiles() []string {
	files := []string{cfg.ClientSecretKeyFile, cfg.ServerPublicKeyFile}
	for _, entry := range cfg.ServerPublicKeys {
		if _, file, ok := strings.Cut(entry, "="); ok {
			files = append(files, strings.TrimSpace(file))
		}
	}
	return files
}

func (cfg SinkConfig) keyFiles() []string {
	return []string{cfg.ServerSecretKeyFile, cfg.NextServerSecretKeyFile}
}

// digest is another text for other contents of files; empty without any. What can't be read has none: who opens it will tell.
func digest(files []string) string {
	sum, some := sha256.New(), false
	for _, file := range files {
		if file == "" {
			continue
		}
		some = true
		content, err := readKeyFile(file)
		if err != nil {
			content = nil
		}
		fmt.Fprintf(sum, "%d %x ", len(content), sha256.Sum256(content))
	}
	if !some {
		return ""
	}
	return " keys " + hex.EncodeToString(sum.Sum(nil))
}

// maxKeyFile bounds what is read of a key file in bytes; a longer one is none, and will be refused.
const maxKeyFile = 64 << 10

func readKeyFile(path string) ([]byte, error) {
	info, err := os.Stat(path) // opening a pipe would block
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxKeyFile {
		return nil, errors.New("no key file")
	}
	return os.ReadFile(path)
}
