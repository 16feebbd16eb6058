package nemesis

import (
	"slices"
	"strconv"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// Simpler returns faults that are simpler than f, in the order in which they are worth a try. A failure that one of them shows
// too is easier to understand:
//
//   - a fault that does a part of the same: a crash in place of a power cut, of a crash in a write and of one without a notice to
//     the peers; hosts that are cut off in place of links that flap; a clock that is wrong in place of one that jumps; links that
//     lose in place of links that damage; a constant delay;
//   - the fault that [On] injects, without the wait, and simpler ones with it;
//   - of several shapes or victims to draw from, each alone;
//   - fewer hosts: each alone, each half, and all but each; one node in place of a part or of all; one client in place of all;
//   - one node cut off from all others, in place of other cuts of the network, and fewer links that are cut one way;
//   - parameters of one digit.
//
// Simpler faults of simpler faults never lead back to f. A fault that draws its hosts draws others if it has other
// victims or shapes: to keep those of a run, simplify what [Step.Begin] returns.
func Simpler(f Fault) []Fault {
	all := partOf(f)
	switch f := f.(type) {
	case reactive:
		all = append(all, f.Fault)
		for _, x := range Simpler(f.Fault) {
			all = append(all, reactive{f.Trigger, x})
		}
	case partition:
		for _, shapes := range simplerShapes(f.Shapes) {
			all = append(all, partition{shapes})
		}
	case slow:
		for _, nodes := range fewer(f.Nodes) {
			all = append(all, slow{f.Extra, nodes})
		}
	case targeted:
		for _, victims := range simplerVictims(f) {
			all = append(all, f.at(victims...))
		}
	}
	return others(f, append(all, rounded(f)))
}

// others returns the faults of a list that differ from f and from those before them.
func others(f Fault, list []Fault) []Fault {
	text := func(f Fault) string {
		b, err := encodeFault(f)
		if err != nil { // it is of another program, and not ours to simplify
			return f.String()
		}
		return string(b)
	}
	seen := []string{text(f)}
	var kept []Fault
	for _, x := range list {
		if s := text(x); !slices.Contains(seen, s) {
			seen, kept = append(seen, s), append(kept, x)
		}
	}
	return kept
}

// partOf returns the faults that do a part of what f does, to the same hosts.
func partOf(f Fault) []Fault {
	switch f := f.(type) {
	case powerCut:
		return []Fault{crash{f.targets}}
	case crashInWrite:
		return []Fault{Crashes(f.orNodeOrLeader()...)}
	case vanish:
		return []Fault{Crashes(f.orNodeOrLeader()...)}
	case flaps:
		return []Fault{clogs{f.targets}}
	case clockJumps:
		return []Fault{ClockSkew(f.Most.or(2*time.Second), f.Victims...)}
	case clockStrobe:
		return []Fault{ClockSkew(f.Most.or(200*time.Millisecond), f.Victims...)}
	case corrupts:
		if !f.Deliver {
			return []Fault{lossy{chanceOr(f.P, 0.05)}}
		}
	case latency:
		return []Fault{latency{f.Mean, cluster.Constant}}
	}
	return nil
}

// rounded returns the fault with parameters of one digit.
func rounded(f Fault) Fault {
	switch f := f.(type) {
	case slowHost:
		f.Each = f.Each.rounded()
		return f
	case slow:
		f.Extra = f.Extra.rounded()
		return f
	case latency:
		f.Mean = f.Mean.rounded()
		return f
	case lossy:
		return lossy{oneDigit(f.P)}
	case duplicates:
		return duplicates{oneDigit(f.P)}
	case reorders:
		return reorders{oneDigit(f.P)}
	case corrupts:
		f.P = oneDigit(f.P)
		return f
	case bandwidth:
		return bandwidth{int(oneDigit(float64(f.Bytes)))}
	case flaps:
		f.Period = f.Period.rounded()
		return f
	}
	return roundedOnHost(f)
}

// roundedOnHost is [rounded] for faults of clocks and disks.
func roundedOnHost(f Fault) Fault {
	switch f := f.(type) {
	case clockSkew:
		f.Most = f.Most.rounded()
		return f
	case clockDrift:
		f.PPM = oneDigit(f.PPM)
		return f
	case clockJumps:
		f.Most, f.Every = f.Most.rounded(), f.Every.rounded()
		return f
	case clockStrobe:
		f.Most = f.Most.rounded()
		return f
	case slowDisk:
		f.Extra = f.Extra.rounded()
		return f
	case diskHangs:
		f.Extra = f.Extra.rounded()
		return f
	case diskErrors:
		f.P = oneDigit(f.P)
		return f
	case misdirects:
		f.P = oneDigit(f.P)
		return f
	}
	return f
}

func (s jsonDuration) rounded() jsonDuration { return jsonDuration(oneDigit(float64(s))) }

// oneDigit rounds a number to its first digit.
func oneDigit(x float64) float64 {
	y, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 1, 64), 64)
	if err != nil {
		return x
	}
	return y
}

