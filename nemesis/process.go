package nemesis

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// Crashes returns a fault that crashes nodes, as a power cut does, and boots
// them again when it heals. Whom it takes is drawn from victims, or from all
// kinds of them if none is given. What was not synced is lost.
func Crashes(victims ...Victim) Fault { return crash{aim{victims}} }

// PowerCuts returns a fault that crashes nodes and leaves on their disks some of
// what was not synced: a prefix, a prefix and a torn write, or random sectors.
// Which of them is drawn if remains is [cluster.Nothing].
func PowerCuts(remains cluster.Remains, victims ...Victim) Fault {
	return powerCut{aim{victims}, remains}
}

// CrashesInWrite returns a fault that crashes a node in the middle of its next
// write to disk, of which a part is kept, and boots it when it heals.
func CrashesInWrite(victims ...Victim) Fault { return crashInWrite{aim{victims}} }

// Vanishes returns a fault that crashes nodes whose peers are sent no resets:
// half of each connection is left open.
func Vanishes(victims ...Victim) Fault { return vanish{aim{victims}} }

// Pauses returns a fault that has nodes stand still and then go on, as SIGSTOP
// or a long garbage collection does. Victims may also be clients ([OneClient],
// [EveryClient], [ClientWithRole]): a paused client that holds a lock is how a lease
// without fencing breaks. A pause stops what waits by the host; timers of package time
// go on, see [cluster.Cluster.Pause].
func Pauses(victims ...Victim) Fault { return pause{aim{victims}} }

// SlowHosts returns a fault that has nodes take d for each thing that they do.
// Zero means 2 ms.
func SlowHosts(d time.Duration, victims ...Victim) Fault { return slowHost{aim{victims}, span(d)} }

func init() {
	register("crash", `nodes lose power and boot again; "victims": `+listed(Victims()), as[crash]())
	register("power-cut", `a crash that keeps some of what was not synced; "remains": prefix, torn or sectors`, as[powerCut]())
	register("crash-in-write", "a crash in the middle of the next write to disk, which is torn", as[crashInWrite]())
	register("vanish", "a crash of which the peers are not told: their connections stay half open", as[vanish]())
	register("pause", "nodes stand still and then go on, as after SIGSTOP or a long garbage collection", as[pause]())
	register("slow-host", `nodes take longer for all they do; "each": by how much, "2ms" unless given`, as[slowHost]())
}

type crash struct{ aim }

func (crash) kind() string     { return "crash" }
func (f crash) String() string { return f.describe("crash") }

func (f crash) Inject(_ context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	return strike(c, "crash", f.whom(), r, func(node string) func() {
		c.Crash(node)
		return func() { c.Restart(node) }
	})
}

// whom returns the victims of a crash: any if none is given.
func (a aim) whom() []Victim {
	if len(a.Victims) == 0 {
		return Victims()
	}
	return a.Victims
}

type powerCut struct {
	aim
	Remains cluster.Remains `json:"remains,omitempty"`
}

func (powerCut) kind() string { return "power-cut" }

func (f powerCut) String() string {
	if f.Remains == cluster.Nothing {
		return f.describe("power cut")
	}
	return f.describe("power cut (" + string(f.Remains) + ")")
}

func (f powerCut) Inject(_ context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	kinds := []cluster.Remains{cluster.Prefix, cluster.Torn, cluster.Sectors}
	remains := kinds[r.IntN(len(kinds))]
	if f.Remains != cluster.Nothing {
		remains = f.Remains
	}
	return strike(c, fmt.Sprintf("power cut (%s)", remains), f.whom(), r, func(node string) func() {
		whole := c.ImpairDisk(node, cluster.DiskImpairment{Remains: remains})
		c.Crash(node)
		return func() {
			whole()
			c.Restart(node)
		}
	})
}

type crashInWrite struct{ aim }

func (crashInWrite) kind() string     { return "crash-in-write" }
func (f crashInWrite) String() string { return f.describe("crash in a write") }

func (f crashInWrite) Inject(_ context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	return strike(c, "crash in a write", f.one(), r, func(node string) func() {
		off := c.CrashInWrite(node)
		return func() {
			off()
			c.Restart(node)
		}
	})
}

type vanish struct{ aim }

func (vanish) kind() string     { return "vanish" }
func (f vanish) String() string { return f.describe("vanish") }

func (f vanish) Inject(_ context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	return strike(c, "vanish", f.one(), r, func(node string) func() {
		c.Vanish(node)
		return func() { c.Restart(node) }
	})
}

type pause struct{ aim }

func (pause) kind() string     { return "pause" }
func (f pause) String() string { return f.describe("pause") }

func (f pause) Inject(_ context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	return strikeHosts(c, "pause", f.one(), r, c.Pause)
}

type slowHost struct {
	aim
	Each span `json:"each,omitzero"`
}

func (slowHost) kind() string     { return "slow-host" }
func (f slowHost) String() string { return f.describe(fmt.Sprintf("slow host %v", f.each())) }

func (f slowHost) each() time.Duration { return f.Each.or(2 * time.Millisecond) }

func (f slowHost) Inject(_ context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	return strikeHosts(c, "slow host", f.one(), r, func(node string) func() { return c.Drag(node, f.each()) })
}
