package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime/pprof"
	"slices"
	"sync"
	"time"

	"github.com/capsize-go/capsize/cluster/hostlog"
	"github.com/capsize-go/capsize/cluster/internal/effect"
	"github.com/capsize-go/capsize/cluster/internal/entropy"
	"github.com/capsize-go/capsize/cluster/internal/folders"
	"github.com/capsize-go/capsize/cluster/internal/latency"
	"github.com/capsize-go/capsize/cluster/internal/marks"
	"github.com/capsize-go/capsize/cluster/internal/nameservice"
	"github.com/capsize-go/capsize/cluster/internal/runhash"
	"github.com/capsize-go/capsize/cluster/internal/tracer"
	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/internal/detrt"
	"github.com/capsize-go/capsize/internal/hostdisk"
	"github.com/capsize-go/capsize/internal/keyed"
	"github.com/capsize-go/capsize/internal/simnet"
)

// MaxHosts is how many hosts a cluster can have, clients included: each needs a phase of its own among the odd nanoseconds of a
// microsecond.
const MaxHosts = 499

// A Calm says when links are calm.
type Calm = latency.Calm

// AlwaysCalm has all links calm at all times.
var AlwaysCalm = latency.Always

// A Config describes a cluster.
type Config struct {
	System  System    // what every node runs; nil for nodes that do nothing
	Nodes   int       // n1, n2, …
	Clients int       // hosts c0, c1, … beside the nodes
	Spared  int       // of the clients, how many at the end are left out of [Cluster.Clients]: those that no fault takes
	Seed    uint64    // of every draw
	Calm    Calm      // when links take a millisecond each, in place of a time that is drawn; default: never
	Log     io.Writer // gets each line that the hosts log, as it is logged; optional: see [Cluster.Logs]
	Label   string    // goroutines that run code of a host bear it as the pprof label "capsize", and the host's name as "host"

	Spans  SpanRecorder // records what hosts do; optional: see [Host.Begin]
	Record trace.Window // of which [Cluster.Recorded] returns what happened; optional

	// Wait returns when all other goroutines of the bubble are blocked: [testing/synctest.Wait].
	Wait func()
}

// Stats counts what happened in a cluster.
type Stats struct {
	Events        uint64 // that were run, of any kind
	Sent          uint64 // messages and segments of connections
	Delivered     uint64
	LostToCut     uint64 // on a link that was cut
	LostToChance  uint64 // on a lossy link
	LostToCrash   uint64 // sent to or from a host that was down
	LeaderChanges uint64 // from one node to another
	Elections     uint64 // of a node as leader, also of the one that was leader before
	Crashes       uint64
	Syncs         uint64 // of a disk
	BytesWritten  int64  // to disks
	BytesLost     int64  // written but not synced at a crash
}

// A Cluster is a set of hosts, and the controls that a nemesis has over it. Its methods must be called from within the bubble
// that [New] was called in, except where they say otherwise.
//
// It has many methods because it is the whole catalogue of what a fault can do to hosts, network, disks and clocks, and one
// handle stands for one fault: see [Cluster.As].
type Cluster struct {
	*simulation
	by *effect.Tally // of the fault that uses this handle; see As
}

// An Effect is what a fault did to a cluster, of one kind. A fault without effects was injected and tested nothing.
type Effect struct {
	Fault string `json:"fault"` // the name given to [Cluster.As]; empty for what was done without one
	What  string `json:"what"`  // "messages cut", "bytes lost at a crash"
	Count int64  `json:"count"`
}

// As returns a handle of the cluster for a fault of that name: what is done through it is attributed to the name in
// [Cluster.Effects]. The draws of the fault, as of which messages it loses, are keyed by the name too, so that they do not
// depend on other faults.
func (c *Cluster) As(fault string) *Cluster {
	c.lock()
	defer c.unlock()
	return &Cluster{simulation: c.simulation, by: c.tallies.Of(fault)}
}

