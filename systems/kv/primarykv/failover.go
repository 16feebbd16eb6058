package primarykv

import "time"

// A support is the state of a backup: until when it supports the primary that it last heard, and
// its own campaign. It first asks whether it would be promoted, so that one that receives
// nothing does not depose a primary that all others support.
type support struct {
	until    time.Duration // the node promotes no other before
	standAt  time.Duration
	trying   place // the epoch it stands for; Index 0 while it only asks
	promoted map[int]bool
}

// A claim requests promotion to primary, or asks whether that would be granted.
type claim struct {
	ask   bool
	epoch uint64
	last  place
}

// A grant says yes.
type grant struct {
	ask   bool
	epoch uint64
}

// hold makes the node support no other primary for a term from now on.
func (n *node) hold() {
	n.until = n.now() + term
	n.wait()
}

// wait puts off the next campaign by a random time, so that two nodes seldom campaign at once.
func (n *node) wait() {
	n.standAt = max(n.until, n.now()) + time.Duration(n.h.Rand().Int64N(int64(term)))
}

func (n *node) stand() {
	n.follow("")
	n.wait()
	n.campaign(true, n.log.epoch+1)
}

// campaign sends a claim for an epoch to all. Only a claim that does not merely ask uses the epoch up.
func (n *node) campaign(ask bool, epoch uint64) {
	n.trying = place{Epoch: epoch}
	if !ask {
		n.trying.Index = 1
		n.log.saveEpoch(epoch, n.h.Name())
	}
	n.promoted = map[int]bool{}
	n.others(func(i int) { n.h.Send(n.names[i], &claim{ask, epoch, n.log.last()}) })
	n.handleGrant(n.h.Name(), &grant{ask, epoch})
}

// loyal reports whether the node supports a primary, itself or another, so that it wants no new one.
func (n *node) loyal() bool {
	if n.members != nil {
		return n.leads() || n.primary != "" && !n.members.Dead(n.primary)
	}
	return n.now() < n.until || n.leads() && n.holds()
}

// handleClaim grants a claim unless the node still supports a primary, or is one, or has
// more of the log, or promoted another in that epoch.
func (n *node) handleClaim(from string, c *claim) {
	if n.store.Failover == Fixed || n.loyal() || c.epoch < n.log.epoch {
		return
	}
	fits := n.bug(PromoteAny) || !c.last.before(n.log.last())
	if c.ask {
		if fits && c.epoch > n.log.epoch {
			n.h.Send(from, &grant{true, c.epoch})
		}
		return
	}
	chosen := n.log.chosen
	if c.epoch > n.log.epoch {
		chosen = ""
		n.follow("")
	}
	if fits && (chosen == "" || chosen == from) {
		chosen = from
	}
	n.log.saveEpoch(c.epoch, chosen)
	if chosen == from {
		n.wait()
		n.h.Send(from, &grant{false, c.epoch})
	}
}

// handleGrant counts a grant. A majority that would promote leads to the real claim, and a
// majority that does to the promotion.
func (n *node) handleGrant(from string, g *grant) {
	if n.leads() || g.epoch != n.trying.Epoch || g.ask != (n.trying.Index == 0) || n.promoted == nil {
		return
	}
	n.promoted[n.idOf(from)] = true
	if len(n.promoted) < n.majority() {
		return
	}
	n.promoted = nil
	switch {
	case g.ask && g.epoch == n.log.epoch+1 && !n.loyal():
		n.campaign(false, g.epoch)
	case !g.ask && g.epoch == n.log.epoch:
		n.promote()
	}
}
