package budget

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Budgets count steps and not time, so that a history has one verdict and one counterexample on any
// machine and under any load. A step is a configuration that a search visits, a call of
// [model.Model.Step], or a call of the history that a pass over many calls visits.
const (
	DefaultSteps = 50_000_000 // of a check: about 20 to 60 s of a processor
	explainSteps = 400_000    // of the explanation of a key: half for minimising, a quarter for making
	// a long one shorter, a quarter for its core
	stepsPerModelCall = 4    // what a call of the model's Step counts
	StateBytesPerStep = 64   // bytes of a state that count as one step
	MultisetsPerStep  = 8    // comparisons of multisets that count as one step
	JustifyPerCall    = 4    // for each call, of the search whether an answer can be justified at all
	meterTurn         = 1024 // steps between two checks of the context
	searchTurn        = 64 * meterTurn
	HeadStartTurn     = 8 // turns of the first of two searches before the second one starts
)

// A Meter bounds the work of a check, or of one part of its explanation, by steps and by a
// context. Once it has ended, it stays so.
type Meter struct {
	Ctx     context.Context
	left    int // steps of this turn
	Rest    int // steps after this turn
	Most    int
	purpose string      // what the steps are for, in messages
	Pause   func() bool // lets another search go on; false to end this one
	turn    int         // steps until then
	Err     error       // why no more steps may be taken
	missed  error       // why the first answer was missed: this meter, or memory
}

// errAnswered ends a search when another one has found the answer.
var errAnswered = errors.New("another search found the answer")

// New returns a meter of most steps, at least one.
func New(ctx context.Context, most int, what string) *Meter {
	return &Meter{Ctx: ctx, Rest: max(1, most), Most: max(1, most), purpose: what}
}

// Unlimited returns a meter that never ends.
func Unlimited() *Meter { return New(context.Background(), 1<<62, "this") }

// Share takes one of n equal parts of the steps that are left, at least one step, for a meter of its own.
func (m *Meter) Share(n int) *Meter {
	part := m.Unused() / n
	m.left, m.Rest = 0, m.Unused()-part
	return &Meter{Ctx: m.Ctx, Rest: max(1, part), Most: m.Most, purpose: m.purpose}
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
	n := min(m.Rest, max(meterTurn, -m.left))
	m.left += n
	m.Rest -= n
	return true
}

// ended returns why no other turn may begin, or nil. It hands over to the other search when it is that one's turn.
func (m *Meter) ended() error {
	if m.Ctx.Err() != nil {
		return context.Cause(m.Ctx)
	}
	if m.Rest < -m.left {
		m.Rest = 0
		return fmt.Errorf("the budget of %s for %s ended", StepCount(m.Most), m.purpose)
	}
	if m.Pause == nil {
		return nil
	}
	if m.turn -= meterTurn; m.turn <= 0 {
		m.turn = searchTurn
		if !m.Pause() {
			return errAnswered
		}
	}
	return nil
}

// Ask counts a call of the model's Step. That may take long, so it checks the context each time.
func (m *Meter) Ask() error {
	if m.Err == nil && m.Ctx.Err() != nil {
		m.Err = context.Cause(m.Ctx)
	}
	if m.Err == nil {
		m.Take(stepsPerModelCall)
	}
	return m.Err
}

// Missed records the error for which an answer was not found. It reports whether there is one.
func (m *Meter) Missed(err error) bool {
	if m.missed == nil && err != nil {
		m.missed = err
	}
	return err != nil
}

// Why returns why the work is incomplete, or nil.
func (m *Meter) Why() error {
	if m.Err != nil {
		return m.Err
	}
	return m.missed
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

// ErrSteps ends a search that has its own bound on steps.
var ErrSteps = errors.New("the work for the search was used up")

// Halves splits the steps that are left.
func (m *Meter) Halves() [2]*Meter {
	all := m.Unused()
	half := func(n int) *Meter { return &Meter{Ctx: m.Ctx, Rest: n, Most: m.Most, purpose: m.purpose, Err: m.Err} }
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

// Context returns a context that ends after the time of [linearizable.Within], less what was used. Its cause says so.
func (set Limits) Context(ctx context.Context, used time.Duration) (context.Context, context.CancelFunc) {
	if set.Within == 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, set.Within-used, fmt.Errorf("the %v for this check ended", set.Within))
}

// Clock returns a function that returns the time since, or always 0 if there is no bound on time.
func (set Limits) Clock() func() time.Duration {
	if set.Within == 0 {
		return func() time.Duration { return 0 }
	}
	began := time.Now()
	return func() time.Duration { return time.Since(began) }
}

// DefaultMemory is the most bytes that a search may hold, without [linearizable.Memory].
const DefaultMemory = 1 << 30
