package hlc

import "github.com/capsize-go/capsize/cluster"

// A stamp is a time of a hybrid logical clock: what a clock showed, in nanoseconds, and a counter of what happened since it did.
type stamp struct {
	Wall    int64
	Logical uint32 `json:",omitempty"`
}

func (s stamp) before(o stamp) bool {
	return s.Wall < o.Wall || s.Wall == o.Wall && s.Logical < o.Logical
}

// next returns the stamp right behind s.
func (s stamp) next() stamp { return stamp{s.Wall, s.Logical + 1} }

func later(a, b stamp) stamp {
	if a.before(b) {
		return b
	}
	return a
}

// A clock is a hybrid logical clock, after Kulkarni et al., Logical Physical Clocks (OPODIS 2014): it follows the clock of its host, and
// never shows less than it has shown or been sent.
type clock struct {
	h    *cluster.Host
	last stamp
}

// now returns a stamp that is later than all before.
func (c *clock) now() stamp {
	if wall := c.h.Clock().Now().UnixNano(); wall > c.last.Wall {
		c.last = stamp{Wall: wall}
	} else {
		c.last = c.last.next()
	}
	return c.last
}

// saw has later stamps of this clock be later than one that came with a message.
func (c *clock) saw(s stamp) { c.last = later(c.last, s) }
