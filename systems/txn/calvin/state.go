package calvin

import (
	"encoding/json"
	"fmt"

	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/internal/snapshot"
	"github.com/capsize-go/capsize/systems/txn/internal/cell"
)

// An entry is a transaction in the log.
type entry struct {
	Ticket ticket
	Shards []int // where the rows of its keys were when it was put into the log, in the order of model.Txn.Keys
	Ops    []model.TxnOp
}

func encodeEntry(e *entry) []byte {
	b, err := json.Marshal(e)
	if err != nil {
		panic(fmt.Sprintf("calvin: encode entry: %v", err)) // an entry is numbers and strings
	}
	return b
}

// decodeEntry reads what encodeEntry wrote. The log checks its records, so one that can't be read is a defect of the store.
func decodeEntry(b []byte) *entry {
	e := &entry{}
	if err := json.Unmarshal(b, e); err != nil {
		panic(fmt.Sprintf("calvin: decode entry: %v", err))
	}
	return e
}

// A state is what the replicas agree on.
type state struct {
	Rows   map[string]row  // by key: where its row is
	Cells  []cells         // of each shard
	Last   map[uint64]last // of each session, its last transaction
	Served int             // how many transactions were carried out
}

type cells map[string]cell.Cell

// A row says in which shard a key is, and how often it was written there.
type row struct{ Shard, Writes int }

// A last is the number of a transaction, and its answer, once it was carried out.
type last struct {
	Number  uint64
	Done    bool          `json:",omitempty"`
	Aborted bool          `json:",omitempty"`
	Ops     []model.TxnOp `json:",omitempty"`
}

func newState(shards int) *state {
	s := &state{Rows: map[string]row{}, Last: map[uint64]last{}}
	for range shards {
		s.Cells = append(s.Cells, cells{})
	}
	return s
}

func (s *state) encode() []byte { return snapshot.Encode(s) }

// restore returns the state of a snapshot; no data is the first state.
func restore(data []byte, shards int) (*state, error) {
	if len(data) == 0 {
		return newState(shards), nil
	}
	return snapshot.Decode(data, &state{})
}

// shards says where the rows of keys are.
func (s *state) shards(keys []string) []int {
	all := make([]int, len(keys))
	for i, k := range keys {
		all[i] = s.home(k).Shard
	}
	return all
}

// home returns the row of a key. One that was never written is in the shard that its name says.
func (s *state) home(key string) row {
	r, ok := s.Rows[key]
	if !ok {
		for _, c := range []byte(key) {
			r.Shard = (r.Shard*31 + int(c)) % len(s.Cells)
		}
	}
	return r
}

// admit reports whether a transaction that is next in the log is new: the log may have it twice, since clients ask again. It is called
// in the order of the log, since transactions end in another one.
func (s *state) admit(t ticket) bool {
	if s.Last[t.Session].Number >= t.Number {
		return false
	}
	s.Last[t.Session] = last{Number: t.Number}
	return true
}

// answered returns the answer to a transaction, if it was carried out and is the last one of its session.
func (s *state) answered(t ticket) (last, bool) {
	l := s.Last[t.Session]
	return l, l.Number == t.Number && l.Done
}

// rules say how a transaction is carried out.
type rules struct {
	moveEvery int  // after how many writes a row moves
	trusts    bool // with the bug TrustReconnaissance
	skips     bool // with the bug SkipEntry: the shard of the first key is left as it was
}

// carryOut carries out a transaction that was admitted. All replicas do it in the same state, and so in the same way.
func (s *state) carryOut(e *entry, r rules) last {
	s.Served++
	l := last{Number: e.Ticket.Number, Done: true}
	keys := model.Txn(e.Ops).Keys()
	shard := map[string]int{}
	for i, k := range keys {
		shard[k] = e.Shards[i]
		if e.Shards[i] != s.home(k).Shard && !r.trusts {
			l.Aborted = true
		}
	}
	if !l.Aborted {
		var written map[string]cell.Cell
		l.Ops, keys, written = cell.Run(e.Ops, func(key string) cell.Cell { return s.Cells[shard[key]][key] })
		for _, k := range keys {
			if !r.skips || shard[k] != e.Shards[0] {
				s.Cells[shard[k]][k] = written[k]
			}
			s.count(k, r.moveEvery)
		}
	}
	if s.Last[e.Ticket.Session].Number == l.Number {
		s.Last[e.Ticket.Session] = l
	}
	return l
}

// count counts a write of a row, and moves it on if it is its turn. What stays behind is garbage.
func (s *state) count(key string, moveEvery int) {
	r := s.home(key)
	if r.Writes++; r.Writes%moveEvery == 0 {
		from := r.Shard
		r.Shard = (r.Shard + 1) % len(s.Cells)
		s.Cells[r.Shard][key] = s.Cells[from][key]
	}
	s.Rows[key] = r
}
