package replog

import (
	"fmt"
	"strings"

	"go.etcd.io/raft/v3/raftpb"

	"github.com/capsize-go/capsize/cluster/trace"
)

// MessageType is the type of the message in the protocol, refusals apart.
func (p *packet) MessageType() string {
	if p.msg.GetReject() {
		return p.msg.GetType().String() + " refused"
	}
	return p.msg.GetType().String()
}

// Describe says what a message of the protocol is.
func (p *packet) Describe() trace.Description {
	m := p.msg
	d := trace.Description{Term: m.GetTerm()}
	switch m.GetType() {
	case raftpb.MsgApp:
		d.Name = "append"
		p.describeEntries(&d)
	case raftpb.MsgAppResp:
		d.Name, d.Text = "ack", fmt.Sprintf("has all up to entry %d", m.GetIndex())
		if m.GetReject() {
			d.Name, d.Text = "refuse", fmt.Sprintf("does not have entry %d of that term; its log may match up to %d", m.GetIndex(), m.GetRejectHint())
		}
	case raftpb.MsgVote, raftpb.MsgPreVote:
		d.Name, d.Text = "vote request", fmt.Sprintf("vote for me in term %d; my log ends at entry %d of term %d", m.GetTerm(), m.GetIndex(), m.GetLogTerm())
	case raftpb.MsgVoteResp, raftpb.MsgPreVoteResp:
		d.Name, d.Text = "vote", fmt.Sprintf("a vote in term %d", m.GetTerm())
		if m.GetReject() {
			d.Name, d.Text = "no vote", fmt.Sprintf("no vote; is in term %d", m.GetTerm())
		}
	case raftpb.MsgHeartbeat:
		d.Name, d.Text, d.Idle = "heartbeat", fmt.Sprintf("leads term %d", m.GetTerm()), true
	case raftpb.MsgHeartbeatResp:
		d.Name, d.Text, d.Idle = "heartbeat ack", fmt.Sprintf("follows in term %d", m.GetTerm()), true
	case raftpb.MsgSnap:
		d.Name, d.Text = "snapshot", fmt.Sprintf("all up to entry %d", m.GetSnapshot().GetMetadata().GetIndex())
	case raftpb.MsgTimeoutNow:
		d.Name, d.Text = "hand over", "stand for election at once"
	default:
		d.Name = strings.TrimPrefix(m.GetType().String(), "Msg")
	}
	d.Text = p.group + ": " + d.Text
	return d
}

// describeEntries says what an append carries.
func (p *packet) describeEntries(d *trace.Description) {
	entries := p.msg.GetEntries()
	if len(entries) == 0 {
		d.Text = fmt.Sprintf("entries up to %d are committed", p.msg.GetCommit())
		return
	}
	var all []string
	for _, e := range entries {
		text := fmt.Sprintf("the beginning of term %d", e.GetTerm())
		if len(e.GetData()) > 0 && p.words != nil {
			var carries []trace.Item
			text, carries = p.words(e.GetData())
			d.Carries = append(d.Carries, carries...)
		}
		all = append(all, text)
	}
	d.Text = fmt.Sprintf("from entry %d on: %s; committed up to %d", entries[0].GetIndex(), strings.Join(all, "; "), p.msg.GetCommit())
}

// Describe says what a node that lost its log asks for.
func (r *recoveryRequest) Describe() trace.Description {
	return trace.Description{Name: "recovery request", Text: r.group + ": all that you have, since the log is lost", Term: r.term}
}

// Describe says what it gets.
func (r *recoveryReply) Describe() trace.Description {
	return trace.Description{Name: "recovery", Text: fmt.Sprintf("%s: all up to entry %d, and %d entries", r.group, r.snapshot.GetMetadata().GetIndex(), len(r.entries)), Term: r.term}
}
