package raftkv

import (
	"context"
	"fmt"
	"hash/crc32"
	"time"

	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"

	"github.com/capsize-go/capsize/cluster"
)

// keepEntries is how many entries before its snapshot a node keeps, for followers
// that are not far behind.
const keepEntries = 100

// maxRounds is more than a correct node needs to process an event. One
// with bugs may never finish.
const maxRounds = 10_000

// A node is one replica: a state machine that is driven by messages and ticks,
// all on the event loop of the cluster. Nothing in it blocks.
//
// It has many methods because each message and timer of the protocol is one.
type node struct {
	h     *cluster.Host
	bugs  Bug
	every uint64 // entries, between snapshots
	id    uint64
	names []string // of all nodes; that of node id is names[id-1]

	raft    *raft.RawNode
	log     *storage
	kv      *state
	applied uint64
	lead    uint64
	failed  bool // an event did not come to its end: the process is as good as dead

	waiting map[ticket]cluster.Message // writes that are not committed yet
	heard   map[uint64]uint64          // the last attempt of each session
	acked   []uint64                   // what each follower is known to have of the log
	reads   reads
	group   group

	appliedTerm uint64 // of the last entry that is applied
	acking      bool   // an acknowledgement is handled: appends without entries only say what is committed
	silence     int    // ticks since the leader was heard
}

// A ticket identifies a write: the session and number of its request.
type ticket struct{ session, number uint64 }

// Run runs one node until ctx is done.
func (s Store) Run(ctx context.Context, h *cluster.Host) error {
	n, err := boot(h, s)
	if err != nil {
		return fmt.Errorf("boot raftkv: %w", err)
	}
	h.Handle(n.receive)
	n.everyTick()
	if n.raft == nil {
		n.requestRecovery()
	}
	if n.bugs&AckBeforeSync != 0 {
		n.syncNowAndThen()
	}
	<-ctx.Done()
	return nil
}

// boot makes a node of what the disk holds.
func boot(h *cluster.Host, s Store) (*node, error) {
	n := &node{h: h, bugs: s.Bugs, every: 400, names: h.Nodes(), waiting: map[ticket]cluster.Message{}, heard: map[uint64]uint64{}}
	if s.SnapshotEvery > 0 {
		n.every = uint64(s.SnapshotEvery)
	}
	n.acked = make([]uint64, len(n.names))
	var voters []uint64
	for i, name := range n.names {
		voters = append(voters, uint64(i+1))
		if name == h.Name() {
			n.id = uint64(i + 1)
		}
	}
	log, snapshot, err := openStorage(h, voters, n.bugs)
	if err != nil {
		return nil, err
	}
	n.log = log
	if n.kv, err = restore(snapshot.GetData()); err != nil {
		return nil, err
	}
	n.applied, n.appliedTerm = snapshot.GetMetadata().GetIndex(), snapshot.GetMetadata().GetTerm()
	if log.lost {
		return n, nil
	}
	return n, n.startRaft()
}

// startRaft has the node take part in the protocol, from what its log holds.
func (n *node) startRaft() (err error) {
	cfg := &raft.Config{
		ID: n.id, ElectionTick: electionTicks, HeartbeatTick: heartbeatTick,
		Storage: &n.log.mem, Applied: n.applied,
		MaxSizePerMsg: 1 << 20, MaxInflightMsgs: 256,
		CheckQuorum: true, PreVote: true, DisableProposalForwarding: true, StepDownOnRemoval: true,
		Logger: quiet{},
	}
	if n.bugs&LeaseReads != 0 {
		cfg.ReadOnlyOption = raft.ReadOnlyLeaseBased
	}
	if n.bugs&NoPreVote != 0 {
		cfg.PreVote, cfg.CheckQuorum = false, false
	}
	if n.raft, err = raft.NewRawNode(cfg); err != nil {
		return err
	}
	n.adoptLogged()
	return nil
}

// everyTick runs the clock of raft: each tick also lets it do what it has become ready for.
func (n *node) everyTick() {
	var timer *cluster.Timer
	ticks := 0
	timer = n.h.AfterFunc(tick, func() {
		timer.Reset(tick)
		n.log.wake()
		if n.raft == nil || n.failed {
			return
		}
		n.raft.Tick()
		n.silence++
		if ticks++; ticks%readTicks == 0 {
			n.reads.askAgain(n)
		}
		if ticks%membersTicks == 0 {
			n.reconfigure()
		} else if n.follows() && n.silence < electionTicks {
			return // it can't have become ready for anything
		}
		n.advance(false)
	})
}

func (n *node) syncNowAndThen() {
	var timer *cluster.Timer
	timer = n.h.AfterFunc(time.Second, func() {
		timer.Reset(time.Second)
		n.log.sync()
	})
}

