package budget

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Budgets count steps, never time: a history has one verdict and one counter-example, on any
// machine and under any load. A step is a configuration that a search visits, a question to
// [model.Model.Step], or a call that a pass over many calls looks at.
const (
	DefaultSteps = 50_000_000 // of a check: about 20 to 60 s of a processor
	explainSteps = 400_000    // of the explanation of a key: half for making it small, a quarter for making
	// one shorter that is still long, a quarter for its core
	stepOfModel   = 4    // what a question to Step counts
	StateOfModel  = 64   // bytes of a state that count as one more
	BagsOfStep    = 8    // comparisons of calls of unknown outcome that count as one more
	PlausibleEach = 4    // for each call, for finding out whether an answer can be explained at all
	turnOfMeter   = 1024 // steps between two looks at the context
	turnOfSearch  = 64 * turnOfMeter
	HeadStartTurn = 8 // turns of the first of two searches before the second one begins
)

// A Meter bounds the work of a check, or of one part of its explanation, by steps and by a
// context. Once it has ended, it stays so.
type Meter struct {
	Ctx   context.Context
	left  int // steps of this turn
	Rest  int // steps after this turn
	Most  int
	what  string      // what the steps are for
	Pause func() bool // lets another search go on; false to end this one
	turn  int         // steps until then
	Err   error       // why no more steps may be taken
	cut   error       // the first answer that was not found, because of this meter or of memory
}

// errOvertaken ends a search of which another one found the answer.
var errOvertaken = errors.New("another search found the answer")

// New returns a meter of so many steps, at least one.
func New(ctx context.Context, most int, what string) *Meter {
	return &Meter{Ctx: ctx, Rest: max(1, most), Most: max(1, most), what: what}
}

// Unlimited never ends.
func Unlimited() *Meter { return New(context.Background(), 1<<62, "this") }

// Share takes one of n equal parts of the steps that are left, at least one step, for a meter of its own.
func (m *Meter) Share(n int) *Meter {
	part := m.Unused() / n
	m.left, m.Rest = 0, m.Unused()-part
	return &Meter{Ctx: m.Ctx, Rest: max(1, part), Most: m.Most, what: m.what}
}

// Step counts one step, and reports whether it may be taken.
func (m *Meter) Step() bool {
	m.left--
	return m.left >= 0 || m.refill()
}

// Take counts n steps at once.
func (m *Meter) Take(n int) bool {
	m.left -= n
	return m.left >= 0 || m.refill()
}

// refill begins another turn, unless the context or the budget ended.
func (m *Meter) refill() bool {
	if m.Err == nil {
		m.Err = m.ended()
	}
	if m.Err != nil {
		m.left = 0
		return false
	}
	n := min(m.Rest, max(turnOfMeter, -m.left))
	m.left += n
	m.Rest -= n
	return true
}

func (m *Meter) ended() error {
	if m.Ctx.Err() != nil {
		return context.Cause(m.Ctx)
	}
	if m.Rest < -m.left {
		m.Rest = 0
		return fmt.Errorf("the budget of %s for %s ended", StepCount(m.Most), m.what)
	}
	if m.Pause == nil {
		return nil
	}
	if m.turn -= turnOfMeter; m.turn <= 0 {
		m.turn = turnOfSearch
		if !m.Pause() {
			return errOvertaken
		}
	}
	return nil
}

// Ask counts a question to a model, whose answer may take long: it looks at the context each time.
func (m *Meter) Ask() error {
	if m.Err == nil && m.Ctx.Err() != nil {
		m.Err = context.Cause(m.Ctx)
	}
	if m.Err == nil {
		m.Take(stepOfModel)
	}
	return m.Err
}

// Missed notes why an answer was not found, and reports whether there was none.
func (m *Meter) Missed(err error) bool {
	if m.cut == nil && err != nil {
		m.cut = err
	}
	return err != nil
}

// Why returns why not all was done that there was to do, or nil.
func (m *Meter) Why() error {
	if m.Err != nil {
		return m.Err
	}
	return m.cut
}

// StepCount words a number of steps.
func StepCount(n int) string {
	if n == 1 {
		return "1 step"
	}
	return grouped(n) + " steps"
}

// grouped writes a number with commas between thousands.
func grouped(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", grouped(n/1000), n%1000)
}

// ErrSteps ends a search that has a bound of its own on steps.
var ErrSteps = errors.New("the work for the search was used up")

// Halves splits the steps that are left.
func (m *Meter) Halves() [2]*Meter {
	all := m.Unused()
	half := func(n int) *Meter { return &Meter{Ctx: m.Ctx, Rest: n, Most: m.Most, what: m.what, Err: m.Err} }
	m.left, m.Rest = 0, 0
	return [2]*Meter{half(all - all/2), half(all / 2)}
}

// Unused returns how many steps are left.
func (m *Meter) Unused() int { return max(0, m.left) + m.Rest }

// Limits bound a check and its explanation.
type Limits struct {
	Within  time.Duration // 0 for no limit
	Memory  int
	Steps   int
	Explain int
}

// Default returns the bounds of a check without options.
func Default() Limits {
	return Limits{Memory: DefaultMemory, Steps: DefaultSteps, Explain: explainSteps}
}

// Context returns a context that ends after the time that [linearizable.Within] gives, less what was used, and says so.
func (set Limits) Context(ctx context.Context, used time.Duration) (context.Context, context.CancelFunc) {
	if set.Within == 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, set.Within-used, fmt.Errorf("the %v for this check ended", set.Within))
}

// Clock returns a function that says how much time was used, if that matters.
func (set Limits) Clock() func() time.Duration {
	if set.Within == 0 {
		return func() time.Duration { return 0 }
	}
	began := time.Now()
	return func() time.Duration { return time.Since(began) }
}

// DefaultMemory is what a search may hold unless it is told.
const DefaultMemory = 1 << 30
