package nemesis

import (
	"fmt"
	"slices"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/keyed"
)

// A Preset is a nemesis that people know by a name.
type Preset struct {
	Name, Doc string

	// With returns the nemesis for a system that takes unit to notice that a
	// node is gone; see [Swarm].
	With func(unit time.Duration) Nemesis
}

// Presets lists the nemeses that have names.
func Presets() []Preset {
	return slices.Concat(networkPresets(), processPresets(), diskPresets(), []Preset{
		{"swarm", "some of all kinds of faults, of random strength", func(unit time.Duration) Nemesis { return Swarm(unit) }},
		{"portfolio", "a different nemesis each run: swarm half of the time, else one of the above except lying-disk", func(unit time.Duration) Nemesis { return Portfolio(unit) }},
	})
}

// scaled returns the nemesis for a length of n units.
func scaled(n float64, make func(d time.Duration) Nemesis) func(time.Duration) Nemesis {
	return func(unit time.Duration) Nemesis { return make(time.Duration(n * float64(pace(unit)))) }
}

// repeated returns the nemesis that injects one of the faults every ten units.
func repeated(faults ...Fault) func(time.Duration) Nemesis {
	return scaled(10, func(d time.Duration) Nemesis { return Every(d, faults...) })
}

// networkPresets cut and disturb the network.
func networkPresets() []Preset {
	return []Preset{
		{"flip-flop", "the leader is cut off, then its successor, and so on without a break", scaled(4, func(d time.Duration) Nemesis {
			return rounds{"flip-flop", d, flipFlop}
		})},
		{"isolate-leader", "the leader is cut off from the other nodes, or from its clients too", repeated(Partitions(Leader), Clogs(TheLeader))},
		{"one-way", "a node receives from the others, but all or one of them receive nothing from it", repeated(Partitions(OneWay), HalfOpen())},
		{"swizzle-clog", "some nodes are cut off one by one, and come back in another order", scaled(10, func(d time.Duration) Nemesis {
			return rounds{"swizzle-clog", d, swizzle}
		})},
		{"flapping", "the links of a node go down and up", repeated(Flaps(0), Flaps(0, TheLeader))},
		{"gray", "nothing fails and everything is slow, lossy, doubled and out of order", scaled(5, func(d time.Duration) Nemesis {
			return Stagger(d, Latency(0, cluster.LongTail), Lossy(0.05), Duplicates(0), Reorders(0), Corrupts(0, false), Bandwidth(0), SlowHosts(0))
		})},
	}
}

// processPresets crash or pause nodes, change their members, or set their clocks wrong.
func processPresets() []Preset {
	return []Preset{
		{"rolling-restart", "one node after the other is restarted, as in an upgrade", scaled(10, func(d time.Duration) Nemesis {
			return rounds{"rolling-restart", d, rolling}
		})},
		{"kill-majority", "more than half of the nodes crash at once", repeated(Crashes(Majority), PowerCuts(cluster.Nothing, Majority))},
		{"blackouts", "all nodes crash at once, again and again, with partitions and losses in between", scaled(4, func(d time.Duration) Nemesis {
			return Together(
				Part{1, "dark", Every(d, Crashes(Everyone))},
				Part{2, "cut", Every(d/2, Partitions(Leader, One, Halves))},
				Part{3, "loss", Every(d*3/4, Lossy(0.4))},
			)
		})},
		{"straggler", "a node falls behind, and then all others lose what they had not synced", scaled(10, func(d time.Duration) Nemesis {
			return rounds{"straggler", d, straggler}
		})},
		{"pauses", "nodes are paused for seconds; every other time the leader", repeated(Pauses(OneNode), Pauses(TheLeader))},
		{"reshuffle", "members come and go, under partitions, crashes and losses", scaled(4, func(d time.Duration) Nemesis {
			return Together(
				Part{1, "members", Every(d, Reconfigures())},
				Part{2, "cut", Every(d, Partitions(Halves, RandomHalves, Leader))},
				Part{3, "crash", Stagger(2*d, Crashes(OneNode, Majority))},
				Part{4, "loss", Every(2*d, Lossy(0.3))},
			)
		})},
		{"clock-scramble", "clocks are wrong, drift, jump and flicker", repeated(ClockSkew(0), ClockDrift(0), ClockJumps(0, 0), ClockStrobe(0))},
		{"lease-killer", "the leader's clock drifts, or the leader is paused, and then it is cut off", scaled(10, func(d time.Duration) Nemesis {
			return Together(
				Part{1, "drift", Every(d, ClockDrift(0, TheLeader), Pauses(TheLeader))},
				Part{2, "cut", Every(d/2, Partitions(Leader))},
			)
		})},
		{"worst-moment", "crashes at an unsynced write or during an fsync, and a partition at the change of leaders that follows", scaled(10, func(d time.Duration) Nemesis {
			return Together(
				Part{1, "crash", Every(d, On(cluster.UnsyncedWrite, Crashes(OneNode)), On(cluster.SyncBegins, Crashes(TheLeader)))},
				Part{2, "cut", Every(d, On(cluster.LeaderChange, Partitions(Leader)))},
			)
		})},
	}
}

