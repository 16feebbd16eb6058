package raftkv

import (
	"fmt"
	"strings"

	"go.etcd.io/raft/v3/raftpb"

	"github.com/capsize-go/capsize/cluster/trace"
)

// A peerMessage is a message of the library from one node to another, which says what it is when a run is recorded.
type peerMessage raftpb.Message

// MessageType is the type of the message in the protocol, refusals apart.
func (p *peerMessage) MessageType() string {
	m := (*raftpb.Message)(p)
	if m.GetReject() {
		return m.GetType().String() + " refused"
	}
	return m.GetType().String()
}

// Describe says what the message is.
func (p *peerMessage) Describe() trace.Description {
	m := (*raftpb.Message)(p)
	d := trace.Description{Term: m.GetTerm()}
	switch m.GetType() {
	case raftpb.MsgApp:
		d.Name = "append"
		describeEntries(m, &d)
	case raftpb.MsgAppResp:
		d.Name, d.Text = "ack", fmt.Sprintf("has all up to entry %d", m.GetIndex())
		if m.GetReject() {
			d.Name, d.Text = "refuse", fmt.Sprintf("does not have entry %d of that term; its log may match up to %d", m.GetIndex(), m.GetRejectHint())
		}
	case raftpb.MsgVote:
		d.Name, d.Text = "vote request", "vote for me in "+candidate(m)
	case raftpb.MsgPreVote:
		d.Name, d.Text = "pre-vote request", "would you vote for me in "+candidate(m)
	case raftpb.MsgVoteResp:
		d.Name, d.Text = "vote", fmt.Sprintf("a vote in term %d", m.GetTerm())
		if m.GetReject() {
			d.Name, d.Text = "no vote", fmt.Sprintf("no vote in term %d", m.GetTerm())
		}
	case raftpb.MsgPreVoteResp:
		d.Name, d.Text = "pre-vote", fmt.Sprintf("would vote in term %d", m.GetTerm())
		if m.GetReject() {
			d.Name, d.Text = "no pre-vote", fmt.Sprintf("would not vote; is in term %d", m.GetTerm())
		}
	case raftpb.MsgHeartbeat:
		d.Name, d.Text, d.Idle = "heartbeat", fmt.Sprintf("leads term %d", m.GetTerm()), len(m.GetContext()) == 0
		if !d.Idle {
			d.Text += ", and asks whether it still does, for a read"
		}
	case raftpb.MsgHeartbeatResp:
		d.Name, d.Text, d.Idle = "heartbeat ack", fmt.Sprintf("follows in term %d", m.GetTerm()), len(m.GetContext()) == 0
		if !d.Idle {
			d.Text += ", so that a read may be answered"
		}
	case raftpb.MsgSnap:
		d.Name = "snapshot"
		describeSnapshot(m.GetSnapshot(), &d)
	case raftpb.MsgTimeoutNow:
		d.Name, d.Text = "timeout now", "take over the leadership"
	default:
		d.Name = strings.TrimPrefix(m.GetType().String(), "Msg")
	}
	return d
}

func candidate(m *raftpb.Message) string {
	return fmt.Sprintf("term %d; my log ends at entry %d of term %d", m.GetTerm(), m.GetIndex(), m.GetLogTerm())
}

// describeEntries says which writes an append carries.
func describeEntries(m *raftpb.Message, d *trace.Description) {
	entries := m.GetEntries()
	if len(entries) == 0 {
		d.Text = fmt.Sprintf("entries up to %d are committed", m.GetCommit())
		return
	}
	var words []string
	for _, e := range entries {
		switch {
		case e.GetType() == raftpb.EntryType_EntryConfChangeV2:
			words = append(words, "a change of members")
		case len(e.GetData()) == 0:
			words = append(words, fmt.Sprintf("the beginning of term %d", e.GetTerm()))
		default:
			req := decodeRequest(e.GetData())
			words = append(words, req.words())
			d.Carries = append(d.Carries, req.carries()...)
		}
	}
	first, last := entries[0].GetIndex(), entries[len(entries)-1].GetIndex()
	where := fmt.Sprintf("entry %d", first)
	if last > first {
		where = fmt.Sprintf("entries %d to %d", first, last)
	}
	d.Text = fmt.Sprintf("%s: %s; committed up to %d", where, strings.Join(words, ", "), m.GetCommit())
}

// describeSnapshot says what a snapshot holds.
func describeSnapshot(s *raftpb.Snapshot, d *trace.Description) {
	d.Text = fmt.Sprintf("all up to entry %d", s.GetMetadata().GetIndex())
	kv, err := restore(s.GetData())
	if err != nil {
		d.Text += fmt.Sprintf(", which can't be read: %v", err)
		return
	}
	d.Carries = kv.items()
}

// words says what a request asks for.
func (r *request) words() string {
	switch r.op {
	case opGet:
		return "read " + r.key
	case opPut:
		return fmt.Sprintf("write %s=%d", r.key, r.value)
	case opCAS:
		return fmt.Sprintf("cas %s %d→%d", r.key, r.old, r.value)
	case opMembers:
		return "a change of members"
	}
	return "nothing"
}

func (r *request) carries() []trace.Item {
	if r.op == opPut || r.op == opCAS {
		return []trace.Item{{Key: r.key, Value: fmt.Sprint(r.value)}}
	}
	return nil
}

// Describe says what a client asks for.
func (r *request) Describe() trace.Description {
	d := trace.Description{Name: "request", Text: r.words(), Carries: r.carries()}
	if r.op == opGet {
		d.Asks = []trace.Item{{Key: r.key}}
	}
	return d
}

// DescribeAnswer says what a node answers.
func (r response) DescribeAnswer(to any) trace.Description {
	d := trace.Description{Name: "answer"}
	req, ok := to.(*request)
	switch {
	case r.status == noLeader:
		d.Text = "not done: no leader is known"
	case r.status == lost:
		d.Text = "unknown: this node leads no more"
	case ok && req.op == opGet:
		d.Text = fmt.Sprintf("%s is %d", req.key, r.value)
		d.Asks = []trace.Item{{Key: req.key, Value: fmt.Sprint(r.value)}}
	case ok && req.op == opCAS:
		d.Text = fmt.Sprintf("%s: found %d", req.words(), r.value)
	case ok:
		d.Text = req.words() + ": done"
	default:
		d.Text = fmt.Sprint(r.value)
	}
	return d
}

// Describe says what a node that lost its log asks for.
func (p *recoveryRequest) Describe() trace.Description {
	return trace.Description{Name: "recovery request", Text: "a snapshot, since the log is lost", Term: p.term}
}

// Describe says what a node that lost its log gets.
func (p *recoveryReply) Describe() trace.Description {
	d := trace.Description{Name: "recovery", Term: p.term}
	describeSnapshot(p.snapshot, &d)
	return d
}

// Describe says what a leader asks.
func (q *readQuestion) Describe() trace.Description {
	return trace.Description{Name: "lead check", Text: "asks whether it still leads, for a read", Term: q.term}
}

// Describe says what a node answers.
func (c *readConfirmation) Describe() trace.Description {
	return trace.Description{Name: "lead check answer", Text: fmt.Sprintf("follows in term %d, so that a read may be answered", c.term), Term: c.term}
}

// Describe says what the harness asks for.
func (inquiry) Describe() trace.Description {
	return trace.Description{Name: "digest", Text: "a digest of the state", Idle: true}
}