// fewer returns smaller lists of hosts: each alone, unless they are many, each half, and all but each.
func fewer(hosts []string) (lists [][]string) {
	n := len(hosts)
	if n < 2 {
		return nil
	}
	const many = 6
	if n <= many {
		for i := range hosts {
			lists = append(lists, hosts[i:i+1])
		}
	}
	if n > 3 {
		lists = append(lists, hosts[:n/2], hosts[n/2:])
	}
	if n > 2 {
		for i := range hosts {
			lists = append(lists, slices.Delete(slices.Clone(hosts), i, i+1))
		}
	}
	return lists
}

// simplerVictims returns victims that are fewer than those of a fault.
func simplerVictims(f targeted) (lists [][]Victim) {
	victims := f.aims()
	if len(victims) != 1 {
		if len(victims) == 0 {
			victims = []Victim{OneNode, TheLeader}
		}
		for _, v := range victims {
			lists = append(lists, []Victim{v})
		}
		return lists
	}
	if n, ok := parseNamed(victims[0]); ok {
		for _, hosts := range fewer(n.hosts) {
			lists = append(lists, []Victim{Hosts(hosts...)})
		}
		return lists
	}
	switch victims[0] {
	case Everyone:
		return [][]Victim{{OneNode}, {Minority}, {Majority}}
	case Majority:
		return [][]Victim{{OneNode}, {Minority}}
	case Minority:
		return [][]Victim{{OneNode}}
	case EveryClient:
		return [][]Victim{{OneClient}}
	}
	return nil
}

// simplerShapes returns shapes that cut the network in simpler ways.
func simplerShapes(shapes []Shape) (lists [][]Shape) {
	if len(shapes) != 1 {
		if len(shapes) == 0 {
			shapes = []Shape{One, Leader, OneWay, ClientSide, Third, Halves, RandomHalves, Bridge, Ring}
		}
		for _, s := range shapes {
			lists = append(lists, []Shape{s})
		}
		return lists
	}
	if c, ok := parseCut(shapes[0]); ok {
		for _, x := range c.simpler() {
			lists = append(lists, []Shape{x.text()})
		}
		return lists
	}
	switch shapes[0] {
	case Halves, RandomHalves, Third, Bridge, Ring:
		return [][]Shape{{One}}
	}
	return nil
}

// simpler returns cuts of one host from all others, or of fewer links.
func (c cut) simpler() (all []cut) {
	switch c.shape {
	case OneWay:
		for _, from := range fewer(c.a) {
			all = append(all, cut{shape: OneWay, a: from, b: c.b})
		}
		for _, to := range fewer(c.b) {
			all = append(all, cut{shape: OneWay, a: c.a, b: to})
		}
		return all
	case ClientSide:
		for _, clients := range fewer(c.a) {
			all = append(all, cut{shape: ClientSide, a: clients})
		}
		return all
	case Halves:
		if min(len(c.a), len(c.b)) < 2 {
			return nil
		}
	}
	hosts := slices.Concat(c.a, c.b)
	if c.mid != "" {
		hosts = append(hosts, c.mid)
	}
	for i, x := range hosts {
		all = append(all, cut{shape: Halves, a: []string{x}, b: slices.Delete(slices.Clone(hosts), i, i+1)})
	}
	return all
}
