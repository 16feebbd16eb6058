package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"github.com/capsize-go/capsize/cluster/hostlog"
	"github.com/capsize-go/capsize/cluster/internal/deadline"
	"github.com/capsize-go/capsize/cluster/internal/diskimage"
	"github.com/capsize-go/capsize/cluster/internal/folders"
	"github.com/capsize-go/capsize/cluster/internal/inorder"
	"github.com/capsize-go/capsize/cluster/internal/runhash"
	"github.com/capsize-go/capsize/cluster/internal/tracer"
	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/internal/detrt"
	"github.com/capsize-go/capsize/internal/hostdisk"
	"github.com/capsize-go/capsize/internal/simnet"
)

// A Host is the machine that a node or a client runs on, and its only access to the simulation. A Host lives until it crashes;
// after the restart a node gets another one.
//
// It has many methods because it is all of what a machine offers a program: network, disk, clock, timers, randomness, log, marks
// and its own exit.
type Host struct {
	m    *machine
	life uint32
	ctx  *deadline.Context // ends when the host has crashed; for what waits for the host, and not for code of the host itself
	rand *rand.Rand
	net  simnet.Stack
	root *diskimage.File // of the disk, as this life sees it

	exited bool // see Exit

	members []string           // as this node adopted them last
	spans   inorder.Set[*Span] // that have not ended
	cache   map[string]cached  // answers of the name service

	sleeper atomic.Pointer[sleeper] // one that can be used again
	signal  deadline.Spare          // of a call
}

func newHost(m *machine) *Host {
	return &Host{
		m: m, life: m.life, ctx: deadline.New(context.Background(), time.Time{}), net: m.c.net.Stack(m.name), root: m.disk.Root,
		rand: m.key.With("rand").Int(int64(m.life)).Rand(),
	}
}

// gone reports whether the host has crashed.
func (h *Host) gone() bool {
	h.m.c.lock()
	defer h.m.c.unlock()
	return h.dead()
}

func (h *Host) dead() bool { return !h.m.up || h.m.life != h.life }

// Name returns the host's name: n1, n2, … for nodes and c0, c1, … for clients.
func (h *Host) Name() string { return h.m.name }

// Nodes returns the names of the cluster's nodes, up or not.
func (h *Host) Nodes() []string { return slices.Clone(h.m.c.nodes) }

// Node returns the node that a client is bound to: the one that it calls, and to which its operations are attributed. A node is
// bound to itself.
func (h *Host) Node() string { return h.m.node }

// IP returns the host's address.
func (h *Host) IP() net.IP { return slices.Clone(h.m.ip) }

// Handle makes fn the host's message handler. It is called for one message at a time, each at an instant of its own, and must not
// block: it runs on the event loop that moves the whole cluster.
func (h *Host) Handle(fn func(Message)) {
	h.m.c.lock()
	defer h.m.c.unlock()
	if !h.dead() {
		h.m.handler = fn
	}
}

// A Timer is a function that is due on a host; see [Host.AfterFunc].
type Timer struct {
	h    *Host
	ev   *event
	fn   func()
	ends deadline.Ender // in place of fn: it wakes a goroutine

	cause uint64 // the message whose delivery set it, if that is recorded, or [tracer.Wakes]
}

// AfterFunc runs fn after d, as the handler runs: alone, and not blocking. A crash of the host stops all its timers.
func (h *Host) AfterFunc(d time.Duration, fn func()) *Timer {
	t := &Timer{h: h, fn: fn}
	t.Reset(d)
	return t
}

// Reset makes the timer due after d, whether or not it was due before.
func (t *Timer) Reset(d time.Duration) {
	m := t.h.m
	m.c.lock()
	defer m.c.unlock()
	if c := m.c; c.rec.Follows() {
		detrt.Quietly(func() { t.cause = c.rec.Inherit(c.Now(), m.name, t.cause, t.ev != nil) })
	}
	t.stop()
	t.ev = m.c.loop.newEvent()
	t.ev.kind, t.ev.to, t.ev.life, t.ev.timer = kindTimer, m, t.h.life, t
	d = m.clock.Load().Stretch(d)
	m.c.loop.pushLocked(m.align(m.ready()+d), t.ev)
}

