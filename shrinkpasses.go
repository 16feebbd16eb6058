package capsize

import (
	"slices"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/ddmin"
	"github.com/capsize-go/capsize/internal/engine"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/schedule"
	"github.com/capsize-go/capsize/workloads"
)

// shrink takes out what it can, until nothing more can go.
func (s *shrinker) shrink() {
	s.stripFaults()
	s.calmSchedule()
	s.fewerNodes(3) // while the clients still ask much, and the failure has many occasions
	for {
		before := sizeOf(s.best)
		s.cutHorizon()
		s.fewerFaults()
		s.fewerOperations()
		s.fewerNodes(1)
		if sizeOf(s.best) == before || s.over() {
			break
		}
	}
	s.earlier()
	s.calmSchedule()
	s.simplerFaults()
	s.fewerFaults() // a simpler one may do what two did
	s.fewerClients()
	s.calmLinks()
	s.rounderTimes()
	s.fewerFaults() // what was needed before all this may not be any more
	s.minimiseOperations()
}

// stripFaults tries the run without any fault.
func (s *shrinker) stripFaults() {
	if len(planOf(s.best)) > 0 {
		s.try(withPlan(s.best, nil))
	}
}

// redraws is how many other draws of the faults' choices are tried with fewer nodes.
const redraws = 6

// fewerNodes tries fewer nodes, the fewest first, but not fewer than least. What faults choose and how long messages take is then another draw
// anyway, so that some others are tried as well: by other IDs of the steps, and by other seeds.
func (s *shrinker) fewerNodes(least int) {
	for nodes := least; nodes < s.best.Nodes; nodes++ {
		draws := redraws
		switch {
		case nodes == 2 && s.best.Nodes > 3:
			continue // two nodes are hardly ever simpler than three
		case nodes < 3:
			draws = 2
		}
		test := s.best
		test.Nodes = nodes
		for draw := range draws {
			if s.try(redrawn(test, draw)) {
				return
			}
		}
	}
}

// redrawn returns a test with other draws: of its faults' choices for odd numbers, of everything for even ones; 0 are the test's own.
func redrawn(t Test, draw int) Test {
	if draw == 0 {
		return t
	}
	t.Seed += uint64(draw / 2)
	var plan nemesis.Plan
	for _, step := range planOf(t) {
		step.ID += 1000 * draw
		plan = append(plan, step)
	}
	return withPlan(t, plan)
}

// afterIt is how long a run goes on after the last call that matters.
const afterIt = 10 * time.Millisecond

// cutHorizon ends the run after the last call of the counterexample, but for those after the settle phase. Where no call tells when the
// failure happened it tries shorter and shorter runs. The settle phase stays as it is: a system that is right may need it to be at rest.
func (s *shrinker) cutHorizon() {
	s.try(withoutFinal(s.best))
	if end, ok := s.lastCall(); ok && s.try(until(s.best, end+afterIt)) {
		return
	}
	for _, part := range []float64{0.25, 0.5, 0.8} {
		for d := shorter(s.best, part); d >= 10*time.Millisecond && s.try(until(s.best, d)); d = shorter(s.best, part) {
		}
	}
}

// shorter returns a part of how long a test is, in milliseconds.
func shorter(t Test, part float64) time.Duration {
	return time.Duration(part * float64(t.Duration)).Truncate(time.Millisecond)
}

// until returns a test whose faults and operations end at an instant, since the faults began.
func until(t Test, end time.Duration) Test {
	var plan nemesis.Plan
	for _, step := range planOf(t) {
		if step.At < end {
			plan = append(plan, step)
		}
	}
	var script workloads.Script
	for _, o := range t.Script {
		if o.Final || o.At < end {
			script = append(script, o)
		}
	}
	t.Duration = min(t.Duration, end)
	return withScript(withPlan(t, plan), script)
}

// withoutFinal returns a test without the calls after the settle phase.
func withoutFinal(t Test) Test {
	return withScript(t, slices.DeleteFunc(slices.Clone(t.Script), func(o workloads.Operation) bool { return o.Final }))
}

// phaseOf returns when a phase of a run began.
func phaseOf(r *Result, name string) time.Duration {
	for _, p := range r.Phases {
		if p.Name == name {
			return p.At
		}
	}
	return 0
}

// calls returns those of the counterexample of the wanted signature.
func (s *shrinker) calls() []history.Call {
	for _, c := range s.result.Checks {
		if x := c.Counterexample; x != nil && c.Checker == s.want.Checker {
			return x.Calls
		}
	}
	return nil
}

// lastCall returns when the last call of the counterexample ended that was invoked before the final phase, since the faults began.
func (s *shrinker) lastCall() (end time.Duration, ok bool) {
	began, final := phaseOf(s.result, "faults"), phaseOf(s.result, "final")
	for _, c := range s.calls() {
		at := c.Invoke.Time
		if final > 0 && at >= final {
			continue
		}
		if !c.Open() {
			at = c.Complete.Time
		}
		end, ok = max(end, at-began), true
	}
	return end, ok && end > 0
}

