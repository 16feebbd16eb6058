package raftkv

import (
	"fmt"
	"slices"

	"go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"
)

// membersTicks is how many ticks pass between two looks at who is to be a member.
const membersTicks = 10

// reconfigure has a leader see to it that the members are those that are asked for. Raft
// goes by way of joint consensus (Ongaro and Ousterhout 2014, §6): for a while both
// the old and the new majority must agree. Nodes that are no members any more run on,
// and get the log anew when they are again.
func (n *node) reconfigure() {
	want := n.h.Members()
	if want == nil || len(n.log.conf.GetVotersOutgoing()) > 0 || changesMembers(n.log.after(n.applied)) {
		return
	}
	var have []string
	for _, id := range n.log.conf.GetVoters() {
		have = append(have, n.names[id-1])
	}
	n.h.Adopt(have)
	if n.lead != n.id {
		return
	}
	change := &raftpb.ConfChangeV2{}
	members := 0
	for i, name := range n.names {
		in := slices.Contains(want, name)
		if in {
			members |= 1 << i
		}
		if in != slices.Contains(have, name) {
			change.Changes = append(change.Changes, voter(uint64(i+1), in))
		}
	}
	if len(change.GetChanges()) == 0 {
		return
	}
	var err error
	if n.bugs&UnsafeMembers != 0 {
		err = n.raft.Propose(encodeRequest(&request{op: opMembers, value: members}, n.h.Clock().Now().UnixNano()))
	} else {
		err = n.raft.ProposeConfChange(change)
	}
	if err == nil { // it was not dropped, so that it may be committed
		n.h.Count("members proposed")
	}
}

// changesMembers reports whether some entry does.
func changesMembers(entries []*raftpb.Entry) bool {
	return slices.ContainsFunc(entries, func(e *raftpb.Entry) bool { return e.GetType() == raftpb.EntryType_EntryConfChangeV2 })
}

func voter(id uint64, in bool) *raftpb.ConfChangeSingle {
	kind := raftpb.ConfChangeType_ConfChangeRemoveNode
	if in {
		kind = raftpb.ConfChangeType_ConfChangeAddNode
	}
	return &raftpb.ConfChangeSingle{Type: kind.Enum(), NodeId: proto.Uint64(id)}
}

// adopt goes by a change of members that is committed. No data is the end of
// a joint consensus.
func (n *node) adopt(data []byte) {
	change := &raftpb.ConfChangeV2{}
	if err := proto.Unmarshal(data, change); err != nil {
		panic(fmt.Sprintf("raftkv: a change of members: %v", err))
	}
	n.log.conf = n.raft.ApplyConfChange(change)
	clear(n.acked) // raft learns anew what those have who have just become members
	// A node takes no snapshot that does not have it as a member.
	n.log.compact(n.applied, n.kv.snapshot(n.bugs))
}

// adoptAtOnce goes by the last change of members among entries, committed or not, one node after
// the other: the library would not do it in one step.
func (n *node) adoptAtOnce(entries []*raftpb.Entry) {
	for _, e := range slices.Backward(entries) {
		if len(e.GetData()) == 0 || e.GetType() != raftpb.EntryType_EntryNormal {
			continue
		}
		req := decodeRequest(e.GetData())
		if req.op != opMembers {
			continue
		}
		for _, in := range []bool{true, false} { // first add, then remove: there must always be a member
			for i := range n.names {
				id := uint64(i + 1)
				if req.value>>i&1 != 0 == in && slices.Contains(n.log.conf.GetVoters(), id) != in {
					n.log.conf = n.raft.ApplyConfChange(&raftpb.ConfChangeV2{Changes: []*raftpb.ConfChangeSingle{voter(id, in)}})
				}
			}
		}
		return
	}
}

// adoptLogged applies the changes of members in the log of a node that boots, committed or not, for the bug
// UnsafeMembers.
func (n *node) adoptLogged() {
	if n.bugs&UnsafeMembers != 0 {
		n.adoptAtOnce(n.log.after(n.log.snapshotIndex))
	}
}