// Stop cancels the timer. It does nothing if it has run.
func (t *Timer) Stop() {
	t.h.m.c.lock()
	defer t.h.m.c.unlock()
	t.stop()
}

func (t *Timer) stop() {
	if t.ev != nil {
		t.ev.off, t.ev = true, nil
	}
}

// Sleep waits for d, or until the host crashes; then it returns [ErrCrashed].
func (h *Host) Sleep(d time.Duration) error {
	s := h.sleeper.Swap(nil)
	if s == nil {
		s = &sleeper{signal: deadline.NewSignal()}
		s.timer = Timer{h: h, ends: (*deadline.Alarm)(&s.Waiter), cause: tracer.Wakes}
	}
	s.Begin(s.signal)
	s.timer.Reset(d)
	if _, err := s.Wait(h.ctx); err != nil {
		s.timer.Stop()
		return ErrCrashed
	}
	h.sleeper.Store(s)
	return nil
}

// A sleeper is a goroutine that sleeps by the clock of its host.
type sleeper struct {
	deadline.Waiter
	signal *deadline.Signal
	timer  Timer
}

// WithTimeout is [context.WithTimeout] with a deadline that is an event of the host. So an answer and a deadline that fall on the
// same nanosecond come in an order, and it is the same in every run; with the context package's own timer it would be chance.
func (h *Host) WithTimeout(parent context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	t := new(timeout)
	t.Init(parent, h.m.byClock(h.m.c.Now()+d))
	t.timer = Timer{h: h, ends: &t.Context, cause: tracer.Wakes}
	t.timer.Reset(d)
	return &t.Context, t.cancel
}

// A timeout is a context that ends by the clock of a host.
type timeout struct {
	deadline.Context
	timer Timer
}

func (t *timeout) cancel() {
	t.timer.Stop()
	t.Leave()
	t.End(context.Canceled)
}

// Sync makes all that was written to the host's disk durable, and holds the host until it is: its handler and timers wait, and
// what it sends leaves when the disk is done, as from a process with one thread that calls fsync. It is for code on the message
// seam; other code calls [File.Sync], which says what an error means. It returns at once. After an error the host must not send
// messages that depend on the data being durable.
func (h *Host) Sync() error {
	c := h.m.c
	c.lock()
	defer c.unlock()
	if h.dead() {
		return &fs.PathError{Op: "sync", Path: "/", Err: ErrCrashed}
	}
	d := &h.m.disk
	end := d.occupyForSync()
	d.ApplySynced(c.Now())
	c.stats.Syncs++
	h.m.event(trace.Sync, "", "")
	c.trigger(SyncBegins)
	lies := false
	if len(d.impairments) > 0 {
		err := d.opError("sync", c.Now())
		if err == nil {
			lies, err = d.syncOutcome(func() bool { return d.Any(diskimage.All) }, func() { d.DropWrites(diskimage.All) })
		}
		if err != nil {
			return &fs.PathError{Op: "sync", Path: "/", Err: err}
		}
	}
	if !lies {
		d.Commit(end)
	}
	return nil
}

// syncTime returns how long the disk takes for an fsync at t when nothing is wrong with it.
func (m *machine) syncTime(t time.Duration) time.Duration {
	u := m.key.With("fsync").Int(int64(t / time.Millisecond)).Uint64()
	return time.Duration(100+u%400) * time.Microsecond
}

// Disk returns the host's disk.
func (h *Host) Disk() *Disk { return &Disk{h: h} }

// Clock returns the host's clock.
func (h *Host) Clock() Clock { return Clock{h} }

// Rand returns the host's source of randomness. It is seeded by the run's seed, the host's name and how often the host was
// started. Use it from one goroutine or from the handler: with two, the order of their draws would be chance.
func (h *Host) Rand() *rand.Rand { return h.rand }