// receive handles a message of another node or of a client.
func (n *node) receive(m cluster.Message) {
	n.log.wake()
	if n.failed || n.duplicate(m) {
		return
	}
	if n.raft == nil {
		n.receiveLost(m)
		return
	}
	switch body := m.Body.(type) {
	case *peerMessage:
		n.step((*raftpb.Message)(body))
	case *request:
		n.request(m, body)
	case *recoveryRequest:
		n.answerRecovery(m.From, body)
	case *readQuestion:
		n.confirm(m.From, body)
	case *readConfirmation:
		n.reads.agrees(n, m.From, body)
	case inquiry:
		m.Reply(n.digest())
	}
}

// step has raft handle a message of another node, unless that shows that one of the two has lost what it acknowledged.
func (n *node) step(m *raftpb.Message) {
	if n.missesAcked(m) {
		n.lose()
		return
	}
	if n.contradictsAck(m) {
		return
	}
	n.recordAck(m)
	// Step refuses what is out of date or from nowhere; that is as it should
	// be, since the network delivers late.
	_ = n.raft.Step(n.tamper(m))
	n.acking = m.GetType() == raftpb.MsgAppResp && !m.GetReject()
	n.advance(n.hears(m))
	n.acking = false
}

// hears notes that the leader is heard, and reports whether the library answers a message for certain.
func (n *node) hears(m *raftpb.Message) bool {
	switch m.GetType() {
	case raftpb.MsgApp, raftpb.MsgHeartbeat, raftpb.MsgSnap:
		if m.GetTerm() == n.log.hard.term {
			n.silence = 0
		}
		return true
	}
	return false
}

// digest is a digest of the state, with the number of entries that are applied.
func (n *node) digest() string {
	return fmt.Sprintf("%08x after entry %d", crc32.ChecksumIEEE(n.kv.snapshot(n.bugs)), n.applied)
}

// duplicate reports whether a message is a request that came before. The network may
// duplicate one, and if one copy were carried out and the other refused, its client
// might be answered that nothing happened.
func (n *node) duplicate(m cluster.Message) bool {
	req, ok := m.Body.(*request)
	if !ok {
		return false
	}
	if req.attempt <= n.heard[req.session] {
		return true
	}
	n.heard[req.session] = req.attempt
	return false
}

// recordAck records how much of the log a follower has. That can't be more than the
// leader has, which holds all that is committed; if it is, safety is broken,
// and the library would never stop sending.
func (n *node) recordAck(m *raftpb.Message) {
	if m.GetType() != raftpb.MsgAppResp || m.GetReject() || m.GetTerm() != n.log.hard.term {
		return
	}
	last, err := n.log.mem.LastIndex()
	must(err)
	if m.GetIndex() > last {
		panic(fmt.Sprintf("raftkv: a follower has entry %d, and its leader only %d", m.GetIndex(), last))
	}
	n.acked[m.GetFrom()-1] = m.GetIndex()
}

// contradictsAck reports whether a follower refuses what it has acknowledged in this term. Late
// messages do so, and the library ignores them; for a follower that has really lost entries
// it never stops retrying, and ever more often if the network duplicates messages.
func (n *node) contradictsAck(m *raftpb.Message) bool {
	return m.GetType() == raftpb.MsgAppResp && m.GetReject() && m.GetTerm() == n.log.hard.term &&
		m.GetIndex() <= n.acked[m.GetFrom()-1]
}

// receiveLost is receive of a node that lost its log.
func (n *node) receiveLost(m cluster.Message) {
	switch body := m.Body.(type) {
	case *request:
		m.Reply(response{status: noLeader})
	case *recoveryReply:
		if body.term >= n.log.hard.term {
			n.recovered(body)
		}
	}
}

// request starts on what a client asked. A node that does not lead passes it on.
func (n *node) request(m cluster.Message, req *request) {
	if req.op == opGet && (req.reads == Anywhere || n.bugs&LocalReads != 0) {
		m.Reply(n.kv.read(req.key))
		return
	}
	switch n.lead {
	case n.id:
	case raft.None:
		m.Reply(response{status: noLeader})
		return
	default:
		if m.Forwarded() { // by a node that took this one for the leader
			m.Reply(response{status: noLeader})
		} else {
			m.Forward(n.names[n.lead-1])
		}
		return
	}
	if req.op == opGet {
		n.read(m, req)
		n.reads.next(n)
		return
	}
	n.group.add(n, m)
}

// read answers a read, as far as the policy allows, or has it wait for a majority.
func (n *node) read(m cluster.Message, req *request) {
	if req.reads == AtLeader || req.reads == ByLease && n.committed() {
		m.Reply(n.kv.read(req.key))
		return
	}
	n.reads.add(m, req.key)
}

// committed reports whether something is committed in the present term: before that, a leader
// does not know what has been.
func (n *node) committed() bool { return n.appliedTerm == n.log.hard.term }