// fewerFaults delta-debugs the steps of the plan.
func (s *shrinker) fewerFaults() {
	ddmin.Minimise(planOf(s.best), func(rest []nemesis.Step) ([]nemesis.Step, bool) {
		return rest, s.try(withPlan(s.best, rest))
	}, ddmin.Options{Stop: s.over})
}

// fewerOperations tries the operations of the counterexample alone, and those on its key. Then it delta-debugs clients, and what they invoke.
func (s *shrinker) fewerOperations() {
	if len(s.best.Script) == 0 {
		return
	}
	if s.try(withScript(s.best, nil)) || s.try(withScript(s.best, s.ofCalls())) {
		s.minimiseOperations()
		return
	}
	s.try(withScript(s.best, s.ofKey()))
	var clients []int
	for _, o := range s.best.Script {
		if !slices.Contains(clients, o.Client) {
			clients = append(clients, o.Client)
		}
	}
	ddmin.Minimise(clients, func(rest []int) ([]int, bool) {
		return rest, s.try(withScript(s.best, slices.DeleteFunc(slices.Clone(s.best.Script), func(o workloads.Operation) bool { return !slices.Contains(rest, o.Client) })))
	}, ddmin.Options{Stop: s.over, Once: true})
	s.minimiseOperations()
}

// minimiseOperations delta-debugs the operations in the order of time.
func (s *shrinker) minimiseOperations() {
	ddmin.Minimise(s.best.Script, func(rest []workloads.Operation) ([]workloads.Operation, bool) {
		return rest, s.try(withScript(s.best, rest))
	}, ddmin.Options{Stop: s.over})
}

// ofCalls returns the operations that became the calls of the counterexample.
func (s *shrinker) ofCalls() (some workloads.Script) {
	calls := s.calls()
	if len(calls) == 0 {
		return s.best.Script
	}
	for _, i := range s.operationsOf(calls) {
		some = append(some, s.best.Script[i])
	}
	return some
}

// operationsOf returns the places in the script of the operations of calls, in order.
func (s *shrinker) operationsOf(calls []history.Call) (places []int) {
	wanted := map[int]bool{}
	for _, c := range calls {
		wanted[c.Invoke.Index] = true
	}
	// The operations of a client become its invocations, in order: process p is client p mod clients.
	next := map[int][]int{}
	for i, o := range s.best.Script {
		next[o.Client] = append(next[o.Client], i)
	}
	for op := range s.result.History.Ops() {
		if op.Type != history.Invoke || op.Process == history.Nemesis || op.Process >= engine.SpanProcesses {
			continue
		}
		client := op.Process % s.best.Clients
		mine := next[client]
		if len(mine) == 0 {
			continue
		}
		next[client] = mine[1:]
		if wanted[op.Index] {
			places = append(places, mine[0])
		}
	}
	slices.Sort(places)
	return places
}

// ofKey returns the operations on the key of the counterexample.
func (s *shrinker) ofKey() (some workloads.Script) {
	key, of := "", s.best.Workload.Key
	if calls := s.calls(); len(calls) > 0 && of != nil {
		key = of(calls[0].Invoke.Input)
	}
	for _, o := range s.best.Script {
		if key == "" || of(o.Input) == key {
			some = append(some, o)
		}
	}
	return some
}

// fewerClients leaves out the clients at the end that invoke nothing.
func (s *shrinker) fewerClients() {
	most := 0
	for _, o := range s.best.Script {
		most = max(most, o.Client)
	}
	test := s.best
	test.Clients = most + 1
	s.try(test)
}

// calmSchedule tries to have goroutines run in the order in which they became ready, or else to stop them less often.
func (s *shrinker) calmSchedule() {
	if !schedule.Active() {
		return
	}
	test := s.best
	for _, calmer := range s.best.Schedule.For(s.best.Seed).Calmer() {
		test.Schedule = calmer
		for draw := range redraws / 2 { // other decisions: by other seeds
			if test.Seed = s.best.Seed + uint64(draw); s.try(test) {
				return
			}
		}
	}
}

// nameHosts tries the plan with the hosts that its faults took, in place of those that they draw, and steps that are numbered from 1 on.
func (s *shrinker) nameHosts() {
	if len(planOf(s.best)) == 0 {
		return
	}
	resolved := s.result.Resolved()
	numbered := slices.Clone(resolved)
	for i := range numbered {
		numbered[i].ID = i + 1
	}
	if !s.try(withPlan(s.best, numbered)) {
		s.try(withPlan(s.best, resolved))
	}
}

