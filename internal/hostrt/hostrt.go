// Package hostrt has goroutines of a host run a program that knows nothing of the simulation: what it asks of package net, os and
// runtime is answered by the [Machine] of the host's present life. That needs the deterministic runtime that [overlay] makes; without
// it [Active] reports false, and the package does nothing: one source fits both builds.
//
// [overlay]: https://pkg.go.dev/github.com/capsize-go/capsize/internal/overlay
package hostrt

import (
	_ "unsafe" // for go:linkname

	"github.com/capsize-go/capsize/internal/detrt"
)

// runtimeHooks is filled in by package runtime if the program was built with the overlay; see package detrt.
//
//go:linkname runtimeHooks
var runtimeHooks struct {
	set func(host uint32, program any)
	get func() any
}

// Active reports whether this program was built with the overlay, so that programs can run on hosts.
func Active() bool { return runtimeHooks.set != nil }

// Run has the goroutines of a life of a host run a program on the machine, from now on. Machine nil ends that.
func Run(life detrt.Host, m *Machine) {
	if !Active() || life == detrt.World {
		return
	}
	if m == nil {
		runtimeHooks.set(uint32(life), nil)
		return
	}
	runtimeHooks.set(uint32(life), m)
}

// Current returns the machine of the running goroutine; nil if it runs no program of a host.
func Current() *Machine {
	if !Active() {
		return nil
	}
	m, _ := runtimeHooks.get().(*Machine)
	return m
}
