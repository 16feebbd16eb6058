package schedule

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/capsize-go/capsize/internal/detrt"
	"github.com/capsize-go/capsize/internal/keyed"
)

// A Schedule says which goroutine runs next. The zero value leaves it to the seed: see [Schedule.For].
type Schedule struct {
	kind  string
	every int
}

const (
	firstCome  = "first-come"
	random     = "random"
	priorities = "priorities"
	stalls     = "stalls"
	swarm      = "swarm"
)

// FirstCome runs goroutines in the order in which they became ready, and never stops one. It is nearest to what
// Go does on one processor, and finds the least.
func FirstCome() Schedule { return Schedule{firstCome, 0} }

// Random runs any goroutine that is ready. At one point in every so many it stops the one that runs and draws
// again. It hits narrow windows, as between a check and what is done about it.
func Random(every int) Schedule { return Schedule{random, every} }

// Priorities runs the goroutine with the highest priority, which is drawn when a goroutine starts. At one point in every so many
// the one that runs falls behind all others. It keeps a goroutine waiting for long, which Random does not.
//
// The idea is that of PCT (Burckhardt and others, "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs", 2010), which
// draws a few points of the whole run: but how many points a run has is not known before, and its guarantee needs
// that number. Here each point has the same chance.
func Priorities(every int) Schedule { return Schedule{priorities, every} }

// Stalls runs any goroutine that is ready. At one point in every so many the one that runs stands still for a microsecond to a second of virtual
// time, drawn so that each order of magnitude has the same chance: as a program does whose thread waits for a processor, for memory or for the garbage collector. It finds what
// relies on how little time there is between two statements, as code that reads the clock and then waits for a lock, or that
// checks a lease and then writes. Code that is right may miss a deadline under it, so a swarm does not draw it.
func Stalls(every int) Schedule { return Schedule{stalls, every} }

// shoal is what a swarm draws from. No schedule is best: each of these finds something sooner than the others do.
var shoal = []Schedule{
	FirstCome(), Random(1), Random(2), Random(4), Random(16), Random(64), Priorities(32), Priorities(1024),
}

const drawSchedule = "schedule" // part of the key of a draw: another text is another history of every seed

// For returns the schedule of a run: s itself, or if s is the zero value a swarm, in which each seed has one of
// eight schedules.
func (s Schedule) For(seed uint64) Schedule {
	if s.kind != "" {
		return s
	}
	return shoal[keyed.New(seed, drawSchedule).Range(0, int64(len(shoal)))]
}

// Calmer returns schedules that stop goroutines less often than s, the calmest first: [FirstCome], and then schedules of the same kind that do
// something at fewer points, down to a quarter as many. A failure that one of them shows too depends on fewer decisions. It is empty for the zero value,
// which has no schedule yet, and for FirstCome.
func (s Schedule) Calmer() (calmer []Schedule) {
	if s.kind == "" || s.kind == firstCome {
		return nil
	}
	calmer = append(calmer, FirstCome(), Schedule{s.kind, 0})
	for _, times := range []int{256, 64, 16, 4} {
		if s.every > 0 {
			calmer = append(calmer, Schedule{s.kind, s.every * times})
		}
	}
	if s.every == 0 {
		calmer = calmer[:1]
	}
	return calmer
}

// String formats the schedule as [Schedule.UnmarshalText] reads it: random/4.
func (s Schedule) String() string {
	switch s.kind {
	case "":
		return swarm
	case firstCome:
		return firstCome
	}
	return fmt.Sprintf("%s/%d", s.kind, s.every)
}

// MarshalText returns what [Schedule.String] does.
func (s Schedule) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads "swarm", "first-come", "random/4", "priorities/32" or "stalls/64". The number is how many points there are to one
// at which the schedule does something; 0 is none.
func (s *Schedule) UnmarshalText(text []byte) error {
	kind, number, ok := strings.Cut(string(text), "/")
	switch {
	case !ok && kind == swarm:
		*s = Schedule{}
		return nil
	case !ok && kind == firstCome:
		*s = FirstCome()
		return nil
	case !ok || kind != random && kind != priorities && kind != stalls:
		return fmt.Errorf("schedule %q: it is one of swarm, first-come, random/N, priorities/N and stalls/N", text)
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 {
		return fmt.Errorf("schedule %q: %q is no number of points", text, number)
	}
	*s = Schedule{kind, n}
	return nil
}

// Validate returns an error if the schedule makes no sense, or if this program can't have it: one that is set, or
// CAPSIZE_RUNTIME=det in the environment, needs a deterministic runtime.
func (s Schedule) Validate() error {
	if s.every < 0 {
		return fmt.Errorf("schedule %v: the number of points is negative", s)
	}
	why := ""
	switch {
	case detrt.Active():
		return nil
	case s != Schedule{}:
		why = fmt.Sprintf("the test has Schedule = %v", s)
	case os.Getenv("CAPSIZE_RUNTIME") == "det":
		why = "the environment has CAPSIZE_RUNTIME=det"
	default:
		return nil
	}
	return fmt.Errorf("%s, which needs a deterministic runtime, and this program has that of %s: run it with \"capsize test\" in place of \"go test\"", why, detrt.Version())
}

// runtime returns the schedule as the runtime takes it.
func (s Schedule) runtime() detrt.Schedule {
	kind := map[string]detrt.Kind{firstCome: detrt.FirstCome, random: detrt.Random, priorities: detrt.Priorities, stalls: detrt.Stalls}[s.kind]
	return detrt.Schedule{Kind: kind, Every: uint64(s.every)}
}
