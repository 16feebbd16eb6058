package nemesis

import (
	"fmt"
	"math"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/keyed"
)

// Stagger injects one of the faults again and again, drawn anew each time.
// The time from one to the next is uniform between nothing and twice interval,
// and so are the faults' lengths up to interval: so they overlap at times.
func Stagger(interval time.Duration, faults ...Fault) Nemesis { return stagger{interval, faults} }

type stagger struct {
	interval time.Duration
	faults   []Fault
}

func (s stagger) String() string {
	return fmt.Sprintf("staggered by %v: %s", s.interval, oneOf(s.faults))
}

// Plan draws the time to the next step, its length and its fault, for one step after the
// other.
func (s stagger) Plan(seed uint64, d time.Duration) Plan {
	if s.interval <= 0 || len(s.faults) == 0 {
		return nil
	}
	var p Plan
	at := time.Duration(0)
	for i := 1; ; i++ {
		k := keyed.New(seed, "stagger").Int(int64(i))
		at += micros(1000 + k.With("after").Range(0, int64(2*s.interval)))
		if at >= d {
			return p
		}
		p = append(p, Step{
			ID: i, At: at, For: micros(1000 + k.With("for").Range(0, int64(s.interval))),
			Fault: s.faults[k.With("which").Range(0, int64(len(s.faults)))],
		})
	}
}

// Swarm injects faults of some of the families in each run: each family
// is left out with probability one half, so that one kind of fault does not
// always hide what another would show (Groce et al., Swarm Testing, ISSTA 2012).
// The strength, length and frequency of the others is log-uniform, and
// in proportion to unit: the time the system takes to notice that a node is gone,
// see [cluster.Pace]. Zero means a second.
func Swarm(unit time.Duration) Nemesis { return swarm{unit} }

type swarm struct{ unit time.Duration }

func (s swarm) String() string { return fmt.Sprintf("swarm of faults, scaled to %v", pace(s.unit)) }

func pace(unit time.Duration) time.Duration {
	if unit <= 0 {
		return time.Second
	}
	return unit
}

// A family is one kind of fault of a swarm. Its place in the list sets the IDs of
// its steps: new ones go to the end.
type family struct {
	name string
	make func(k keyed.Key, unit time.Duration) Fault
}

// logUniform draws from lo to hi so that each order of magnitude is as likely.
func logUniform(k keyed.Key, lo, hi float64) float64 {
	return lo * math.Pow(hi/lo, k.Float64())
}

// drawDuration draws a duration from lo to hi units, log-uniform.
func drawDuration(k keyed.Key, unit time.Duration, lo, hi float64) time.Duration {
	return micros(int64(logUniform(k, lo, hi) * float64(unit)))
}

// fixed returns the family of a fault that has no parameters to draw.
func fixed(f Fault) func(keyed.Key, time.Duration) Fault {
	return func(keyed.Key, time.Duration) Fault { return f }
}

// withNumber returns the family of a fault whose parameter is a number.
func withNumber(lo, hi float64, f func(x float64) Fault) func(keyed.Key, time.Duration) Fault {
	return func(k keyed.Key, _ time.Duration) Fault { return f(round(logUniform(k, lo, hi))) }
}

// round leaves two digits of a number.
func round(x float64) float64 {
	scale := math.Pow(10, math.Floor(math.Log10(x))-1)
	return math.Round(x/scale) * scale
}

// withDuration returns the family of a fault whose parameter is a duration.
func withDuration(lo, hi float64, f func(d time.Duration) Fault) func(keyed.Key, time.Duration) Fault {
	return func(k keyed.Key, unit time.Duration) Fault { return f(drawDuration(k, unit, lo, hi)) }
}