// Effects returns what faults did so far, by fault and kind. Counts of zero are left out: a fault that is not named had no
// effect.
func (c *Cluster) Effects() []Effect {
	c.lock()
	defer c.unlock()
	var all []Effect
	for _, n := range c.tallies.Counts() {
		all = append(all, Effect(n))
	}
	return all
}

// A simulation is the state of a cluster. Each fault has a Cluster of its own around it.
type simulation struct {
	cfg      Config
	loop     *loop
	net      *simnet.Net
	log      hostlog.Recorder
	nodes    []string
	machines []*machine
	byName   map[string]*machine
	stats    Stats
	leader   string
	epoch    int // counts the calls of Heal
	trace    runhash.Hash
	rec      *tracer.Recorder // nil: nothing is recorded
	entropy  *entropy.Source
	stopping bool
	programs bool // run on the hosts: see Program
	tallies  effect.Tallies
	marks    marks.Marks
	awaited  map[Trigger][]chan struct{}
	damaged  int // nodes whose disks broke a promise
	members  membership
	names    nameservice.Records
	named    bool // a name was set at some time

	mu       sync.Mutex
	findings []Finding
	folders  folders.Folders
	files    *hostdisk.Disks // of programs; nil while there are none
}

// New makes a cluster. Its hosts boot when [Cluster.Start] is called.
func New(cfg Config) (*Cluster, error) {
	if cfg.Nodes < 1 || cfg.Clients < 0 {
		return nil, fmt.Errorf("cluster: %d nodes and %d clients", cfg.Nodes, cfg.Clients)
	}
	if cfg.Spared < 0 || cfg.Spared > cfg.Clients {
		return nil, fmt.Errorf("cluster: %d of %d clients can't be spared", cfg.Spared, cfg.Clients)
	}
	if n := cfg.Nodes + cfg.Clients; n > MaxHosts {
		return nil, fmt.Errorf("cluster: %d hosts are more than %d", n, MaxHosts)
	}
	if cfg.Wait == nil {
		return nil, errors.New("cluster: Config.Wait is missing")
	}
	programs, err := runnable(cfg.System)
	if err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	c := &Cluster{simulation: &simulation{
		cfg: cfg, programs: programs, loop: newLoop(lag(cfg.System), cfg.Wait),
		byName: map[string]*machine{}, tallies: effect.Tallies{}, rec: tracer.New(cfg.Record),
	}}
	c.by = c.tallies.Of("")
	c.net = simnet.New(wire{c})
	c.entropy = entropy.New(cfg.Seed, c.Now)
	c.log = hostlog.New(c.Now, cfg.Log)
	c.addMachines()
	if err := c.addNames(); err != nil {
		return nil, err
	}
	return c, nil
}

// addMachines makes the machines and the links between them. Each machine gets a phase of its own, so that no two of them act
// at one instant.
func (c *Cluster) addMachines() {
	key := keyed.New(c.cfg.Seed)
	first := key.With("phase").Range(0, MaxHosts)
	total := c.cfg.Nodes + c.cfg.Clients
	for i := range total {
		m := &machine{c: c, id: i}
		// 97 is coprime to 499, so the phases differ; they are odd, since the even ones belong to the simulation.
		m.phase = time.Duration((first+int64(i)*97)%MaxHosts*2 + 1)
		m.ip = net.IPv4(10, 0, byte(i/250), byte(i%250+1))
		if i < c.cfg.Nodes {
			m.name = fmt.Sprint("n", i+1)
			m.node = m.name
			c.nodes = append(c.nodes, m.name)
		} else {
			m.name = fmt.Sprint("c", i-c.cfg.Nodes)
			m.node = c.nodes[(i-c.cfg.Nodes)%c.cfg.Nodes]
		}
		m.key = key.With("host", m.name)
		m.labels = pprof.WithLabels(context.Background(), c.labelsOf(m.name))
		m.disk = newDisk(m)
		c.machines = append(c.machines, m)
		c.byName[m.name] = m
		c.net.AddHost(m.name, m.ip)
	}
	for _, m := range c.machines {
		for _, to := range c.machines {
			k := key.With("link", m.name, to.name)
			m.links = append(m.links, link{key: k})
		}
	}
}