// SetRole sets what the node is at present in its own view: "leader", "follower", "primary". A nemesis may select nodes by it,
// and the run counts the changes.
func (h *Host) SetRole(role string) {
	c := h.m.c
	c.lock()
	defer c.unlock()
	if h.dead() || h.m.role == role {
		return
	}
	h.m.role = role
	h.m.event(trace.Role, role, "")
	c.note(c.Now(), h.m, nil, kindFunc, runhash.Role)
	c.trigger(RoleChange)
	if !leads(role) {
		return
	}
	c.stats.Elections++
	if c.leader != "" && c.leader != h.m.name {
		c.stats.LeaderChanges++
		c.trigger(LeaderChange)
	}
	c.leader = h.m.name
}

// leads reports whether the role is that of a leader or primary.
func leads(role string) bool { return role == "leader" || role == "primary" }

// Listen announces on the host, as [net.Listen] does: Listen("tcp", ":8080").
func (h *Host) Listen(network, addr string) (net.Listener, error) {
	return h.net.Listen(network, addr)
}

// ListenPacket announces on the host, as [net.ListenPacket] does.
func (h *Host) ListenPacket(network, addr string) (net.PacketConn, error) {
	return h.net.ListenPacket(network, addr)
}

// A Log holds what the hosts of a cluster logged, in the order of virtual time: All, Tail and WriteTo read it.
type Log = hostlog.Log

// A LogLine is one line that code on a host logged: At, Host, Level and Text.
type LogLine = hostlog.Line

// LogMemory is how many bytes of log lines a [Log] keeps in memory. Older lines go to a temporary file.
const LogMemory = hostlog.Memory

// Logs returns what the hosts have logged. It may be read after [Cluster.Stop].
func (c *Cluster) Logs() *Log { return c.log.Log() }

// Log returns the host's logger. Its lines carry the host's name and the virtual
// time of the run, and all levels from [slog.LevelDebug] on are kept; see
// [Cluster.Logs]. Libraries that want a [log.Logger] get one by
// slog.NewLogLogger(h.Log().Handler(), slog.LevelInfo), and those that write lines
// get [Host.LogWriter]. Package log and [slog.Default] know no host: what they print
// goes where it goes without Capsize.
func (h *Host) Log() *slog.Logger { return slog.New(h.m.c.log.Handler(h.m.name)) }

// LogWriter returns a writer for libraries that log by writing lines, as log.New, hclog and zap do. Each line becomes a line of
// [Host.Log]; its level is the one that it names in brackets, "[WARN]" or "[ERR]", and [slog.LevelInfo] if it names none.
func (h *Host) LogWriter() io.Writer { return h.m.c.log.Writer(h.m.name) }

// Dir returns a folder of the real file system that belongs to this host, for code that needs an [os.File]: bbolt, or the
// snapshots of hashicorp/raft. The first call makes it; it outlives crashes, and is removed when the run ends.
//
// For a [Program] it is the working directory, /capsize/n1/data in each run, on a disk with faults: a crash loses what was not synced.
//
// For other systems its path differs from run to run, so it must not reach a history, and no fault of a disk applies to it: a sync
// takes no virtual time, and a crash loses nothing. Code that outlives the crash must close its files when its ctx is done. With the
// deterministic runtime none outlives it, and the next life has a copy without locks. For a store on a disk, see [Disk.Tree].
func (h *Host) Dir() (string, error) {
	if h.m.disk.files != nil {
		return hostdisk.Dir(h.m.name), nil
	}
	dir, err := h.m.c.folders.Get(h.m.name)
	if errors.Is(err, folders.ErrRemoved) {
		err = fmt.Errorf("%w: %w", ErrCrashed, err)
	}
	if err != nil {
		return "", fmt.Errorf("folder of %s: %w", h.m.name, err)
	}
	return dir, nil
}