// families lists the faults of a swarm: all that a correct system of crash-recovery
// nodes tolerates. Faults that break a promise on which such a system depends, as a disk
// that lies, are not among them.
var families = []family{
	{"partition", fixed(Partitions())},
	{"leader partition", fixed(Partitions(Leader))},
	{"crash", fixed(Crashes())},
	{"power cut", fixed(PowerCuts(cluster.Nothing, TheLeader, OneNode, Everyone))},
	{"crash in a write", fixed(CrashesInWrite())},
	{"vanish", fixed(Vanishes())},
	{"pause", fixed(Pauses())},
	{"leader pause", fixed(Pauses(TheLeader))},
	{"slow host", withDuration(0.0001, 0.01, func(d time.Duration) Fault { return SlowHosts(d) })},
	{"slow", withDuration(0.01, 2, func(d time.Duration) Fault { return Slow(d) })},
	{"latency", func(k keyed.Key, unit time.Duration) Fault {
		kinds := []cluster.Jitter{cluster.Constant, cluster.Uniform, cluster.Exponential, cluster.LongTail}
		return Latency(drawDuration(k, unit, 0.002, 0.1), kinds[k.With("jitter").Range(0, int64(len(kinds)))])
	}},
	{"lossy", withNumber(0.005, 0.3, Lossy)},
	{"duplicates", withNumber(0.01, 0.5, Duplicates)},
	{"reorders", withNumber(0.01, 0.5, Reorders)},
	{"corrupts", withNumber(0.005, 0.2, func(p float64) Fault { return Corrupts(p, false) })},
	{"bandwidth", withNumber(4<<10, 1<<20, func(x float64) Fault { return Bandwidth(int(x)) })},
	{"half-open", fixed(HalfOpen())},
	{"flaps", withDuration(0.1, 3, func(d time.Duration) Fault { return Flaps(d) })},
	{"clogs", fixed(Clogs())},
	{"fsync fails", fixed(FsyncFails())},
	{"disk errors", withNumber(0.01, 0.5, func(p float64) Fault { return DiskErrors(p) })},
	{"disk full", fixed(DiskFull())},
	{"slow disk", withDuration(0.002, 0.2, func(d time.Duration) Fault { return SlowDisk(d) })},
	{"disk hangs", withDuration(0.5, 5, func(d time.Duration) Fault { return DiskHangs(d) })},
	{"clock skew", withDuration(0.01, 100, func(d time.Duration) Fault { return ClockSkew(d) })},
	{"clock drift", withNumber(100, 200_000, func(x float64) Fault { return ClockDrift(x) })},
	{"clock jumps", withDuration(0.05, 20, func(d time.Duration) Fault { return ClockJumps(d, 0) })},
	{"clock strobe", withDuration(0.01, 2, func(d time.Duration) Fault { return ClockStrobe(d) })},
	{"crash on a write", fixed(On(cluster.UnsyncedWrite, Crashes(OneNode)))},
	{"leader lost on a change", fixed(On(cluster.LeaderChange, Partitions(Leader)))},
	{"reconfigure", fixed(Reconfigures())},
}

// Plan merges the steps of the families that the seed does not leave out.
func (s swarm) Plan(seed uint64, d time.Duration) Plan {
	unit := pace(s.unit)
	key := keyed.New(seed, "swarm")
	var all Plan
	for i, f := range families {
		k := key.With(f.name)
		if k.With("off").Float64() < 0.5 {
			continue
		}
		all = append(all, f.plan(k, unit, d, (i+1)*idsOfPart)...)
	}
	return inOrder(all)
}

// plan returns the steps of one family, the first of them in the first half of d, so that a
// family that is drawn is injected in short runs too.
func (f family) plan(k keyed.Key, unit, d time.Duration, id int) Plan {
	rest := min(drawDuration(k.With("rest"), unit, 5, 50), d/2)
	var p Plan
	at := time.Duration(0)
	for i := int64(1); ; i++ {
		k := k.Int(i)
		at += micros(int64(rest)/4 + k.With("after").Range(0, int64(rest)))
		if at >= d || rest <= 0 {
			return p
		}
		length := drawDuration(k.With("for"), unit, 0.2, 10)
		p = append(p, Step{ID: id + int(i), At: at, For: length, Fault: f.make(k.With("make"), unit)})
		at += length
	}
}
