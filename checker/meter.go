package checker

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Budgets count steps, never time: a history has one verdict and one counter-example, on any
// machine and under any load. A step is a configuration that a search visits, a question to
// [Model.Step], or a call that a pass over many calls looks at.
const (
	defaultSteps = 50_000_000 // of a check: about 20 to 60 s of a processor
	explainSteps = 400_000    // of the explanation of a key: half for making it small, a quarter for making
	// one shorter that is still long, a quarter for its core
	stepOfModel   = 4    // what a question to Step counts
	stateOfModel  = 64   // bytes of a state that count as one more
	bagsOfStep    = 8    // comparisons of calls of unknown outcome that count as one more
	plausibleEach = 4    // for each call, for finding out whether an answer can be explained at all
	turnOfMeter   = 1024 // steps between two looks at the context
	turnOfSearch  = 64 * turnOfMeter
	headStartTurn = 8 // turns of the first of two searches before the second one begins
)

// A meter bounds the work of a check, or of one part of its explanation, by steps and by a
// context. Once it has ended, it stays so.
type meter struct {
	ctx   context.Context
	left  int // steps of this turn
	rest  int // steps after this turn
	most  int
	what  string      // what the steps are for
	pause func() bool // lets another search go on; false to end this one
	turn  int         // steps until then
	err   error       // why no more steps may be taken
	cut   error       // the first answer that was not found, because of this meter or of memory
}

// errOvertaken ends a search of which another one found the answer.
var errOvertaken = errors.New("another search found the answer")

// newMeter returns a meter of so many steps, at least one.
func newMeter(ctx context.Context, most int, what string) *meter {
	return &meter{ctx: ctx, rest: max(1, most), most: max(1, most), what: what}
}

// unmetered never ends.
func unmetered() *meter { return newMeter(context.Background(), 1<<62, "this") }

// share takes one of n equal parts of the steps that are left, at least one step, for a meter of its own.
func (m *meter) share(n int) *meter {
	part := m.unused() / n
	m.left, m.rest = 0, m.unused()-part
	return &meter{ctx: m.ctx, rest: max(1, part), most: m.most, what: m.what}
}

// step counts one step, and reports whether it may be taken.
func (m *meter) step() bool {
	m.left--
	return m.left >= 0 || m.refill()
}

// take counts n steps at once.
func (m *meter) take(n int) bool {
	m.left -= n
	return m.left >= 0 || m.refill()
}

// refill begins another turn, unless the context or the budget ended.
func (m *meter) refill() bool {
	if m.err == nil {
		m.err = m.ended()
	}
	if m.err != nil {
		m.left = 0
		return false
	}
	n := min(m.rest, max(turnOfMeter, -m.left))
	m.left += n
	m.rest -= n
	return true
}

func (m *meter) ended() error {
	if m.ctx.Err() != nil {
		return context.Cause(m.ctx)
	}
	if m.rest < -m.left {
		m.rest = 0
		return fmt.Errorf("the budget of %s for %s ended", stepCount(m.most), m.what)
	}
	if m.pause == nil {
		return nil
	}
	if m.turn -= turnOfMeter; m.turn <= 0 {
		m.turn = turnOfSearch
		if !m.pause() {
			return errOvertaken
		}
	}
	return nil
}

// ask counts a question to a model, whose answer may take long: it looks at the context each time.
func (m *meter) ask() error {
	if m.err == nil && m.ctx.Err() != nil {
		m.err = context.Cause(m.ctx)
	}
	if m.err == nil {
		m.take(stepOfModel)
	}
	return m.err
}

// missed notes why an answer was not found, and reports whether there was none.
func (m *meter) missed(err error) bool {
	if m.cut == nil && err != nil {
		m.cut = err
	}
	return err != nil
}

// why returns why not all was done that there was to do, or nil.
func (m *meter) why() error {
	if m.err != nil {
		return m.err
	}
	return m.cut
}

// stepCount words a number of steps.
func stepCount(n int) string {
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

// errSteps ends a search that has a bound of its own on steps.
var errSteps = errors.New("the work for the search was used up")

// halves splits the steps that are left.
func (m *meter) halves() [2]*meter {
	all := m.unused()
	half := func(n int) *meter { return &meter{ctx: m.ctx, rest: n, most: m.most, what: m.what, err: m.err} }
	m.left, m.rest = 0, 0
	return [2]*meter{half(all - all/2), half(all / 2)}
}

// unused returns how many steps are left.
func (m *meter) unused() int { return max(0, m.left) + m.rest }

// Settings bound a check and its explanation.
type settings struct {
	within  time.Duration // 0 for no limit
	memory  int
	steps   int
	explain int
}

// defaults returns the bounds of a check without options.
func defaults() settings {
	return settings{memory: defaultMemory, steps: defaultSteps, explain: explainSteps}
}

// limited returns a context that ends after the time that [Within] gives, less what was used, and says so.
func (set settings) limited(ctx context.Context, used time.Duration) (context.Context, context.CancelFunc) {
	if set.within == 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, set.within-used, fmt.Errorf("the %v for this check ended", set.within))
}

// clock returns a function that says how much time was used, if that matters.
func (set settings) clock() func() time.Duration {
	if set.within == 0 {
		return func() time.Duration { return 0 }
	}
	began := time.Now()
	return func() time.Duration { return time.Since(began) }
}

// defaultMemory is what a search may hold unless it is told.
const defaultMemory = 1 << 30
