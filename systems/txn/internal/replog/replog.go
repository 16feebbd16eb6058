// Package replog is a log that is replicated by raft, for systems that need one or several of them on each node: the protocol
// is that of etcd, go.etcd.io/raft/v3, by its RawNode, and disk, network and time are those of a cluster host.
//
// A log is what a sequencer numbers transactions with, and what a range of keys is kept consistent with. It hands entries to its
// machine in their order, each once in a life. A node whose disk lost what it had acknowledged takes no part until a leader has sent it
// all again: compare Alagappan et al., Protocol-Aware Recovery for Consensus-Based Storage (FAST 2018).
package replog

import (
	"fmt"
	"slices"
	"time"

	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/cluster/trace"
)

// Timing of the protocol. A follower that hears nothing stands for election after one to two times electionTicks.
const (
	tick          = 50 * time.Millisecond
	heartbeatTick = 2
	electionTicks = 10

	// ElectionTimeout is the longest that a follower waits before it stands for election.
	ElectionTimeout = 2 * electionTicks * tick

	// recentTicks is for how long a follower that has answered is taken for one that can lead.
	recentTicks = 3 * heartbeatTick

	// keepEntries is how many entries before its snapshot a node keeps, for followers that are not far behind.
	keepEntries = 100
)

// A Machine is what a log drives. It is called from handlers and timers of the host, and must not block.
type Machine interface {
	// Apply gets a committed entry. The machine must not change data.
	Apply(index uint64, data []byte)
	// Restore replaces all that was applied by a state that was given to [Log.Compact]; no data is the state before the first entry.
	Restore(state []byte) error
	// Elected is called when this node leads and has applied all that earlier leaders may have committed.
	Elected()
	// Deposed is called when this node leads no more: entries that it proposed may be committed or not.
	Deposed()
}

// A Config says what a log is.
type Config struct {
	Group   string // the log's name: nodes may have several, each a group of its own
	Machine Machine

	// Words says what an entry asks for, and which values it carries, for people who look at messages.
	Words func(data []byte) (string, []trace.Item)

	// LazyCommit leaves out messages that have nothing but how far the log is committed, which is half of all: followers then
	// find out with the next entry or heartbeat.
	LazyCommit bool

	// NeverResigns is a mistake: a leader that no majority answers goes on to lead until it hears of another one.
	NeverResigns bool
}

// A Log is one replica of a log. It is used from handlers and timers of its host.
type Log struct {
	h   *cluster.Host
	cfg Config

	id    uint64
	names []string // of all nodes; that of node id is names[id-1]

	raft    *raft.RawNode // nil for a node that lost its log and has not recovered
	disk    *storage
	applied uint64
	lead    uint64
	ready   bool // Elected was called for this leadership
	busy    bool // an event is being handled; if it stays so, the disk failed in the middle, and later events must not continue
	acked   []uint64
	heard   []int // when each follower answered this leader last, in ticks
	ticks   int
}

// A packet is a message of one group's protocol.
type packet struct {
	group string
	msg   *raftpb.Message
	words func(data []byte) (string, []trace.Item)
}

// Open opens the log of a group on the host's disk, hands its state to the machine, and takes part in the protocol from then on.
func Open(h *cluster.Host, cfg Config) (*Log, error) {
	l := &Log{h: h, cfg: cfg, names: h.Nodes()}
	l.acked, l.heard = make([]uint64, len(l.names)), make([]int, len(l.names))
	var voters []uint64
	for i := range l.names {
		voters = append(voters, uint64(i+1))
	}
	l.id = l.idOf(h.Name())
	var err error
	if l.disk, err = openStorage(h, cfg.Group, voters); err != nil {
		return nil, fmt.Errorf("log %s: %w", cfg.Group, err)
	}
	snapshot := l.disk.base
	if err := cfg.Machine.Restore(snapshot.GetData()); err != nil {
		return nil, fmt.Errorf("log %s: %w", cfg.Group, err)
	}
	l.applied = snapshot.GetMetadata().GetIndex()
	if !l.disk.lost {
		if err := l.start(); err != nil {
			return nil, fmt.Errorf("log %s: %w", cfg.Group, err)
		}
	}
	l.run()
	return l, nil
}

