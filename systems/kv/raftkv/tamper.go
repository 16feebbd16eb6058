package raftkv

import (
	"math"

	"go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"
)

// tamper returns a message as a node with bugs understands it. The library makes
// none of these mistakes, so they are made at the seam: the message is rewritten
// so that the check that is to be skipped passes.
func (n *node) tamper(m *raftpb.Message) *raftpb.Message {
	switch {
	case n.bugs&StaleVote != 0 && (m.GetType() == raftpb.MsgVote || m.GetType() == raftpb.MsgPreVote):
		m = proto.CloneOf(m)
		m.LogTerm, m.Index = proto.Uint64(math.MaxInt64), proto.Uint64(math.MaxInt64)
	case n.bugs&NoPrefixCheck != 0 && m.GetType() == raftpb.MsgApp:
		return n.appendAnywhere(m)
	}
	return m
}

// appendAnywhere has the entries follow whatever this node has there, or come
// last in its log if that ends before them.
func (n *node) appendAnywhere(m *raftpb.Message) *raftpb.Message {
	last, err := n.log.mem.LastIndex()
	must(err)
	m = proto.CloneOf(m)
	if gap := m.GetIndex() - min(m.GetIndex(), last); gap > 0 {
		m.Index = &last
		for _, e := range m.GetEntries() {
			e.Index = proto.Uint64(e.GetIndex() - gap)
		}
	}
	if term, err := n.log.mem.Term(m.GetIndex()); err == nil {
		m.LogTerm = &term
	}
	return m
}
