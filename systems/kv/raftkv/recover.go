package raftkv

import (
	"fmt"

	"go.etcd.io/raft/v3/raftpb"

	"github.com/capsize-go/capsize/cluster"
)

// A node whose disk lost what it had acknowledged is no voter until it has it
// back, since an entry that was committed with its help might be lost with its
// vote. It takes no part in the protocol, and requests from the leader a snapshot that
// holds all that it had acknowledged. A leader of a term before the
// last one that the node remembers does not answer. Compare the recovery of
// Viewstamped Replication (Liskov and Cowling 2012, §4.3), and Alagappan et al.
// 2018, "Protocol-Aware Recovery for Consensus-Based Storage".
//
// A damaged record at the end of the log, with no later one to show that it had
// been synced, is taken for one that was being written at the crash.

// recoverTicks is how many ticks such a node waits before a request: until what
// it sent in its last life has arrived.
const recoverTicks = 20

// A recoveryRequest requests a snapshot of the leader.
type recoveryRequest struct{ term uint64 }

// A recoveryReply is the answer.
type recoveryReply struct {
	term     uint64
	snapshot *raftpb.Snapshot
}

// missesAcked reports whether a leader counts on entries that this node does not have: its
// disk lied, and lost them without a trace.
func (n *node) missesAcked(m *raftpb.Message) bool {
	if m.GetType() != raftpb.MsgHeartbeat || m.GetTerm() < n.log.hard.term {
		return false
	}
	last, err := n.log.mem.LastIndex()
	return err == nil && m.GetCommit() > last
}

// lose drops the log of the node and begins recovery.
func (n *node) lose() {
	n.h.Count("log missing")
	n.resign()
	n.raft, n.lead, n.failed = nil, 0, false
	n.log.markLost()
	n.requestRecovery()
}

// requestRecovery sends requests to all other nodes until one has answered.
func (n *node) requestRecovery() {
	var timer *cluster.Timer
	ticks := 0
	timer = n.h.AfterFunc(tick, func() {
		if n.raft != nil {
			return
		}
		timer.Reset(tick)
		if ticks++; ticks%recoverTicks != 0 {
			return
		}
		for i, name := range n.names {
			if uint64(i+1) != n.id {
				n.h.Send(name, &recoveryRequest{n.log.hard.term})
			}
		}
	})
}

// answerRecovery sends a snapshot to a node that lost its log, if this one leads and
// has applied all that the other had acknowledged.
func (n *node) answerRecovery(from string, p *recoveryRequest) {
	status := n.raft.Status()
	id := n.idOf(from)
	if n.lead != n.id || status.GetTerm() < p.term || status.Progress[id].Match > n.applied {
		return
	}
	term, err := n.log.mem.Term(n.applied)
	must(err)
	if term != status.GetTerm() {
		return // it can't know yet how far the log was committed before its term: Ongaro 2014, §3.6.2
	}
	n.h.Send(from, &recoveryReply{status.GetTerm(), n.log.snapshot(term, n.applied, n.kv.snapshot(n.bugs))})
}

// recovered restarts raft from the leader's snapshot.
func (n *node) recovered(r *recoveryReply) {
	kv, err := restore(r.snapshot.GetData())
	if err != nil {
		panic(fmt.Sprintf("raftkv: snapshot of the leader: %v", err))
	}
	// The vote is lost, so the node must not vote for another candidate in this term.
	n.log.hard = hardState{r.term, n.log.hard.vote}
	if n.log.hard.vote == 0 {
		n.log.hard.vote = n.idOf(n.h.Name())
	}
	n.log.reset(r.snapshot)
	commit := r.snapshot.GetMetadata().GetIndex()
	must(n.log.mem.SetHardState(&raftpb.HardState{Term: &n.log.hard.term, Vote: &n.log.hard.vote, Commit: &commit}))
	n.kv, n.applied, n.appliedTerm = kv, commit, r.snapshot.GetMetadata().GetTerm()
	n.h.Count("log recovered")
	must(n.startRaft())
}

func (n *node) idOf(name string) uint64 {
	for i, x := range n.names {
		if x == name {
			return uint64(i + 1)
		}
	}
	panic(fmt.Sprintf("raftkv: there is no node %q", name))
}
