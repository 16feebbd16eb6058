// Package bubble distinguishes the goroutines of virtual time from all others.
package bubble

import (
	"bytes"
	"runtime"
)

// Inside reports whether the caller is a goroutine of a bubble of testing/synctest,
// which offers no function for that. The first line of a goroutine's stack says it:
// "goroutine 7 [running, synctest bubble 1]:".
func Inside() bool {
	b := make([]byte, 128)
	header, _, _ := bytes.Cut(b[:runtime.Stack(b, false)], []byte("\n"))
	return bytes.Contains(header, []byte("synctest bubble"))
}
