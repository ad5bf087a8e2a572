//go:build !linux

package zmq

import "time"

// sysLimits are none: it is on Linux that the C library can be stood before.
type sysLimits struct{}

func (*sysLimits) open(most, mostOfSource int) error         { return nil }
func (*sysLimits) enter() (leave func())                     { return func() {} }
func (*sysLimits) accepted() int                             { return 0 }
func (*sysLimits) busy(port int, begins bool)                {}
func (*sysLimits) count(cause int) uint64                    { return 0 }
func (*sysLimits) last(cause int) [16]byte                   { return [16]byte{} }
func (*sysLimits) follow(tell func(time.Time) time.Duration) {}
func (*sysLimits) shut() error                               { return nil }
func (*sysLimits) free()                                     {}
