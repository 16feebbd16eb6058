//go:build !unix

package engine

import "os"

// resumeSignals have a run go on that waits for a debugger: none here, where Enter does.
var resumeSignals = []os.Signal{noSignal{}}

// noSignal is a signal that never comes: package signal takes an empty list for all signals.
type noSignal struct{}

func (noSignal) String() string { return "none" }
func (noSignal) Signal()        {}

var _ os.Signal = noSignal{}
