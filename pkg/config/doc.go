// Package config reads the settings of posttroll programs and daemons.
//
// [Settings] holds what all of them share: ports, the multicast group, keep-alive, keys. A daemon has a struct of its
// own besides, in its package, with the same tags. [Load] fills both; later wins:
//
//	defaults < old variables < shared file < own file < POSTTROLL_* < flags
//
// A program that only publishes or subscribes reads what the host and its user have set with [ForProgram]:
//
//	settings, report, err := config.ForProgram()
//
// Names, meanings and values of the variables are those of Python posttroll (doc/protocol.md, section 6). The files are
// TOML and lie beside the YAML files of Python, which are not read. They are read strictly: an unknown key, a wrong type and a
// value out of range are errors, all of them are told at once, and each names its file and line. Only unknown
// POSTTROLL_* variables are no errors but a [Warning], for other programs share that name space.
//
// # Settings for a while
//
// Python has one global configuration, changed for a while by "with config.set(backend=…):", which counts for
// the sockets made inside. Here Settings is a value: who makes a socket passes the settings that it is to have, and
// [Settings.With] makes a changed copy. There is no global state to put back, and two goroutines with different
// settings do not meet:
//
//	secure := settings.With(func(s *config.Settings) { s.Backend = config.Secure })
//
// The package keeps no state and starts nothing; all functions may be called concurrently, but not on the same targets.
// It reads the environment in [ForProgram] alone.
package config