// diskPresets harm disks.
func diskPresets() []Preset {
	return []Preset{
		{"power-cuts", "crashes that keep a part of what was not synced, also of one write", repeated(PowerCuts(cluster.Nothing), CrashesInWrite(), CrashesInWrite(TheLeader))},
		{"disk-stall", "fsyncs are slow, hang or fail, and disks are full", repeated(SlowDisk(0), DiskHangs(0), FsyncFails(), DiskErrors(0), DiskFull())},
		{"lying-disk", "fsyncs that lie, bits that rot and writes that go astray, on a minority of the nodes, and crashes that show it", scaled(10, func(d time.Duration) Nemesis {
			return Together(
				Part{1, "lies", Every(d, FsyncLies(), BitRot(0), Misdirects(0))},
				Part{2, "crash", Every(d, Crashes(OneNode, Everyone))},
			)
		})},
		{"rotting-disk", "bits that rot and writes that go astray, on a minority of the nodes, and crashes that show it", scaled(10, func(d time.Duration) Nemesis {
			return Together(
				Part{1, "rot", Every(d, BitRot(0), Misdirects(0))},
				Part{2, "crash", Every(d, Crashes(OneNode, Everyone))},
			)
		})},
		{"write-cache", "fsyncs that lie on a minority of the nodes while the power holds, under partitions and pauses", scaled(10, func(d time.Duration) Nemesis {
			return Together(
				Part{1, "lies", Every(d, FsyncLies())},
				Part{2, "cut", Every(d, Partitions(), Pauses())},
			)
		})},
	}
}

// FindPreset returns the preset of that name.
func FindPreset(name string) (Preset, error) {
	var names []string
	for _, p := range Presets() {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return Preset{}, fmt.Errorf("there is no preset %q; there are %s", name, joined(names))
}

// Portfolio is in each run one of the presets, drawn by the seed, and swarm half
// of the time. Presets that break a promise on which any system depends are left out.
func Portfolio(unit time.Duration) Nemesis { return portfolio{unit} }

type portfolio struct{ unit time.Duration }

func (p portfolio) String() string { return fmt.Sprintf("portfolio, scaled to %v", pace(p.unit)) }

// chosen returns the preset that a seed draws.
func (p portfolio) chosen(seed uint64) Preset {
	var calm []Preset
	var swarm Preset
	for _, x := range Presets() {
		switch x.Name {
		case "swarm":
			swarm = x
		case "portfolio", "lying-disk":
		default:
			calm = append(calm, x)
		}
	}
	k := keyed.New(seed, "portfolio")
	if k.Float64() < 0.5 {
		return swarm
	}
	return calm[k.With("which").Range(0, int64(len(calm)))]
}

func (p portfolio) Plan(seed uint64, d time.Duration) Plan {
	return p.chosen(seed).With(p.unit).Plan(seed, d)
}

// rounds repeats a pattern of steps, each time drawn anew.
type rounds struct {
	name   string
	length time.Duration
	round  func(k keyed.Key, length time.Duration) Plan // IDs and times from 0 on
}

// stepsOfRound is how many steps a round has at most.
const stepsOfRound = 100

func (r rounds) String() string { return fmt.Sprintf("%s, a round each %v", r.name, r.length) }

// Plan repeats the round until d, with IDs that are unique over all rounds.
func (r rounds) Plan(seed uint64, d time.Duration) Plan {
	var p Plan
	for i := 0; time.Duration(i)*r.length < d && r.length > 0; i++ {
		for _, s := range r.round(keyed.New(seed, r.name).Int(int64(i)), r.length) {
			s.ID += 1 + i*stepsOfRound
			if s.At += time.Duration(i) * r.length; s.At < d {
				p = append(p, s)
			}
		}
	}
	return inOrder(p)
}

// flipFlop cuts off the leader, and as soon as that heals its successor.
func flipFlop(k keyed.Key, length time.Duration) Plan {
	half := micros(int64(length / 2))
	begin := micros(k.Range(0, int64(length/20)) + 1000)
	return Plan{
		{ID: 0, At: begin, For: half - begin, Fault: Partitions(Leader)},
		{ID: 1, At: half + begin, For: half - begin, Fault: Partitions(Leader, One)},
	}
}

// straggler cuts a node off and restores it when all others lose their power: then
// it may become leader, or complete a majority, with its old state.
func straggler(k keyed.Key, length time.Duration) Plan {
	order := uint32(k.With("order").Uint64())
	part := func(from, n int64) time.Duration {
		return micros(int64(length)*from/20 + k.Int(from).Range(0, int64(length)*n/20))
	}
	cut, dark := part(1, 4), part(9, 2)
	p := Plan{{ID: 0, At: cut, For: dark - cut + part(1, 1), Fault: Clogs(Nth(order, 0))}}
	for i := 1; i < sweep; i++ {
		at := dark + micros(k.With("after").Int(int64(i)).Range(0, int64(length)/100))
		p = append(p, Step{ID: i, At: at, For: part(2, 3), Fault: PowerCuts(cluster.Nothing, Nth(order, i))})
	}
	return p
}

// sweep is how many nodes a round goes through.
const sweep = 5

// swizzle clogs up to five nodes one by one, and unclogs them in another order.
func swizzle(k keyed.Key, length time.Duration) Plan {
	order := uint32(k.With("order").Uint64())
	n := int(k.With("how many").Range(1, sweep+1))
	back := k.With("back").Rand().Perm(n)
	var p Plan
	for i := range n {
		at := micros(int64(length) * int64(1+i) / (4 * sweep))
		end := micros(int64(length)/2 + int64(length)*int64(back[i])/(4*sweep))
		p = append(p, Step{ID: i, At: at, For: end - at, Fault: Clogs(Nth(order, i))})
	}
	return p
}

// rolling restarts up to five nodes, the next as soon as the one before is back.
func rolling(k keyed.Key, length time.Duration) Plan {
	order := uint32(k.With("order").Uint64())
	var p Plan
	for i := range sweep {
		at := micros(int64(length) * int64(1+2*i) / (2*sweep + 2))
		p = append(p, Step{ID: i, At: at, For: micros(int64(length) / (2*sweep + 2)), Fault: Crashes(Nth(order, i))})
	}
	return p
}