// labelsOf returns the profiler labels by which a goroutine is known to run code of a host. Goroutines inherit them from the
// one that starts them.
func (c *simulation) labelsOf(host string) pprof.LabelSet {
	return pprof.Labels("capsize", c.cfg.Label, "host", host)
}

// Start boots every host. It fails if another cluster is running in this process: they would share what crypto/rand yields.
func (c *Cluster) Start() error {
	if !c.entropy.Claim() {
		return errors.New("cluster: another cluster is running in this process")
	}
	for _, m := range c.machines {
		c.atOwn(0, m, m.start)
	}
	go c.loop.run()
	return nil
}

// Stop crashes every host, waits for shutdownTimeout so that code which outlives its host can end, and stops the event loop.
// Nothing happens in the cluster after it.
func (c *Cluster) Stop(shutdownTimeout time.Duration) {
	c.lock()
	c.stopping = true
	c.unlock()
	for _, m := range c.machines {
		c.atOwn(c.Now(), m, func() { m.crashBy(nil, false) })
	}
	time.Sleep(shutdownTimeout)
	c.loop.stop()
	c.entropy.Release()
	c.cfg.Wait()
	c.log.Close()
	c.removeFolders()
}

// Abandon gives up a cluster in which some goroutine never blocks. Unlike Stop it waits for nothing, and may be called from
// outside the bubble.
func (c *Cluster) Abandon() {
	c.lock()
	c.loop.stopped = true
	c.loop.agenda.Clear()
	c.unlock()
	c.log.Close()
	c.entropy.Release()
	c.removeFolders()
}

func (c *simulation) removeFolders() {
	if c.files != nil {
		c.files.Close()
	}
	c.folders.Remove()
}

func (c *simulation) lock()   { c.loop.mu.Lock() }
func (c *simulation) unlock() { c.loop.mu.Unlock() }

// Sleep waits for d, or until ctx is done, and reports whether it was d.
func (c *Cluster) Sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	passed := make(chan struct{})
	c.At(c.Now()+d, "", func() { close(passed) })
	select {
	case <-passed:
		return true
	case <-ctx.Done():
		return false
	}
}

// Now returns the virtual time since the cluster was made.
func (c *Cluster) Now() time.Duration { return c.loop.now() }

// Reached returns the instant of the last event. Unlike [Cluster.Now] it may be called from outside of the bubble.
func (c *Cluster) Reached() time.Duration { return time.Duration(c.loop.last.Load()) }

// At runs fn at instant t, or as soon after it as the host of that name may act. It runs whether or not the host is up. The
// empty name stands for the simulation. Goroutines that fn starts are the host's, if that is up: see [Cluster.Crash].
func (c *Cluster) At(t time.Duration, host string, fn func()) {
	if host == "" {
		c.at(t, nil, fn, false)
	} else {
		c.at(t, c.machine(host), fn, false)
	}
}

// atOwn runs fn, which is no code of the machine, at an instant of the machine.
func (c *Cluster) atOwn(t time.Duration, m *machine, fn func()) { c.at(t, m, fn, true) }

func (c *Cluster) at(t time.Duration, m *machine, fn func(), own bool) {
	ev := &event{kind: kindFunc, to: m, own: own, fn: func() {
		c.loop.wakes()
		fn()
	}}
	if m != nil {
		t = m.align(t)
	}
	c.loop.push(t, ev)
}

// Nodes returns the names of the nodes, up or not: n1, n2, ….
func (c *Cluster) Nodes() []string { return slices.Clone(c.nodes) }

// Hosts returns the names of all hosts: the nodes, then the clients.
func (c *Cluster) Hosts() []string {
	var names []string
	for _, m := range c.machines {
		names = append(names, m.name)
	}
	return names
}

// Clients returns the names of the clients that faults may take: c0, c1, … without the last [Config.Spared].
func (c *Cluster) Clients() []string {
	var names []string
	for _, m := range c.machines[c.cfg.Nodes : len(c.machines)-c.cfg.Spared] {
		names = append(names, m.name)
	}
	return names
}

