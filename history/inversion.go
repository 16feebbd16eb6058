package history

import (
	"fmt"
	"time"
)

// maxJitter is how far the times of two ops may contradict the order of their lines, where
// the order decides which call ended before which began. Jepsen takes the time of an op
// before the op takes its place; in its histories this makes about 1 ms at most.
const maxJitter = 10 * time.Millisecond

// inversions finds the ops whose order by lines contradicts that by times, so that the
// two disagree on which of two calls ended before the other began. Two invocations, or
// two completions, may stand in either order.
type inversions struct {
	first, last   int64 // the least and the greatest time
	seen          bool
	begin, ended  instant // the latest invocation, and the latest completion, by time
	worst         int64   // the largest inversion
	early, late   instant // its ops: early stands in the later line
	earlyIsInvoke bool
}

// An instant is when an op took place, and its line.
type instant struct {
	time int64
	line int // 0 if there is none
}

// add shows it the next op. An info does not end its call, and has no place in the order.
func (v *inversions) add(rec *record) {
	if !rec.client() || !rec.hasTime() || rec.kind == Info || rec.kind == nil {
		return
	}
	if !v.seen {
		v.first, v.last, v.seen = rec.time, rec.time, true
	}
	v.first, v.last = min(v.first, rec.time), max(v.last, rec.time)
	here := instant{rec.time, rec.line}
	mine, other := &v.ended, v.begin
	if rec.kind == Invoke {
		mine, other = &v.begin, v.ended
	}
	if other.line > 0 && other.time-rec.time > v.worst {
		v.worst, v.early, v.late, v.earlyIsInvoke = other.time-rec.time, here, other, rec.kind == Invoke
	}
	if mine.line == 0 || rec.time > mine.time {
		*mine = here
	}
}

// end returns the largest inversion and its line, if that is no jitter: it is longer than
// maxJitter, or than a tenth of a history that is shorter, such as one that counts steps.
func (v *inversions) end() (int, *FlawError) {
	if v.worst == 0 || v.worst <= min(int64(maxJitter), (v.last-v.first)/10) {
		return 0, nil
	}
	early, late := "call ends", "began"
	if v.earlyIsInvoke {
		early, late = "call begins", "ended"
	}
	return v.early.line, &FlawError{OutOfOrder, fmt.Sprintf("the lines are not in the order of their times: a %s at %d, but the call that %s in line %d did so at %d",
		early, v.early.time, late, v.late.line, v.late.time)}
}