// start has the node take part in the protocol, from what its disk holds.
func (l *Log) start() (err error) {
	l.raft, err = raft.NewRawNode(&raft.Config{
		ID: l.id, ElectionTick: electionTicks, HeartbeatTick: heartbeatTick,
		Storage: l.disk.mem, Applied: l.applied,
		MaxSizePerMsg: 1 << 20, MaxInflightMsgs: 256,
		CheckQuorum: !l.cfg.NeverResigns, PreVote: true, DisableProposalForwarding: true,
		Logger: quiet{},
	})
	return err
}

// run runs the clock of the protocol.
func (l *Log) run() {
	var timer *cluster.Timer
	timer = l.h.AfterFunc(tick, func() {
		timer.Reset(tick)
		l.ticks++
		l.disk.journal.Wake()
		if l.raft == nil {
			l.requestRecovery()
			return
		}
		if l.busy {
			return
		}
		l.raft.Tick()
		l.advance()
	})
}

// Leads reports whether this node leads and has applied all that earlier leaders may have committed.
func (l *Log) Leads() bool { return l.ready }

// Leader returns the name of the node that leads, as far as this one knows, or nothing.
func (l *Log) Leader() string {
	if l.raft == nil || l.lead == raft.None {
		return ""
	}
	return l.names[l.lead-1]
}

// Term returns the term of the protocol that this node knows of.
func (l *Log) Term() uint64 { return l.disk.hard.term }

// Propose has the group append an entry, if this node leads. It is committed when the machine gets it. If the answer is false
// it never will be; otherwise it may be until this node is deposed, and later.
func (l *Log) Propose(data []byte) bool {
	if l.raft == nil || !l.ready || l.raft.Propose(data) != nil {
		return false
	}
	if !l.busy { // the machine may propose in Apply
		l.advance()
	}
	return true
}

// Transfer hands the leadership to the next node that has answered of late, if this one leads. A leader takes no entries while it waits for
// its successor, so one that is gone would cost the group an election timeout. It may not come to a change: the successor may be far behind.
func (l *Log) Transfer() {
	if l.raft == nil || !l.ready || l.busy {
		return
	}
	for i := range uint64(len(l.names) - 1) {
		next := (l.id + i) % uint64(len(l.names)) // its id less one
		if at := l.heard[next]; at > 0 && l.ticks-at <= recentTicks {
			l.raft.TransferLeader(next + 1)
			l.advance()
			return
		}
	}
}

// Behind returns how many entries the machine was given since the last state that the log has of it.
func (l *Log) Behind() uint64 { return l.applied - l.disk.base.GetMetadata().GetIndex() }

// Compact has the log keep the state of the machine after an entry in place of all entries up to it. The machine may do so in Apply.
func (l *Log) Compact(index uint64, state []byte) { l.disk.compact(index, state) }

// Receive handles a message, if it is one of the log's own.
func (l *Log) Receive(m cluster.Message) bool {
	switch body := m.Body.(type) {
	case *packet:
		if body.group != l.cfg.Group {
			return false
		}
		if l.wakes() {
			l.step(body.msg)
		}
	case *recoveryRequest:
		if body.group != l.cfg.Group {
			return false
		}
		if l.wakes() {
			l.answerRecovery(m.From, body)
		}
	case *recoveryReply:
		if body.group != l.cfg.Group {
			return false
		}
		l.disk.journal.Wake()
		if l.raft == nil && body.term >= l.disk.hard.term {
			l.recovered(body)
		}
	default:
		return false
	}
	return true
}

// wakes notes that the host acts, and reports whether the node takes part in the protocol.
func (l *Log) wakes() bool {
	l.disk.journal.Wake()
	return l.raft != nil && !l.busy
}

