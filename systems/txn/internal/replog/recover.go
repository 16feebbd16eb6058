package replog

import (
	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
)

// recoverTicks is how many ticks a node that lost its log waits between two requests, and before the first: until what it sent
// in its last life has arrived.
const recoverTicks = 20

// A recoveryRequest asks a leader of that term or a later one for all that it has.
type recoveryRequest struct {
	group string
	term  uint64
}

// A recoveryReply is the answer: the leader's snapshot, and all entries behind it.
type recoveryReply struct {
	group    string
	term     uint64
	snapshot *raftpb.Snapshot
	entries  []*raftpb.Entry
}

// lose drops the log of a node whose disk lied: a leader counts on entries that it does not have.
func (l *Log) lose() {
	l.h.Count("log missing")
	l.depose()
	l.raft, l.lead = nil, 0
	l.disk.lost = true
	must(l.disk.journal.Replace(pair(recordLost, l.disk.hard.term, l.disk.hard.vote)))
}

// requestRecovery asks all other nodes now and then.
func (l *Log) requestRecovery() {
	if l.ticks%recoverTicks != 0 {
		return
	}
	for i, name := range l.names {
		if uint64(i+1) != l.id {
			l.h.Send(name, &recoveryRequest{l.cfg.Group, l.disk.hard.term})
		}
	}
}

// answerRecovery sends all that it has, if this node leads. A leader that has committed in its term has all that any node acknowledged.
func (l *Log) answerRecovery(from string, r *recoveryRequest) {
	if l.ready && l.disk.hard.term >= r.term {
		l.h.Send(from, &recoveryReply{l.cfg.Group, l.disk.hard.term, l.disk.base, l.disk.after()})
	}
}

// recovered restarts raft from what the leader has.
func (l *Log) recovered(r *recoveryReply) {
	// The vote is lost, so the node must not vote for another candidate in this term.
	l.disk.hard = hardState{r.term, l.disk.hard.vote}
	if l.disk.hard.vote == 0 {
		l.disk.hard.vote = l.id
	}
	l.disk.mem, l.disk.lost = raft.NewMemoryStorage(), false
	l.install(r.snapshot, r.entries)
	commit := r.snapshot.GetMetadata().GetIndex()
	must(l.disk.mem.SetHardState(&raftpb.HardState{Term: &l.disk.hard.term, Vote: &l.disk.hard.vote, Commit: &commit}))
	l.h.Count("log recovered")
	must(l.start())
}
