package hostrt

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/capsize-go/capsize/internal/detrt"
	"github.com/capsize-go/capsize/internal/simnet"
)

// A Machine is what a program sees of the host that it runs on, in one life of that. Its methods are what Go's own library calls instead
// of the system: goroutines of the host alone may call them.
//
// It has many methods because packages net, os and runtime ask it for all that a program is given of its machine.
type Machine struct {
	Name   string
	IP     net.IP
	PID    int
	Net    simnet.Stack
	Lookup func(ctx context.Context, name string) ([]string, error) // addresses of a name
	Output io.Writer                                                // takes standard output, and that for errors
	Warn   func(text string)                                        // takes what the program wants and can't have

	// Ended is called by a goroutine that ends the program: by os.Exit, or by a panic with a value.
	Ended func(exit string, panicked any, stack string)

	mu   sync.Mutex // held while nothing waits, and where no schedule stops
	env  []string   // KEY=value
	said map[string]bool
	once map[any]bool
	ends []func()
}

// environment is what a program finds in a life that begins: nothing of the process that simulates it.
func (m *Machine) environment() []string {
	if m.env == nil {
		m.env = []string{"HOME=/root", "HOSTNAME=" + m.Name, "LANG=C.UTF-8", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "USER=root"}
	}
	return m.env
}

// locked runs f with the machine locked.
func (m *Machine) locked(f func()) {
	detrt.Quietly(func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		f()
	})
}

// find returns the index of a variable in the environment; below 0 for none.
func (m *Machine) find(key string) int {
	return slices.IndexFunc(m.environment(), func(v string) bool { return strings.HasPrefix(v, key+"=") })
}

// Getenv returns a variable of the environment of the program.
func (m *Machine) Getenv(key string) (value string, found bool) {
	m.locked(func() {
		if i := m.find(key); i >= 0 {
			value, found = m.env[i][len(key)+1:], true
		}
	})
	return value, found
}

// Setenv sets a variable of the environment of the program.
func (m *Machine) Setenv(key, value string) {
	m.locked(func() {
		if i := m.find(key); i >= 0 {
			m.env[i] = key + "=" + value
		} else {
			m.env = append(m.env, key+"="+value)
		}
	})
}

// Unsetenv removes a variable from the environment of the program.
func (m *Machine) Unsetenv(key string) {
	m.locked(func() {
		if i := m.find(key); i >= 0 {
			m.env = slices.Delete(m.env, i, i+1)
		}
	})
}

// Clearenv removes all variables from the environment of the program.
func (m *Machine) Clearenv() { m.locked(func() { m.env = []string{} }) }

// Environ returns the environment of the program.
func (m *Machine) Environ() (all []string) {
	m.locked(func() { all = slices.Clone(m.environment()) })
	return all
}

// Hostname returns the name of the host.
func (m *Machine) Hostname() string { return m.Name }

// ProcessID returns the number of the process. No process of the real machine has it: a signal to it reaches none.
func (m *Machine) ProcessID() int { return m.PID }

// Print takes what the program prints.
func (m *Machine) Print(b []byte) {
	detrt.Quietly(func() { _, _ = m.Output.Write(b) })
}

// Refuse warns of what the program wants and can't have, once for each such thing.
func (m *Machine) Refuse(what string) {
	first := false
	m.locked(func() {
		if m.said == nil {
			m.said = map[string]bool{}
		}
		first = !m.said[what]
		m.said[what] = true
	})
	if first {
		detrt.Quietly(func() { m.Warn("the program " + what) })
	}
}

// Exit ends the program, and does not return.
func (m *Machine) Exit(code int) {
	m.Ended(fmt.Sprintf("exited with status %d", code), nil, string(debug.Stack()))
	select {}
}

// Panicked ends the program, whose goroutine panicked. The goroutine goes no further.
func (m *Machine) Panicked(v any) { m.Ended("", v, string(debug.Stack())) }

// OnEnd has release be called when the life of the host has ended.
func (m *Machine) OnEnd(release func()) { m.locked(func() { m.ends = append(m.ends, release) }) }

// OnEndOnce is OnEnd for the first call with a key.
func (m *Machine) OnEndOnce(key any, release func()) {
	m.locked(func() {
		if m.once == nil {
			m.once = map[any]bool{}
		}
		if !m.once[key] {
			m.once[key] = true
			m.ends = append(m.ends, release)
		}
	})
}

// End releases what the program had of the process. No goroutine of the host runs any more.
func (m *Machine) End() {
	var ends []func()
	m.locked(func() { ends, m.ends = m.ends, nil })
	for _, release := range ends {
		release()
	}
}

// Address returns the address of the host.
func (m *Machine) Address() net.IP { return slices.Clone(m.IP) }

// Dial connects to an address, from one if that is not empty.
func (m *Machine) Dial(ctx context.Context, network, from, to string) (c net.Conn, err error) {
	port := 0
	if from != "" && from != noAddress {
		name, service, err := net.SplitHostPort(from)
		if err != nil {
			return nil, err
		}
		if ip := net.ParseIP(name); ip != nil && !ip.IsUnspecified() && !ip.IsLoopback() && !ip.Equal(m.IP) {
			return nil, os.NewSyscallError("bind", syscall.EADDRNOTAVAIL)
		}
		if port, err = strconv.Atoi(service); err != nil {
			return nil, err
		}
	}
	detrt.Quietly(func() { c, err = m.Net.DialFrom(ctx, network, port, to) })
	return c, err
}

// Listen listens on an address.
func (m *Machine) Listen(network, addr string) (l net.Listener, err error) {
	detrt.Quietly(func() { l, err = m.Net.Listen(network, anyPort(addr)) })
	return l, err
}

// ListenPacket listens for datagrams on an address.
func (m *Machine) ListenPacket(network, addr string) (p net.PacketConn, err error) {
	detrt.Quietly(func() { p, err = m.Net.ListenPacket(network, anyPort(addr)) })
	return p, err
}

// anyPort is any free port, unless there is an address.
func anyPort(addr string) string {
	if addr == "" || addr == noAddress {
		return ":0"
	}
	return addr
}

// noAddress is how package net formats a nil address.
const noAddress = "<nil>"

// LookupHost returns the addresses of a name.
func (m *Machine) LookupHost(ctx context.Context, name string) (ips []string, err error) {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if name == "localhost" {
		return []string{"127.0.0.1"}, nil
	}
	detrt.Quietly(func() { ips, err = m.Lookup(ctx, name) })
	return ips, err
}