// calmLinks tries links that take a constant time, or that do so until as late and from as early on as can be.
func (s *shrinker) calmLinks() {
	test := s.best
	test.Calm = cluster.AlwaysCalm
	if s.try(test) {
		return
	}
	least := max(time.Millisecond, s.best.Duration/64)
	for step := s.best.Duration / 2; step >= least; step /= 2 {
		test.Calm = s.best.Calm
		test.Calm.Until = (test.Calm.Until + step).Truncate(time.Millisecond)
		s.try(test)
	}
	test.Calm = s.best.Calm
	test.Calm.From = s.best.Duration
	if !s.try(test) {
		return
	}
	for step := s.best.Duration / 2; step >= least; step /= 2 {
		test.Calm = s.best.Calm
		if test.Calm.From = (test.Calm.From - step).Round(time.Millisecond); test.Calm.From > test.Calm.Until {
			s.try(test)
		}
	}
}

// simplerFaults tries simpler faults in place of those that are left, and again simpler ones in place of these.
func (s *shrinker) simplerFaults() {
	s.nameHosts()
	for i := range planOf(s.best) {
		for s.simplerFault(i) {
		}
	}
}

// simplerFault tries the faults that are simpler than that of a step, and reports whether one of them will do.
func (s *shrinker) simplerFault(i int) bool {
	for _, f := range nemesis.Simpler(planOf(s.best)[i].Fault) {
		plan := slices.Clone(planOf(s.best))
		plan[i].Fault = f
		if s.try(withPlan(s.best, plan)) {
			return true
		}
	}
	return false
}

// earlier tries to have all happen sooner, as soon as the system has had some time to begin with.
func (s *shrinker) earlier() {
	first := s.best.Duration
	for _, step := range planOf(s.best) {
		first = min(first, step.At)
	}
	for _, o := range s.best.Script {
		if !o.Final {
			first = min(first, o.At)
		}
	}
	for _, begin := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second} {
		if by := (first - begin).Truncate(time.Millisecond); by > 0 && s.try(sooner(s.best, by)) {
			return
		}
	}
}

// sooner returns a test in which all happens earlier by some time.
func sooner(t Test, by time.Duration) Test {
	plan, script := slices.Clone(planOf(t)), slices.Clone(t.Script)
	for i := range plan {
		plan[i].At = max(0, plan[i].At-by)
	}
	for i := range script {
		script[i].At = max(0, script[i].At-by)
	}
	t.Duration = max(time.Millisecond, t.Duration-by)
	return withScript(withPlan(t, plan), script)
}

// fewOperations is how many operations are looked at one by one.
const fewOperations = 8

// units are those to which times are rounded.
var units = []time.Duration{time.Second, 100 * time.Millisecond, 10 * time.Millisecond, time.Millisecond, time.Microsecond}

// rounderTimes tries round instants and lengths, the roundest first.
func (s *shrinker) rounderTimes() {
	for i := range planOf(s.best) {
		for _, of := range []func(*nemesis.Step) *time.Duration{
			func(p *nemesis.Step) *time.Duration { return &p.At },
			func(p *nemesis.Step) *time.Duration { return &p.For },
		} {
			s.roundest(func(unit time.Duration) Test {
				plan := slices.Clone(planOf(s.best))
				round(of(&plan[i]), unit)
				return withPlan(s.best, plan)
			})
		}
	}
	s.rounderOperations()
	s.roundest(func(unit time.Duration) Test {
		test := s.best
		test.Duration = (test.Duration + unit - 1).Truncate(unit)
		return test
	})
}

// rounderOperations tries round instants of all operations together, and if these are not round enough then, where operations are few, of each alone:
// the last one first, and each of them rounded up as well, which keeps it after what it has to follow.
func (s *shrinker) rounderOperations() {
	s.roundest(func(unit time.Duration) Test {
		script := slices.Clone(s.best.Script)
		for i := range script {
			round(&script[i].At, unit)
		}
		return withScript(s.best, script)
	})
	if len(s.best.Script) > fewOperations {
		return
	}
	for i := len(s.best.Script) - 1; i >= 0; i-- {
		for _, unit := range units[1:] {
			near, up := slices.Clone(s.best.Script), slices.Clone(s.best.Script)
			round(&near[i].At, unit)
			up[i].At = (up[i].At + unit - 1).Truncate(unit)
			if s.try(withScript(s.best, near)) || s.try(withScript(s.best, up)) {
				break
			}
		}
	}
}

// roundest tries what rounded returns for each unit, the largest first, until one shows the signature.
func (s *shrinker) roundest(rounded func(unit time.Duration) Test) {
	for _, unit := range units {
		if s.try(rounded(unit)) {
			return
		}
	}
}

// round rounds a time to a unit, unless nothing would be left of it.
func round(d *time.Duration, unit time.Duration) {
	if to := d.Round(unit); to != 0 {
		*d = to
	}
}
