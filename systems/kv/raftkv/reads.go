package raftkv

import (
	"encoding/binary"
	"slices"

	"go.etcd.io/raft/v3"

	"github.com/capsize-go/capsize/cluster"
)

// Linearizable reads go by a read index (Ongaro 2014, §6.4): a leader that has committed an entry of its term notes how
// far it has committed, asks a majority whether it still leads, and answers by a state that has all that. The library can do so too, with
// heartbeats. A question and an answer of two numbers do the same, and cost a tenth of the processor time.

// A readQuestion asks a node whether the sender still leads that term. The round is of the leader.
type readQuestion struct{ term, round uint64 }

// A readConfirmation answers that it does: the node has not heard of a later term.
type readConfirmation readQuestion

// reads are the gets that wait for a majority to confirm that the leader leads.
// One confirmation is under way at a time, and serves all that came before it
// set out.
type reads struct {
	round  uint64
	asked  []pendingRead // the present round confirms these
	queued []pendingRead // these wait for the next
	agreed []uint64      // the nodes that have confirmed the present round
	quick  []uint64      // a majority that confirmed the last round at once; nil if it had to be asked again
	again  bool          // the present round has been asked again
}

type pendingRead struct {
	m   cluster.Message
	key string
}

func (r *reads) add(m cluster.Message, key string) {
	r.queued = append(r.queued, pendingRead{m, key})
}

// next starts a round if reads wait for one and none is under way.
func (r *reads) next(n *node) {
	if len(r.queued) == 0 || len(r.asked) > 0 || n.lead != n.id || !n.leases() && !n.committed() {
		return
	}
	r.round++
	r.asked, r.queued = r.queued, r.asked[:0]
	if n.leases() {
		n.raft.ReadIndex(binary.BigEndian.AppendUint64(nil, r.round))
		n.advance(false)
		return
	}
	r.agreed, r.again = append(r.agreed[:0], n.id), false
	r.ask(n, r.quick)
	r.decide(n)
}

// leases reports whether the library confirms reads, by a lease: a mistake.
func (n *node) leases() bool { return n.bugs&LeaseReads != 0 }

// ask asks nodes, which are all if there are none. While nothing is lost, those that confirmed the last round are enough.
func (r *reads) ask(n *node, nodes []uint64) {
	if len(r.asked) == 0 || n.leases() {
		return
	}
	q := &readQuestion{n.log.hard.term, r.round}
	for i, name := range n.names {
		if id := uint64(i + 1); id != n.id && n.isVoter(id) && (len(nodes) == 0 || slices.Contains(nodes, id)) {
			n.h.Send(name, q)
		}
	}
}

// askAgain asks all nodes, since something was lost, or is late.
func (r *reads) askAgain(n *node) {
	r.again = true
	r.ask(n, nil)
}

// confirm answers a question, unless this node knows of a later term, or not yet of this one.
func (n *node) confirm(from string, q *readQuestion) {
	if q.term == n.log.hard.term {
		n.h.Send(from, (*readConfirmation)(q))
	}
}

// agrees takes note of an answer.
func (r *reads) agrees(n *node, from string, c *readConfirmation) {
	id := n.idOf(from)
	if len(r.asked) == 0 || n.lead != n.id || c.term != n.log.hard.term || c.round != r.round || slices.Contains(r.agreed, id) {
		return
	}
	r.agreed = append(r.agreed, id)
	r.decide(n)
}

// decide answers the reads of the present round once a majority has confirmed it. A leader has applied all that it has committed,
// so its state has what was committed when the round set out.
func (r *reads) decide(n *node) {
	if !n.log.isQuorum(r.agreed) {
		return
	}
	if r.quick = append(r.quick[:0], r.agreed...); r.again {
		r.quick = r.quick[:0]
	}
	r.answer(n)
	r.next(n)
}

// answer answers the reads of the present round.
func (r *reads) answer(n *node) {
	asked := r.asked
	r.asked = r.asked[len(asked):]
	for i, p := range asked {
		p.m.Reply(n.kv.read(p.key))
		asked[i] = pendingRead{}
	}
	r.asked = asked[:0]
}

// confirmed answers a round that the library has confirmed. Should the state lag behind, the reads go round again.
func (r *reads) confirmed(n *node, s raft.ReadState) {
	if binary.BigEndian.Uint64(s.RequestCtx) != r.round {
		return // of a round that ended with a leadership
	}
	if n.applied < s.Index {
		r.asked, r.queued = nil, append(r.asked, r.queued...)
		return
	}
	r.answer(n)
}

// resign drops all reads. They had no effect, so their clients may ask anew.
func (r *reads) resign() {
	for _, p := range append(r.asked, r.queued...) {
		p.m.Reply(response{status: noLeader})
	}
	r.asked, r.queued, r.quick = nil, nil, nil
}

// isVoter reports whether a node is a member, of the old ones or the new ones while they change.
func (n *node) isVoter(id uint64) bool {
	c := n.log.conf
	return slices.Contains(c.GetVoters(), id) || slices.Contains(c.GetVotersOutgoing(), id)
}

// isQuorum reports whether these nodes are a majority of the members, of the old ones and the new ones while they change.
func (s *storage) isQuorum(ids []uint64) bool {
	for _, members := range [][]uint64{s.conf.GetVoters(), s.conf.GetVotersOutgoing()} {
		agree := 0
		for _, id := range members {
			if slices.Contains(ids, id) {
				agree++
			}
		}
		if len(members) > 0 && 2*agree <= len(members) {
			return false
		}
	}
	return true
}
