package nemesis

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// Crashes returns a fault that crashes nodes, as a power cut does, and restarts
// them when it heals. The nodes are drawn from one of the victims, or from one of all
// kinds if none is given. What was not synced is lost.
func Crashes(victims ...Victim) Fault { return crash{targets{victims}} }

// PowerCuts returns a fault that crashes nodes and keeps on their disks some of
// what was not synced: a prefix, a prefix and a torn write, or random sectors.
// One of these is drawn if remains is [cluster.Nothing].
func PowerCuts(remains cluster.Remains, victims ...Victim) Fault {
	return powerCut{targets{victims}, remains}
}

// Kills returns a fault that kills processes, as kill -9 and the kernel without memory do, and starts them again when it heals. The
// machine runs on: its disk keeps all that was written, synced or not.
func Kills(victims ...Victim) Fault { return kill{targets{victims}} }

// CrashesInWrite returns a fault that crashes a node in the middle of its next
// write to disk, of which a part is kept, and restarts it when it heals.
func CrashesInWrite(victims ...Victim) Fault { return crashInWrite{targets{victims}} }

// Vanishes returns a fault that crashes nodes without resets to their peers:
// half of each connection stays open.
func Vanishes(victims ...Victim) Fault { return vanish{targets{victims}} }

// Pauses returns a fault that pauses nodes until it heals, as SIGSTOP
// or a long garbage collection does. Victims may also be clients ([OneClient],
// [EveryClient], [ClientWithRole]): a paused client that holds a lock is how a lease
// without fencing breaks. A pause stops what waits by the host; timers of package time
// keep running, see [cluster.Cluster.Pause].
func Pauses(victims ...Victim) Fault { return pause{targets{victims}} }

// SlowHosts returns a fault that makes nodes take d for each message, timer and segment.
// Zero means 2 ms.
func SlowHosts(d time.Duration, victims ...Victim) Fault {
	return slowHost{targets{victims}, jsonDuration(d)}
}

func init() {
	register("crash", `nodes lose power and restart; "victims": `+joined(Victims()), decoderOf[crash]())
	register("power-cut", `a crash that keeps some of what was not synced; "remains": prefix, torn or sectors`, decoderOf[powerCut]())
	register("kill", "processes end at once, and lose nothing that they have written", decoderOf[kill]())
	register("crash-in-write", "a crash in the middle of the next write to disk, which is torn", decoderOf[crashInWrite]())
	register("vanish", "a crash without a notice to the peers: their connections stay half open", decoderOf[vanish]())
	register("pause", "nodes are paused and resumed, as by SIGSTOP or a long garbage collection", decoderOf[pause]())
	register("slow-host", `nodes take longer for all they do; "each": by how much, "2ms" unless given`, decoderOf[slowHost]())
}

type crash struct{ targets }

func (crash) kind() string           { return "crash" }
func (f crash) at(v ...Victim) Fault { f.Victims = v; return f }
func (f crash) String() string       { return f.describe("crash") }

func (f crash) Inject(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	return injectInto(ctx, c, "crash", f, f.orAnyVictims(), r, func(node string) func() {
		c.Crash(node)
		return func() { c.Restart(node) }
	})
}

// orAnyVictims returns the victims, and if none are given all kinds.
func (a targets) orAnyVictims() []Victim {
	if len(a.Victims) == 0 {
		return Victims()
	}
	return a.Victims
}

type powerCut struct {
	targets
	Remains cluster.Remains `json:"remains,omitempty"`
}

func (powerCut) kind() string           { return "power-cut" }
func (f powerCut) at(v ...Victim) Fault { f.Victims = v; return f }

func (f powerCut) String() string {
	if f.Remains == cluster.Nothing {
		return f.describe("power cut")
	}
	return f.describe("power cut (" + string(f.Remains) + ")")
}

// Inject crashes nodes whose disks keep the given remains, or those that it draws.
func (f powerCut) Inject(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	kinds := []cluster.Remains{cluster.Prefix, cluster.Torn, cluster.Sectors}
	remains := kinds[r.IntN(len(kinds))]
	if f.Remains != cluster.Nothing {
		remains = f.Remains
	}
	f.Remains = remains
	return injectInto(ctx, c, fmt.Sprintf("power cut (%s)", remains), f, f.orAnyVictims(), r, crashKeeping(c, remains))
}

type kill struct{ targets }

func (kill) kind() string           { return "kill" }
func (f kill) at(v ...Victim) Fault { f.Victims = v; return f }
func (f kill) String() string       { return f.describe("kill") }

func (f kill) Inject(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	return injectInto(ctx, c, "kill", f, f.orAnyVictims(), r, crashKeeping(c, cluster.Everything))
}

// crashKeeping returns what crashes a node whose disk keeps some of what was not synced.
func crashKeeping(c *cluster.Cluster, remains cluster.Remains) func(node string) (heal func()) {
	return func(node string) func() {
		whole := c.ImpairDisk(node, cluster.DiskImpairment{Remains: remains})
		c.Crash(node)
		return func() {
			whole()
			c.Restart(node)
		}
	}
}

type crashInWrite struct{ targets }

func (crashInWrite) kind() string           { return "crash-in-write" }
func (f crashInWrite) at(v ...Victim) Fault { f.Victims = v; return f }
func (f crashInWrite) String() string       { return f.describe("crash in a write") }

func (f crashInWrite) Inject(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	return injectInto(ctx, c, "crash in a write", f, f.orNodeOrLeader(), r, func(node string) func() {
		off := c.CrashInWrite(node)
		return func() {
			off()
			c.Restart(node)
		}
	})
}

type vanish struct{ targets }

func (vanish) kind() string           { return "vanish" }
func (f vanish) at(v ...Victim) Fault { f.Victims = v; return f }
func (f vanish) String() string       { return f.describe("vanish") }

func (f vanish) Inject(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	return injectInto(ctx, c, "vanish", f, f.orNodeOrLeader(), r, func(node string) func() {
		c.Vanish(node)
		return func() { c.Restart(node) }
	})
}

type pause struct{ targets }

func (pause) kind() string           { return "pause" }
func (f pause) at(v ...Victim) Fault { f.Victims = v; return f }
func (f pause) String() string       { return f.describe("pause") }

func (f pause) Inject(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	return injectIntoHosts(ctx, c, "pause", f, f.orNodeOrLeader(), r, c.Pause)
}

type slowHost struct {
	targets
	Each jsonDuration `json:"each,omitzero"`
}

func (slowHost) kind() string           { return "slow-host" }
func (f slowHost) at(v ...Victim) Fault { f.Victims = v; return f }
func (f slowHost) String() string       { return f.describe(fmt.Sprintf("slow host %v", f.each())) }

func (f slowHost) each() time.Duration { return f.Each.or(2 * time.Millisecond) }

func (f slowHost) Inject(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	return injectIntoHosts(ctx, c, "slow host", f, f.orNodeOrLeader(), r, func(node string) func() { return c.SlowHost(node, f.each()) })
}
