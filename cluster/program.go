package cluster

import (
	"context"
	"errors"
	"fmt"

	"github.com/capsize-go/capsize/internal/hostrt"
)

// ErrNeedsRuntime is wrapped by the error of [New] for an [Unmodified] system in a program without the deterministic runtime.
var ErrNeedsRuntime = errors.New("program on hosts: this needs the deterministic runtime; run it with capsize test (or go run ./cmd/capsize test)")

// An Unmodified system runs programs that know nothing of the simulation, as [Program] does. A type that wraps such a system has this
// method as well, so that [New] refuses it where it can't run.
type Unmodified interface {
	System
	Unmodified()
}

// Program returns a system whose nodes are programs as they are in production. Boot starts one on h. It may block as a func main does,
// or return nil while its goroutines go on, as an embedded server does: the node lives until it crashes or the run ends.
//
// What boot and all goroutines that it starts ask of packages net, os and time is answered by the host. They listen, dial and look up
// names on the simulated network, where the nodes are n1, n2, … and the clients c0, c1, …; time passes by the host's clock; their files
// are below [Host.Dir]. A crash stops them where they stand, and runs no deferred call. A restart calls boot anew. Code of clients runs
// on the hosts of clients in the same way: the client library of a server works there as it is.
//
// An error of boot, os.Exit, log.Fatal and a panic that is not recovered crash the host, and are a [Finding] each: [Exited] or [Panicked].
//
// It needs the deterministic runtime of "capsize test"; else the error of [New] is [ErrNeedsRuntime].
func Program(boot func(h *Host) error) System { return program{boot} }

type program struct{ boot func(h *Host) error }

// Unmodified marks the system.
func (program) Unmodified() {}

// Run boots the program and waits for the end of the host's life.
func (p program) Run(ctx context.Context, h *Host) error {
	if !hostrt.Active() {
		return ErrNeedsRuntime
	}
	h.m.c.runPrograms()
	if err := p.boot(h); errors.Is(err, ErrDisk) {
		return err
	} else if err != nil {
		h.m.die(h, Exited, "exited: "+err.Error(), "")
	}
	<-ctx.Done()
	return nil
}

// runnable reports whether hosts run programs from the first instant on, as a client may be earlier than the nodes, and what they lack.
func runnable(s System) (programs bool, err error) {
	if _, programs = s.(Unmodified); programs && !hostrt.Active() {
		err = ErrNeedsRuntime
	}
	return programs, err
}

// runPrograms has the goroutines of all hosts be those of programs from now on, also of the clients, also if New was not told.
func (c *simulation) runPrograms() {
	c.lock()
	defer c.unlock()
	if c.programs {
		return
	}
	c.programs = true
	for _, m := range c.machines {
		if m.up {
			m.runProgram()
		}
	}
}

// firstPID is above all process ids that Linux gives.
const firstPID = 1 << 22

// runProgram has the goroutines of the present life ask the machine what they ask of Go's own library.
func (m *machine) runProgram() {
	h := m.host
	m.c.net.AddLoopback(m.name)
	m.program = &hostrt.Machine{
		Name: m.name, IP: m.ip, PID: firstPID + int(m.goroutines), Net: h.net, Lookup: h.LookupHost, Output: h.LogWriter(),
		Warn: func(text string) { h.Log().Warn(text) },
		Ended: func(exit string, panicked any, stack string) {
			if kind := Exited; m.id >= m.c.cfg.Nodes { // a client goes on without this goroutine
				if exit == "" {
					kind, exit = Panicked, fmt.Sprintf("panic: %v", panicked)
				}
				m.c.addFinding(Finding{Kind: kind, Host: m.name, What: exit, Stack: stack})
			} else if exit == "" {
				m.panicked(h, panicked)
			} else {
				m.die(h, kind, exit, stack)
			}
		},
	}
	hostrt.Run(m.goroutines, m.program)
	if err := m.mount(); err != nil {
		m.c.addFinding(Finding{Host: m.name, What: err.Error()})
	}
}

// Enter makes the running goroutine one of the host's until leave is called, if programs run on the hosts: it may then use package net
// as their clients do.
func (h *Host) Enter() (leave func()) {
	if !h.m.c.programs {
		return func() {}
	}
	was := h.m.goroutines.Enter()
	return func() { was.Enter() }
}
