package account

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/report/internal/wording"
)

// Sides returns the two sides of a network that a fault of this name cuts: "n2 | n1 n3". Hosts that are on neither side see
// both.
func Sides(fault string) (a, b []string, ok bool) {
	sides, _, _ := strings.Cut(fault, ",")
	left, right, ok := strings.Cut(sides, " | ")
	if !ok || strings.Contains(right, " | ") {
		return nil, nil, false
	}
	return strings.Fields(left), strings.Fields(right), true
}

// Deaf returns the host whose messages a fault of this name loses on their way to some hosts: "n4 ⇥ n1 n2".
func Deaf(fault string) (from string, to []string, ok bool) {
	left, right, ok := strings.Cut(fault, " ⇥ ")
	if !ok {
		return "", nil, false
	}
	return strings.TrimPrefix(left, "half-open "), strings.Fields(right), true
}

// victims returns the hosts that are named at the end of a fault: n1 and n2 of "crash n1 n2".
func victims(fault string, known []string) []string {
	words := strings.Fields(fault)
	i := len(words)
	for i > 0 && slices.Contains(known, words[i-1]) {
		i--
	}
	return words[i:]
}

// hosts returns the names of nodes that the trace or the history has.
func (s *scene) hosts() []string {
	if len(s.nodes) > 0 {
		return s.nodes
	}
	seen := map[string]bool{}
	for i := range s.History.Len() {
		if n := s.History.At(i).Node; n != "" {
			seen[n] = true
		}
	}
	return sorting.Keys(seen)
}

// faultSteps describes the faults that were active in the counterexample, at most n of them: those that began in it rather
// than those that were active all the time, and of those the last.
func (s *scene) faultSteps(n int) []Step {
	active := s.faultsIn(s.from, s.to)
	sorting.Stable(active, func(a, b Fault) int {
		if x, y := s.harm(a), s.harm(b); x != y {
			return cmp.Compare(y, x)
		}
		return cmp.Compare(b.From, a.From)
	})
	var steps []Step
	for _, f := range active[:min(n, len(active))] {
		steps = append(steps, s.faultStep(f))
	}
	return together(inOrder(steps))
}

// together makes one step of faults that began within a tenth of a second.
func together(steps []Step) []Step {
	if len(steps) < 2 || steps[1].At-steps[0].At > 100*time.Millisecond {
		return steps
	}
	second := slices.Clone(steps[1].Parts)
	if rest, ok := strings.CutPrefix(second[0].Text, "The nemesis "); ok {
		second[0].Text = "It also " + rest
	}
	steps[0].Parts = append(append(steps[0].Parts, say(" ")...), second...)
	return append(steps[:1], steps[2:]...)
}

// harm says how much a fault matters: more if it began within the counterexample, and if it cuts or stops nodes.
func (s *scene) harm(f Fault) int {
	n := 0
	if f.From >= s.from {
		n++
	}
	_, _, cut := Sides(f.Name)
	if cut || strings.Contains(f.Name, "⇥") || stops(f.Name) {
		n += 2
	}
	return n
}

// stops reports whether a fault of this name stops nodes.
func stops(fault string) bool {
	return slices.ContainsFunc([]string{"crash", "power cut", "kill", "vanish", "pause"}, func(p string) bool { return strings.HasPrefix(fault, p) })
}

func (s *scene) faultStep(f Fault) Step {
	step := Step{At: f.From, Title: "a fault", weight: 30, Parts: s.faultParts(f)}
	if stops(f.Name) {
		step.Title, step.From, step.To, step.weight = "a crash", f.From, f.From, 55
		if strings.HasPrefix(f.Name, "pause") {
			step.Title = "a pause"
		}
		step.Parts = append(step.Parts, s.lostParts(f)...)
	}
	if f.To < s.to && !stops(f.Name) {
		what := "fault"
		if _, _, ok := Sides(f.Name); ok || strings.Contains(f.Name, "⇥") {
			what = "cut"
		}
		step.Parts = append(step.Parts, say(" The "+what+" ended at "+Instant(f.To)+".")...)
	}
	return step
}

