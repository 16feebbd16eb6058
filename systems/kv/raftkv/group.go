package raftkv

import (
	"time"

	"go.etcd.io/raft/v3/raftpb"

	"github.com/capsize-go/capsize/cluster"
)

// groupTime is how long a leader waits for more writes after the first one, to append them together: group commit, as databases do it.
// What a write costs is mostly the same for several. Compare linger.ms of Kafka's producers and commit_delay of PostgreSQL.
const groupTime = 10 * time.Millisecond

// A group is the writes that a leader will append together.
type group struct {
	writes []cluster.Message
	timer  *cluster.Timer
}

// add adds a write to the group. The first one starts the clock.
func (g *group) add(n *node, m cluster.Message) {
	if g.writes = append(g.writes, m); len(g.writes) > 1 {
		return
	}
	if g.timer == nil {
		g.timer = n.h.AfterFunc(groupTime, func() {
			n.log.wake()
			if n.raft != nil && !n.failed {
				g.propose(n)
			}
		})
	} else {
		g.timer.Reset(groupTime)
	}
}

// propose appends the group to the log, if the node leads still.
func (g *group) propose(n *node) {
	if len(g.writes) == 0 || n.lead != n.id {
		g.drop()
		return
	}
	now := n.h.Clock().Now().UnixNano()
	entries := make([]*raftpb.Entry, len(g.writes))
	for i, m := range g.writes {
		entries[i] = &raftpb.Entry{Data: encodeRequest(m.Body.(*request), now)}
	}
	if err := n.raft.Step(&raftpb.Message{Type: raftpb.MsgProp.Enum(), From: &n.id, Entries: entries}); err != nil {
		g.drop() // before they entered the log
		return
	}
	for i, m := range g.writes {
		req := m.Body.(*request)
		n.waiting[ticket{req.session, req.number}] = m
		g.writes[i] = cluster.Message{}
	}
	g.writes = g.writes[:0]
	n.advance(true)
}

// drop answers that the writes were not carried out, and will not be.
func (g *group) drop() {
	for i, m := range g.writes {
		m.Reply(response{status: noLeader})
		g.writes[i] = cluster.Message{}
	}
	g.writes = g.writes[:0]
}
