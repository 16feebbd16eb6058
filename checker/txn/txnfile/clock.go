package txnfile

import (
	"fmt"
	"time"

	"github.com/capsize-go/capsize/history"
)

// maxJitter is how far the times of two ops may contradict the order of their lines. Jepsen takes the time of an op before the op
// takes its place; in its histories this makes about 1 ms at most.
const maxJitter = 10 * time.Millisecond

// A clock finds out whether the times of a file contradict the order of its lines, so that the two disagree on which transaction
// ended before which began: history has the same rule for files of other objects.
type clock struct {
	first, last time.Duration // the least and the greatest time
	seen        bool
	begin, end_ instant       // the latest invocation, and the latest completion, by time
	worst       time.Duration // the largest contradiction
	early, late instant       // its ops: early stands in the later line

	// Whether each completion directly follows its invocation, as where the lines of a transaction are written when it has ended.
	overlaps bool
	open     int // the process whose invocation was the last op, and 1 more; 0 if there is none
	back     instant
}

// An instant is when an op took place, and its line.
type instant struct {
	time time.Duration
	line int // 0 if there is none
}

// add shows it the next op.
func (c *clock) add(rec *record, process int) {
	if !rec.timed || rec.time < 0 {
		c.overlaps = true // nothing is known of it
		return
	}
	here := instant{time.Duration(rec.time), rec.line}
	invoke := rec.typ == history.Invoke
	switch {
	case invoke:
		c.overlaps = c.overlaps || c.open > 0
		c.open = process + 1
		if c.end_.line > 0 && here.time < c.end_.time && c.back.line == 0 {
			c.back = here
		}
	default:
		c.overlaps = c.overlaps || c.open != process+1
		c.open = 0
	}
	if rec.typ == history.Info {
		return // it does not end its transaction
	}
	if !c.seen {
		c.first, c.last, c.seen = here.time, here.time, true
	}
	c.first, c.last = min(c.first, here.time), max(c.last, here.time)
	mine, other := &c.end_, c.begin
	if invoke {
		mine, other = &c.begin, c.end_
	}
	if other.line > 0 && other.time-here.time > c.worst {
		c.worst, c.early, c.late = other.time-here.time, here, other
	}
	if mine.line == 0 || here.time > mine.time {
		*mine = here
	}
}

// end returns what contradicts the order of the lines, if anything does, and where.
func (c *clock) end() (int, *history.FlawError) {
	if !c.overlaps && c.back.line > 0 {
		return c.back.line, &history.FlawError{Flaw: history.OutOfOrder, Text: fmt.Sprintf("a transaction begins at %d, before those of earlier lines ended, "+
			"but in this file each transaction stands after the end of the one before: its lines are in the order of the ends", c.back.time)}
	}
	if c.worst == 0 || c.worst <= min(maxJitter, (c.last-c.first)/10) {
		return 0, nil
	}
	return c.early.line, &history.FlawError{Flaw: history.OutOfOrder, Text: fmt.Sprintf(
		"the lines are not in the order of their times: an op at %d, but the one of line %d is at %d", c.early.time, c.late.line, c.late.time)}
}