func (s *scene) faultParts(f Fault) []Part {
	if a, b, ok := Sides(f.Name); ok {
		return s.cutParts(f.Name, a, b)
	}
	if from, to, ok := Deaf(f.Name); ok {
		return say("The nemesis cut one direction of the network: no message of ", strong(from), " reached ", s.these(to), ".")
	}
	hit := victims(f.Name, s.hosts())
	verb, text := "", strings.TrimSpace(strings.TrimSuffix(f.Name, strings.Join(hit, " ")))
	switch {
	case len(hit) == 0:
		return say("The nemesis injected a fault: ", value(f.Name), ".")
	case text == "crash":
		verb = "crashed"
	case text == "pause":
		verb = "paused"
	case strings.HasPrefix(text, "power cut"):
		verb = "cut the power of"
	case text == "members":
		return say("The nemesis changed the members to ", strong(names(hit)), ".")
	default:
		return say("The nemesis injected ", value(text), " at ", strong(names(hit)), ".")
	}
	if len(hit) == len(s.hosts()) && len(hit) > 2 {
		return say("The nemesis "+verb+" ", strong(fmt.Sprintf("all %d nodes", len(hit))), ".")
	}
	return say("The nemesis "+verb+" ", strong(names(hit)), ".")
}

func (s *scene) cutParts(fault string, a, b []string) []Part {
	if len(b) < len(a) {
		a, b = b, a
	}
	all := s.hosts()
	switch {
	case len(a) == 1 && len(a)+len(b) == len(all):
		return say("The nemesis cut ", strong(a[0]), " off from all other nodes.")
	case len(a) == 1 && len(all) > 0:
		return say("The nemesis cut ", strong(a[0]), " off from ", names(b), ".")
	}
	_, bridge, _ := strings.Cut(fault, ", ")
	if bridge != "" {
		bridge = "; " + value(bridge)
	}
	return say("The nemesis cut the network: ", strong(names(a)), " on one side, ", strong(names(b)), " on the other", bridge, ".")
}

// these names hosts, or says that they are all the others.
func (s *scene) these(hosts []string) string {
	if len(hosts) > 2 && len(hosts) == len(s.hosts())-1 {
		return "any other node"
	}
	return names(hosts)
}

// lostParts says what hosts lost in a crash, as their events say.
func (s *scene) lostParts(f Fault) []Part {
	hosts := map[int][]string{} // by how many bytes they lost
	for _, e := range s.Trace.Events {
		if n := bytesLost(e); n > 0 && e.At >= f.From && e.At <= f.From+time.Second {
			hosts[n] = append(hosts[n], e.Host)
		}
	}
	var parts []string
	for _, n := range sorting.Keys(hosts) {
		who, lost := hosts[n], wording.Plural(n, "unsynced byte")
		slices.Sort(who)
		if len(who) > 1 && len(who) == len(s.hosts()) {
			return say(" Each lost " + lost + ".")
		}
		if len(who) > 1 {
			lost += " each"
		}
		parts = append(parts, names(who)+" lost "+lost)
	}
	if len(parts) == 0 {
		return nil
	}
	if n := len(parts); n > 2 {
		parts = append(parts[:2], fmt.Sprintf("and %d others lost other amounts", n-2))
	}
	return say(" ", strings.Join(parts, "; "), ".")
}

// bytesLost returns how many bytes a host lost in a crash; 0 if an event is no crash.
func bytesLost(e trace.Event) int {
	text, ok := strings.CutPrefix(e.Text, "lost ")
	n, err := strconv.Atoi(strings.TrimSuffix(text, " bytes"))
	if e.Kind != trace.Crash || !ok || err != nil {
		return 0
	}
	return n
}

// Instant formats an instant to the millisecond, as the history has it.
func Instant(t time.Duration) string { return fmt.Sprintf("%.3fs", t.Seconds()) }
