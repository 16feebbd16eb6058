package huntcli

import (
	"sync"
	"time"

	"github.com/capsize-go/capsize/internal/hunt/campaign"
)

// A plan says which seeds are to be run, and by which worker next. Targets take turns, so that a hunt that is cut short has seen all of them.
type plan struct {
	mu      sync.Mutex
	changed *sync.Cond
	cursors []*cursor
	small   []campaign.Run // failures to make small: before any more seeds
	active  int            // jobs that are under way: each may bring more
	workers int
	stopped bool // no more jobs are given
}

// A cursor is how far a target is.
type cursor struct {
	target campaign.Target
	first  uint64
	seeds  uint64 // how many of them; 0: without end
	shard  campaign.Shard
	done   map[uint64]bool // before this hunt
	next   uint64          // place of the next seed
	again  []uint64        // seeds that were given to a worker that died before it ran them
	given  int
	each   time.Duration // how long a run takes about; 0: not known yet
}

// A job is what a worker is to do next.
type job struct {
	at    *cursor
	seeds []uint64
	small *campaign.Run // nil if it is seeds
}

func newPlan(workers int) *plan {
	p := &plan{workers: workers}
	p.changed = sync.NewCond(&p.mu)
	return p
}

// add adds a target. Done are the seeds of it that need not be run.
func (p *plan) add(c *cursor) { p.cursors = append(p.cursors, c) }

// left returns how many runs there are to do; ok is false if there is no end.
func (p *plan) left() (n int, ok bool) {
	for _, c := range p.cursors {
		if c.seeds == 0 {
			return 0, false
		}
		for i := range c.seeds {
			if c.shard.Has(i) && !c.done[c.first+i] {
				n++
			}
		}
	}
	return n, true
}

// batch is about how long a worker is busy with the seeds that it gets at once: a process takes some hundredths of a second to start.
const batch = 4 * time.Second

// The number of seeds that a worker gets at once.
const (
	firstSeeds = 4 // while it is not known how long a run takes
	maxSeeds   = 256
)

// take waits for a job. It is nil if there is none any more.
func (p *plan) take() *job {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		if p.stopped {
			return nil
		}
		if len(p.small) > 0 {
			j := &job{small: &p.small[0]}
			p.small = p.small[1:]
			p.active++
			return j
		}
		if j := p.takeSeeds(); j != nil {
			p.active++
			return j
		}
		if p.active == 0 {
			return nil
		}
		p.changed.Wait()
	}
}

// takeSeeds returns the next seeds of the target of which fewest were given.
func (p *plan) takeSeeds() *job {
	var at *cursor
	for _, c := range p.cursors {
		if (at == nil || c.given < at.given) && c.more() {
			at = c
		}
	}
	if at == nil {
		return nil
	}
	n := firstSeeds
	if at.each > 0 {
		n = int(min(max(batch/at.each, 1), maxSeeds))
	}
	if at.seeds > 0 { // the last ones are shared among the workers
		share := (int(at.seeds-min(at.next, at.seeds))/at.shard.Count + len(at.again)) / p.workers
		n = min(n, max(share, 1))
	}
	j := &job{at: at}
	for len(j.seeds) < n && at.more() {
		j.seeds = append(j.seeds, at.pop())
	}
	at.given += len(j.seeds)
	return j
}

// more reports whether there are seeds left, and goes to the next one.
func (c *cursor) more() bool {
	if len(c.again) > 0 {
		return true
	}
	for c.seeds == 0 || c.next < c.seeds {
		if c.shard.Has(c.next) && !c.done[c.first+c.next] {
			return true
		}
		c.next++
	}
	return false
}

// pop returns the next seed, once more has found one.
func (c *cursor) pop() uint64 {
	if n := len(c.again); n > 0 {
		seed := c.again[n-1]
		c.again = c.again[:n-1]
		return seed
	}
	c.next++
	return c.first + c.next - 1
}

// ended takes note that a job is done, how long its runs took, and which of its seeds were not run.
func (p *plan) ended(j *job, ran int, took time.Duration, undone []uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.active--
	if j.at != nil {
		j.at.again = append(j.at.again, undone...)
		j.at.given -= len(undone)
		if ran > 0 {
			j.at.each = max(took/time.Duration(ran), time.Microsecond)
		}
	}
	p.changed.Broadcast()
}

// shrink has failures made small next.
func (p *plan) shrink(runs []campaign.Run) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.small = append(p.small, runs...)
	p.changed.Broadcast()
}

// stop gives no more jobs.
func (p *plan) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
	p.changed.Broadcast()
}

// noMoreSeeds gives no more seeds: only the failures that were found are still made small.
func (p *plan) noMoreSeeds() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cursors = nil
	p.changed.Broadcast()
}
