package overlay

// The files of package net that have many edits.
const (
	descriptors = "net/fd_posix.go"
	lookups     = "net/lookup.go"
	interfaces  = "net/interface.go"
)

// sim is an edit of a method of a netFD, that of a program on a host has no file descriptor and does something else.
func sim(file, in, code string) edit {
	return edit{file: file, in: in, at: entry{}, code: " if fd.sim != nil { " + code + " }; "}
}

// option is an edit of a function that sets an option of a socket: for a simulated one it does nothing.
func option(file, in string) edit { return sim("net/"+file, in, "return nil") }

// program is an edit of a function that asks the machine, if the running goroutine is part of a program of a host.
func program(file, in, code string) edit {
	return edit{file: file, in: in, at: entry{}, code: " if p := detHere(); p != nil { " + code + " }; "}
}

// programGroups are for programs on hosts that know nothing of the simulation: see package hostrt. They do nothing for any other goroutine.
var programGroups = []group{
	{"net", "a program on a host listens, dials and looks up names on the simulated network", []edit{
		{file: "net/sock_posix.go", in: "socket", at: entry{}, code: " if fd, ok, err := detSocket(ctx, net, sotype, laddr, raddr, ctrlCtxFn); ok { return fd, err }; "},
		sim(descriptors, "(*netFD).Close", "return fd.sim.close()"),
		sim(descriptors, "(*netFD).shutdown", "return fd.sim.shutdown(how)"),
		sim(descriptors, "(*netFD).Read", "return fd.sim.read(p)"),
		sim(descriptors, "(*netFD).Write", "return fd.sim.write(p)"),
		sim(descriptors, "(*netFD).readFrom", "n, from, err := fd.sim.readFrom(p); return n, from, err"),
		sim(descriptors, "(*netFD).readFromInet4", "return fd.sim.readInto(p, from)"),
		sim(descriptors, "(*netFD).readMsg", "n, from, err := fd.sim.readFrom(p); return n, 0, 0, from, err"),
		sim(descriptors, "(*netFD).readMsgInet4", "n, err = fd.sim.readInto(p, sa); return n, 0, 0, err"),
		sim(descriptors, "(*netFD).writeTo", "return fd.sim.writeTo(p, sa)"),
		sim(descriptors, "(*netFD).writeToInet4", "return fd.sim.writeTo(p, sa)"),
		sim(descriptors, "(*netFD).writeMsg", "n, err = fd.sim.writeTo(p, sa); return n, len(oob), err"),
		sim(descriptors, "(*netFD).writeMsgInet4", "n, err = fd.sim.writeTo(p, sa); return n, len(oob), err"),
		sim(descriptors, "(*netFD).SetDeadline", "return fd.sim.deadline(t, true, true)"),
		sim(descriptors, "(*netFD).SetReadDeadline", "return fd.sim.deadline(t, true, false)"),
		sim(descriptors, "(*netFD).SetWriteDeadline", "return fd.sim.deadline(t, false, true)"),
		sim("net/fd_unix.go", "(*netFD).accept", "return fd.detAccept()"),
		sim("net/fd_windows.go", "(*netFD).accept", "return fd.detAccept()"),
		sim("net/fd_unix.go", "(*netFD).dup", `fd.sim.host.Refuse("asks for the file of a connection"); return nil, syscall.ENOTSUP`),
		sim("net/writev_unix.go", "(*netFD).writeBuffers", "return fd.sim.writeAll(v)"),
		{file: "net/tcpsock_posix.go", in: "(*TCPConn).readFrom", at: entry{}, code: " if c.fd.sim != nil { return genericReadFrom(c, r) }; "},
		{file: "net/tcpsock_posix.go", in: "(*TCPConn).writeTo", at: entry{}, code: " if c.fd.sim != nil { return genericWriteTo(c, w) }; "},
		{file: "net/rawconn.go", in: "(*rawConn).Control", at: expr("c.fd.pfd.RawControl(f)"), code: "c.fd.detControl(f)"},
		{file: "net/rawconn.go", in: "(*rawConn).Read", at: expr("c.fd.pfd.RawRead(f)"), code: "c.fd.detRead(f)"},
		{file: "net/rawconn.go", in: "(*rawConn).Write", at: expr("c.fd.pfd.RawWrite(f)"), code: "c.fd.detWrite(f)"},
		option("sockopt_posix.go", "setReadBuffer"),
		option("sockopt_posix.go", "setWriteBuffer"),
		option("sockopt_posix.go", "setKeepAlive"),
		sim("net/sockopt_posix.go", "setLinger", "return fd.sim.linger(sec)"),
		option("tcpsockopt_posix.go", "setNoDelay"),
		option("tcpsockopt_unix.go", "setKeepAliveIdle"),
		option("tcpsockopt_unix.go", "setKeepAliveInterval"),
		option("tcpsockopt_unix.go", "setKeepAliveCount"),
		{file: lookups, in: "(*Resolver).LookupCNAME", at: entry{}, code: " if name, err, ok := detCNAME(ctx, host); ok { return name, err }; "},
		{file: lookups, in: "(*Resolver).LookupSRV", at: entry{}, code: ` if err := detRecord(name); err != nil { return "", nil, err }; `},
		{file: lookups, in: "(*Resolver).LookupMX", at: entry{}, code: " if err := detRecord(name); err != nil { return nil, err }; "},
		{file: lookups, in: "(*Resolver).LookupNS", at: entry{}, code: " if err := detRecord(name); err != nil { return nil, err }; "},
		{file: lookups, in: "(*Resolver).LookupTXT", at: entry{}, code: " if err := detRecord(name); err != nil { return nil, err }; "},
		{file: lookups, in: "LookupTXT", at: entry{}, code: " if err := detRecord(name); err != nil { return nil, err }; "},
		{file: lookups, in: "(*Resolver).LookupAddr", at: entry{}, code: " if err := detRecord(addr); err != nil { return nil, err }; "},
		{file: interfaces, at: expr("interfaceTable(_)"), code: "detTable($1)", n: 4},
		{file: interfaces, at: expr("interfaceAddrTable(_)"), code: "detAddrTable($1)", n: 2},
		// A pool of connections is of one host, though a transport may be of the process.
		{file: "net/http/transport.go", in: "(*connectMethod).key", at: stmt("connectMethodKey{proxy: _, scheme: _, addr: _, onlyH1: _}"), code: "proxyStr = detPlace() + proxyStr; @"},
		{file: "net/http/transport.go", in: "(*Transport).getConn", at: entry{}, code: " t.detKeep(); "},
		{file: "net/http/h2_bundle.go", in: "(*http2clientConnPool).getClientConn", at: entry{}, code: poolOfHost, to: 26},
		{file: "net/http/h2_bundle.go", in: "(*http2clientConnPool).getClientConn", at: expr("p.conns[addr]"), code: "p.conns[detKey]", to: 26},
		{file: "net/http/h2_bundle.go", in: "(*http2clientConnPool).addConnIfNeeded", at: entry{}, code: " key = detPlace() + key; ", to: 26},
		{file: pool27, in: "(*clientConnPool).getClientConn", at: entry{}, code: poolOfHost, from: 27},
		{file: pool27, in: "(*clientConnPool).getClientConn", at: expr("p.conns[addr]"), code: "p.conns[detKey]", from: 27},
		{file: pool27, in: "(*clientConnPool).addConnIfNeeded", at: entry{}, code: " key = detPlace() + key; ", from: 27},
		{file: pool27, at: expr(`"sync"`), code: `@; _ "unsafe"`, from: 27}, // an import, for go:linkname
		{file: pool27, at: end{}, code: declarePlace, from: 27},
	}},
	{"machine", "a program in a bubble sees four processors, whatever the machine has, and one on a host what that host is", []edit{
		{file: "runtime/debug.go", in: "GOMAXPROCS", at: entry{}, code: " if n <= 0 && getg().bubble != nil { return detProcessors }; "},
		{file: "runtime/debug.go", in: "NumCPU", at: entry{}, code: " if getg().bubble != nil { return detProcessors }; "},
		program("os/exec.go", "Getpid", "return p.ProcessID()"),
		program("os/exec.go", "Getppid", "return 1"),
		program("os/sys.go", "Hostname", "return p.Hostname(), nil"),
		program("os/env.go", "Getenv", "v, _ := p.Getenv(key); return v"),
		program("os/env.go", "LookupEnv", "return p.Getenv(key)"),
		program("os/env.go", "Setenv", `if key == "" { return NewSyscallError("setenv", ErrInvalid) }; p.Setenv(key, value); return nil`),
		program("os/env.go", "Unsetenv", "p.Unsetenv(key); return nil"),
		program("os/env.go", "Clearenv", "p.Clearenv(); return"),
		program("os/env.go", "Environ", "return p.Environ()"),
		{file: "os/file.go", in: "(*File).Write", at: entry{}, code: " if f.detOutput(b) { return len(b), nil }; "},
		{file: "os/file.go", in: "(*File).Read", at: entry{}, code: " if err := f.detInput(); err != nil { return 0, err }; "},
		{file: "os/exec.go", in: "StartProcess", at: entry{}, code: " if err := detStart(name); err != nil { return nil, err }; "},
		{file: "os/signal/signal.go", in: "Notify", at: entry{}, code: " if c != nil && detIgnores() { return }; "},
		{file: "os/signal/signal.go", in: "Ignore", at: entry{}, code: " if detIgnores() { return }; "},
		{file: "os/signal/signal.go", in: "Reset", at: entry{}, code: " if detIgnores() { return }; "},
	}},
	{"exit", "os.Exit and a panic of a program on a host are the end of that host, and not of the process", []edit{
		program("os/proc.go", "Exit", "p.Exit(code)"),
		{file: "runtime/panic.go", in: "gopanic", at: stmt("preprintpanics(&p)"), code: "detPanicked(e); @"},
	}},
}

const pool27 = "net/http/internal/http2/client_conn_pool.go"

// The address itself is told to who traces the request.
const poolOfHost = " detKey := addr; if !dialOnMiss { detKey = detPlace() + addr }; "

const declarePlace = `
//go:linkname detPlace runtime.detPlace
func detPlace() string
`
