package quorumlog

import "time"

// A support is the state of a follower: until when it supports the leader that it last heard, and its own campaign. It first asks
// whether it would be elected, so that one that receives nothing does not depose a leader that all others support.
type support struct {
	until    time.Duration // the node elects no other before
	standAt  time.Duration
	trying   uint64 // the epoch it stands for
	asking   bool   // it only asks
	promoted map[int]bool
}

// A claim requests election, or asks whether that would be granted.
type claim struct {
	log   string
	ask   bool
	epoch uint64
	last  place
}

// A grant says yes.
type grant struct {
	log   string
	ask   bool
	epoch uint64
}

func (c *claim) Log() string { return c.log }
func (g *grant) Log() string { return g.log }

// hold makes the node support no other leader for a term from now on.
func (l *Log[C]) hold() {
	l.until = l.now() + term
	l.wait()
}

// wait puts off the next campaign by a random time, so that two nodes seldom campaign at once.
func (l *Log[C]) wait() {
	l.standAt = max(l.until, l.now()) + time.Duration(l.h.Rand().Int64N(int64(term)))
}

func (l *Log[C]) stand() {
	l.follow("")
	l.wait()
	l.campaign(true, l.disk.epoch+1)
}

// campaign sends a claim for an epoch to all. Only a claim that does not merely ask uses the epoch up.
func (l *Log[C]) campaign(ask bool, epoch uint64) {
	l.trying, l.asking = epoch, ask
	if !ask {
		l.disk.saveEpoch(epoch, l.h.Name())
	}
	l.promoted = map[int]bool{}
	l.others(func(i int) { l.h.Send(l.nodes[i], &claim{l.name, ask, epoch, l.disk.last()}) })
	l.handleGrant(l.h.Name(), &grant{l.name, ask, epoch})
}

// loyal reports whether the node supports a leader, itself or another, so that it wants no new one.
func (l *Log[C]) loyal() bool { return l.now() < l.until || l.Leads() && l.holds() }

// handleClaim grants a claim unless the node still supports a leader, or is one, or has more of the log, or elected another in
// that epoch.
func (l *Log[C]) handleClaim(from string, c *claim) {
	if l.loyal() || c.epoch < l.disk.epoch {
		return
	}
	fits := !c.last.before(l.disk.last())
	if c.ask {
		if fits && c.epoch > l.disk.epoch {
			l.h.Send(from, &grant{l.name, true, c.epoch})
		}
		return
	}
	chosen := l.disk.chosen
	if c.epoch > l.disk.epoch {
		chosen = ""
		l.follow("")
	}
	if fits && (chosen == "" || chosen == from) {
		chosen = from
	}
	l.disk.saveEpoch(c.epoch, chosen)
	if chosen == from {
		l.wait()
		l.h.Send(from, &grant{l.name, false, c.epoch})
	}
}

// handleGrant counts a grant. A majority that would elect the node leads to the real claim, and a majority that does makes it the leader.
func (l *Log[C]) handleGrant(from string, g *grant) {
	if l.Leads() || g.epoch != l.trying || g.ask != l.asking || l.promoted == nil {
		return
	}
	l.promoted[l.idOf(from)] = true
	if len(l.promoted) < l.majority() {
		return
	}
	l.promoted = nil
	switch {
	case g.ask && g.epoch == l.disk.epoch+1 && !l.loyal():
		l.campaign(false, g.epoch)
	case !g.ask && g.epoch == l.disk.epoch:
		l.promote()
	}
}