// advance does all that raft has become ready for. It costs much to ask for that, so the caller says if there is something for certain.
func (n *node) advance(ready bool) {
	n.failed = true // if the disk fails in the middle, later events must not continue from there
	for rounds := 0; ready || n.raft.HasReady(); rounds++ {
		if rounds == maxRounds {
			panic("raftkv: raft never becomes idle")
		}
		ready = false
		rd := n.raft.Ready()
		n.persist(&rd)
		for _, m := range rd.Messages {
			n.send(m)
		}
		if rd.SoftState != nil {
			n.follow(rd.SoftState)
		}
		for _, e := range rd.CommittedEntries {
			n.apply(e)
		}
		for _, r := range rd.ReadStates {
			n.reads.confirmed(n, r)
		}
		n.raft.Advance(rd)
		if n.idle(&rd) {
			break
		}
	}
	n.reads.next(n)
	if n.applied-n.log.snapshotIndex >= n.every {
		n.log.compact(n.applied, n.kv.snapshot(n.bugs))
	}
	n.h.SetState(n)
	n.failed = false
}

// idle reports whether raft can't have become ready for more than rd, all of which was done: the node follows a leader, or leads and needs
// others to commit what it has written.
func (n *node) idle(rd *raft.Ready) bool {
	if rd.SoftState != nil || n.applied < n.log.commit {
		return false
	}
	return n.follows() || n.lead == n.id && !changesMembers(rd.CommittedEntries) && !n.log.isQuorum([]uint64{n.id})
}

// follows reports whether the node follows a leader.
func (n *node) follows() bool { return n.lead != n.id && n.lead != raft.None }

// persist writes to disk what must be there before the messages of rd leave.
func (n *node) persist(rd *raft.Ready) {
	if s := rd.Snapshot; !raft.IsEmptySnap(s) {
		kv, err := restore(s.GetData())
		if err != nil {
			panic(fmt.Sprintf("raftkv: snapshot of the leader: %v", err))
		}
		n.kv, n.applied, n.appliedTerm = kv, s.GetMetadata().GetIndex(), s.GetMetadata().GetTerm()
		n.log.reset(s)
	}
	n.log.save(rd.HardState, rd.Entries)
	if changesMembers(rd.Entries) {
		n.h.Adopt(nil)
	}
	if n.bugs&UnsafeMembers != 0 {
		n.adoptAtOnce(rd.Entries)
	}
}

// send sends a message of the protocol. What is committed goes with the heartbeats alone: so a follower applies what came since the
// last one together, and an append that says nothing else, as half of all messages would, is not sent. But who has a change of members in
// its log must know that the change before that is committed: see [storage.appendEntries].
func (n *node) send(m *raftpb.Message) {
	to := m.GetTo()
	if m.GetType() == raftpb.MsgApp {
		if len(m.GetEntries()) == 0 && (n.acking || n.acked[to-1] >= m.GetIndex()) {
			return
		}
		if !changesMembers(m.GetEntries()) {
			m.Commit = nil
		}
	}
	n.h.Send(n.names[to-1], (*peerMessage)(m))
	if m.GetType() == raftpb.MsgSnap {
		// It may be lost. Raft then tries again when that is reported, or when the
		// follower answers a heartbeat.
		n.raft.ReportSnapshot(to, raft.SnapshotFinish)
	}
}

// follow records the leader, and resigns if this node no longer is.
func (n *node) follow(s *raft.SoftState) {
	n.h.Log().Info("raft state", "state", s.RaftState, "leader", s.Lead)
	n.h.SetTerm(n.log.hard.term)
	if s.RaftState == raft.StateLeader {
		n.h.SetRole("leader")
	} else {
		n.h.SetRole("follower")
	}
	if n.lead == n.id && s.Lead != n.id {
		n.resign()
	}
	n.lead = s.Lead
	clear(n.acked)
}

// resign answers the writes that wait, since this node no longer leads: they are
// indeterminate, as the next leader may commit them.
func (n *node) resign() {
	for _, t := range sortedTickets(n.waiting) {
		n.waiting[t].Reply(response{status: lost})
	}
	clear(n.waiting)
	n.group.drop()
	n.reads.resign()
}

// apply carries out a committed entry.
func (n *node) apply(e *raftpb.Entry) {
	n.applied, n.appliedTerm = e.GetIndex(), e.GetTerm()
	if e.GetType() == raftpb.EntryType_EntryConfChangeV2 {
		n.adopt(e.GetData())
		return
	}
	if len(e.GetData()) == 0 {
		return // the entry by which a leader begins its term
	}
	req := decodeRequest(e.GetData())
	if req.op == opMembers {
		return // it was adopted when it came
	}
	value := n.kv.apply(req, n.bugs&NoDedup == 0)
	t := ticket{req.session, req.number}
	if m, ok := n.waiting[t]; ok {
		delete(n.waiting, t)
		m.Reply(response{value: value})
	}
}
