package security

import (
	"errors"
	"maps"
	"os"
	"slices"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/curve"
)

// tell logs what has changed since the last look.
func (f *folder) tell(old, now *admission, read bool, err error) {
	if !read {
		f.tellTrouble(err)
		return
	}
	if old.missing {
		f.log.Info("clients' keys read", zap.String("path", f.path), zap.Int("count", len(now.names)))
	}
	f.trouble = ""
	f.tellMode()
	f.tellProblems(err)
	if !old.missing || len(old.unknown) > 0 {
		f.tellKeys(old.all(), now)
	}
}

// tellTrouble tells that the folder can't be read.
func (f *folder) tellTrouble(err error) {
	if f.trouble == err.Error() {
		return
	}
	f.trouble = err.Error()
	clear(f.problems)
	if gone(err) {
		f.log.Error("clients' folder is not there: nobody is admitted by key", zap.String("path", f.path), cause(err))
		return
	}
	f.log.Error("clients' folder can't be read: nobody new is admitted by key", zap.String("path", f.path), cause(err))
}

// tellMode tells that everybody on this host can admit himself.
func (f *folder) tellMode() {
	info, err := os.Stat(f.path)
	exposed := err == nil && info.Mode().Perm()&othersWrite != 0 // what has gone since it was read is told by the next look
	if exposed && !f.exposed {
		f.log.Warn("everybody can put keys into the clients' folder", zap.String("path", f.path), zap.Stringer("mode", info.Mode()))
	}
	f.exposed = exposed
}

// othersWrite is the bit of a mode by which all users write.
const othersWrite = 0o002

// tellProblems tells of files that have turned bad, or bad in another way.
func (f *folder) tellProblems(err error) {
	problems := map[string]bool{}
	for _, e := range split(err) {
		problems[e.Error()] = true
		if f.problems[e.Error()] {
			continue
		}
		path := f.path
		if fe, ok := errors.AsType[*curve.FileError](e); ok {
			path = fe.Path
		}
		f.log.Error("client's key file admits nobody", zap.String("path", path), cause(e))
	}
	f.problems = problems
}

// tellKeys tells of keys that came, went and were replaced.
func (f *folder) tellKeys(old map[string]curve.PublicKey, now *admission) {
	for _, name := range slices.Sorted(maps.Keys(now.names)) {
		key := now.names[name]
		before, known := old[name]
		switch {
		case !known:
			f.log.Info("client's key added", zap.String("client", name), fingerprint(key))
		case before != key:
			f.log.Info("client's key replaced", zap.String("client", name), fingerprint(key), zap.String("old_fingerprint", before.Fingerprint()))
		}
	}
	present := now.all()
	for _, name := range slices.Sorted(maps.Keys(old)) {
		if _, ok := present[name]; ok {
			continue
		}
		fields := []zap.Field{zap.String("client", name), fingerprint(old[name])}
		if other, ok := now.identity[old[name]]; ok {
			fields = append(fields, zap.String("still_admitted_as", other))
		}
		f.log.Info("client's key removed", fields...)
	}
}

func fingerprint(key curve.PublicKey) zap.Field { return zap.String("fingerprint", key.Fingerprint()) }

// cause is an error of a [curve.FileError] without the path, which stands in a field of its own.
func cause(err error) zap.Field {
	if fe, ok := errors.AsType[*curve.FileError](err); ok {
		err = fe.Err
	}
	return zap.NamedError("cause", err)
}
