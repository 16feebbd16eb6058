package raftkv

import (
	"go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"
)

// The protocol is a library's, so a node that is to get it wrong is given
// messages that make it do so.

// tamper returns what the node takes a message for: the message, or for a node
// with a bug another one. The message itself is the sender's.
func (n *node) tamper(m *raftpb.Message) *raftpb.Message {
	switch m.GetType() {
	case raftpb.MsgApp:
		if n.bugs&NoPrefixCheck != 0 {
			return n.asIfMatching(m)
		}
	case raftpb.MsgHeartbeat:
		if n.bugs&NoPrefixCheck != 0 {
			return n.asIfWhole(m)
		}
	case raftpb.MsgVote, raftpb.MsgPreVote:
		if n.bugs&StaleVote != 0 {
			return n.asIfUpToDate(m)
		}
	}
	return m
}

// asIfMatching returns an append whose entries come after an entry that this node
// has: whatever it has at that index.
func (n *node) asIfMatching(m *raftpb.Message) *raftpb.Message {
	term, err := n.log.mem.Term(m.GetIndex())
	if err != nil || term == m.GetLogTerm() {
		return m // there is none, or it is the right one
	}
	m = proto.Clone(m).(*raftpb.Message)
	m.LogTerm = &term
	return m
}

// asIfWhole returns a heartbeat that commits what this node has of what the leader
// has committed.
func (n *node) asIfWhole(m *raftpb.Message) *raftpb.Message {
	last, err := n.log.mem.LastIndex()
	must(err)
	m = proto.Clone(m).(*raftpb.Message)
	m.Commit = proto.Uint64(min(m.GetCommit(), last))
	return m
}

// asIfUpToDate returns a request for a vote by a candidate that has all that this
// node has.
func (n *node) asIfUpToDate(m *raftpb.Message) *raftpb.Message {
	last, err := n.log.mem.LastIndex()
	must(err)
	term, err := n.log.mem.Term(last)
	must(err)
	m = proto.Clone(m).(*raftpb.Message)
	m.Index, m.LogTerm = &last, &term
	return m
}
