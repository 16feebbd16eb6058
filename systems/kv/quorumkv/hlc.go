package quorumkv

import (
	"cmp"
	"time"
)

// A stamp is a time on a hybrid logical clock: nanoseconds of a wall clock, and a
// count of what happened at the same.
type stamp struct {
	wall    int64
	logical uint32
}

func (s stamp) compare(o stamp) int {
	return cmp.Or(cmp.Compare(s.wall, o.wall), cmp.Compare(s.logical, o.logical))
}

// A hybrid is a hybrid logical clock (Kulkarni et al. 2014, "Logical Physical Clocks and
// Consistent Snapshots in Globally Distributed Databases"): it follows the wall clock, and
// never falls behind a time that it has returned or seen, however wrong that is.
type hybrid struct{ last stamp }

// tick returns a time that is later than all before.
func (c *hybrid) tick(now time.Time) stamp {
	if wall := now.UnixNano(); wall > c.last.wall {
		c.last = stamp{wall: wall}
	} else {
		c.last.logical++
	}
	return c.last
}

// see moves the clock to a time of another node if that is later.
func (c *hybrid) see(s stamp) {
	if s.compare(c.last) > 0 {
		c.last = s
	}
}