// step has raft handle a message of another node, unless it shows that one of the two has lost what it acknowledged.
func (l *Log) step(m *raftpb.Message) {
	if m.GetType() == raftpb.MsgHeartbeat && m.GetTerm() >= l.disk.hard.term && m.GetCommit() > l.disk.last() {
		l.lose()
		return
	}
	from := m.GetFrom() - 1
	if t := m.GetType(); (t == raftpb.MsgAppResp || t == raftpb.MsgHeartbeatResp) && m.GetTerm() == l.disk.hard.term {
		l.heard[from] = l.ticks
	}
	if m.GetType() == raftpb.MsgAppResp && m.GetTerm() == l.disk.hard.term {
		switch {
		case m.GetReject() && m.GetIndex() <= l.acked[from]:
			return // it is late, or the follower has lost entries: then the library would never stop to send
		case !m.GetReject() && m.GetIndex() > l.disk.last():
			panic(fmt.Sprintf("replog: a follower has entry %d, and its leader only %d", m.GetIndex(), l.disk.last()))
		case !m.GetReject():
			l.acked[from] = m.GetIndex()
		}
	}
	_ = l.raft.Step(m) // what is out of date is refused, as it should be: the network delivers late
	l.advance()
}

// advance does all that raft has become ready for.
func (l *Log) advance() {
	l.busy = true
	for l.raft.HasReady() {
		rd := l.raft.Ready()
		l.persist(&rd)
		for _, m := range rd.Messages {
			l.send(m)
		}
		if rd.SoftState != nil {
			l.follow(rd.SoftState)
		}
		for _, e := range rd.CommittedEntries {
			l.apply(e)
		}
		l.raft.Advance(rd)
	}
	l.busy = false
}

// persist writes to disk what must be there before the messages of rd leave.
func (l *Log) persist(rd *raft.Ready) {
	if s := rd.Snapshot; !raft.IsEmptySnap(s) {
		l.install(s, nil)
	}
	l.disk.save(rd.HardState, rd.Entries)
}

// install replaces all by a snapshot, and entries behind it.
func (l *Log) install(s *raftpb.Snapshot, entries []*raftpb.Entry) {
	if err := l.cfg.Machine.Restore(s.GetData()); err != nil {
		panic(fmt.Sprintf("replog: snapshot of the leader: %v", err))
	}
	l.applied = s.GetMetadata().GetIndex()
	l.disk.reset(s, entries)
}

func (l *Log) send(m *raftpb.Message) {
	to := m.GetTo()
	if l.cfg.LazyCommit && m.GetType() == raftpb.MsgApp && len(m.GetEntries()) == 0 && l.acked[to-1] >= m.GetIndex() {
		return
	}
	l.h.Send(l.names[to-1], &packet{l.cfg.Group, m, l.cfg.Words})
	if m.GetType() == raftpb.MsgSnap {
		l.raft.ReportSnapshot(to, raft.SnapshotFinish) // raft tries again when the follower answers a heartbeat
	}
}

// follow records who leads.
func (l *Log) follow(s *raft.SoftState) {
	led := l.lead == l.id
	l.lead = s.Lead
	clear(l.acked)
	clear(l.heard)
	if led && l.lead != l.id {
		l.depose()
	}
}

// depose ends a leadership.
func (l *Log) depose() {
	if l.ready {
		l.ready = false
		l.cfg.Machine.Deposed()
	}
}

// apply hands an entry to the machine. The first entry of its own term tells a leader that all before is committed.
func (l *Log) apply(e *raftpb.Entry) {
	l.applied = e.GetIndex()
	if len(e.GetData()) > 0 {
		l.cfg.Machine.Apply(e.GetIndex(), e.GetData())
	}
	if l.lead == l.id && !l.ready && e.GetTerm() == l.disk.hard.term {
		l.ready = true
		l.cfg.Machine.Elected()
	}
}

func (l *Log) idOf(name string) uint64 { return uint64(slices.Index(l.names, name) + 1) }