// Bound returns the node that a host is bound to; see [Host.Node].
func (c *Cluster) Bound(name string) string { return c.machine(name).node }

// Client returns client host i, from 0. It is up from [Cluster.Start] on.
func (c *Cluster) Client(i int) *Host {
	c.lock()
	defer c.unlock()
	return c.machines[c.cfg.Nodes+i].host
}

// Crash stops a host as a power cut does. It does nothing if the host is down.
//
// With the deterministic runtime of "capsize test" all goroutines of the host stop where they stand: those of Run, those that
// handlers and timers start, and those that these start. No deferred call of theirs runs, their ctx is not cancelled, and their
// timers of package time do nothing. What they hold they hold for good, as a lock in a package variable that other hosts use as
// well; and a panic or [Host.Exit] ends them in the same way. Without that runtime a goroutine can't be stopped: it learns of
// the crash by its ctx and by errors of the host's network and disk, and has until the end of the run to come back.
func (c *Cluster) Crash(name string) {
	m := c.machine(name)
	c.atOwn(c.Now(), m, func() { m.crashBy(c.by, false) })
}

// Vanish crashes a host without resets to its peers: their connections to it stay open until they time out, as when a cable is
// pulled or a virtual machine is gone.
func (c *Cluster) Vanish(name string) {
	m := c.machine(name)
	c.atOwn(c.Now(), m, func() { m.crashBy(c.by, true) })
}

// Restart boots a host that is down. It does nothing if the host is up.
func (c *Cluster) Restart(name string) {
	m := c.machine(name)
	c.atOwn(c.Now(), m, m.start)
}

// Up reports whether a host is up.
func (c *Cluster) Up(name string) bool {
	c.lock()
	defer c.unlock()
	return c.machine(name).up
}

// Role returns what a host last said of itself with [Host.SetRole]; it is empty for one that is down.
func (c *Cluster) Role(name string) string {
	c.lock()
	defer c.unlock()
	return c.machine(name).role
}

// Leaders returns the nodes that at present believe to be leader or primary. There may be none, and while the network is cut
// there may be several.
func (c *Cluster) Leaders() []string {
	c.lock()
	defer c.unlock()
	var names []string
	for _, m := range c.machines[:c.cfg.Nodes] {
		if leads(m.role) {
			names = append(names, m.name)
		}
	}
	return names
}

// Stats returns what was counted so far.
func (c *Cluster) Stats() Stats {
	c.lock()
	defer c.unlock()
	s := c.stats
	s.Events = c.loop.executed.Load()
	return s
}

// Progress counts the events that were run. It may be called from outside the bubble: if the count does not grow, some
// goroutine in the bubble neither blocks nor ends.
func (c *Cluster) Progress() uint64 { return c.loop.executed.Load() }

// Trace returns a hash of all that happened so far: deliveries, losses, crashes and faults, with their instants. Two runs with
// equal traces are equal.
func (c *Cluster) Trace() uint64 {
	c.lock()
	defer c.unlock()
	return uint64(c.trace)
}

// Findings returns the misbehaviour of user code so far.
func (c *Cluster) Findings() []Finding {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.findings)
}

func (c *Cluster) addFinding(f Finding) {
	c.mu.Lock()
	defer c.mu.Unlock()
	detrt.Quietly(func() { f.At = c.Now() })
	c.findings = append(c.findings, f)
}

// note adds something that happened to the hash of the run.
func (c *Cluster) note(at time.Duration, m, other *machine, k kind, what runhash.Event) {
	id := -1
	if other != nil {
		id = other.id
	}
	c.trace.Add(at, m.id, id, uint8(k), what)
}

// machine returns the machine of that name. It panics if there is none, since that is a mistake in the calling code.
func (c *Cluster) machine(name string) *machine {
	if len(name) == 2 && name[0] == 'n' { // n1 to n9 need no look into the map
		if i := int(name[1]) - '1'; i >= 0 && i < len(c.nodes) {
			return c.machines[i]
		}
	}
	m := c.byName[name]
	if m == nil {
		panic(fmt.Sprintf("cluster: there is no host %q", name))
	}
	return m
}
