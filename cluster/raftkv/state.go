package raftkv

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/gob"
	"fmt"
	"maps"
	"slices"

	"github.com/capsize-go/capsize/cluster"
)

// A state is what the replicas agree on: the values, and for each session the
// last request that was applied, with its answer.
type state struct {
	values   map[string]int
	sessions map[uint64]last
}

type last struct {
	Number uint64
	Value  int
}

// apply carries out a request and returns its answer. A request that was
// applied before gets the answer it got then, if dedup says so.
func (s *state) apply(req request, dedup bool) int {
	if l, ok := s.sessions[req.session]; dedup && ok && l.Number >= req.number {
		return l.Value
	}
	found := s.values[req.key]
	answer := 0
	switch req.op {
	case opPut:
		s.values[req.key] = req.value
	case opCAS:
		if answer = found; found == req.old {
			s.values[req.key] = req.value
		}
	}
	s.sessions[req.session] = last{req.number, answer}
	return answer
}

// An image is a snapshot on disk: the state in the order of its keys, since the
// order of a map would differ from run to run.
type image struct {
	Keys     []string
	Values   []int
	Sessions []uint64
	Last     []last
}

func (s *state) snapshot(bugs Bug) []byte {
	var im image
	for _, k := range slices.Sorted(maps.Keys(s.values)) {
		im.Keys, im.Values = append(im.Keys, k), append(im.Values, s.values[k])
	}
	for _, id := range slices.Sorted(maps.Keys(s.sessions)) {
		if bugs&ForgetSessions != 0 {
			break
		}
		im.Sessions, im.Last = append(im.Sessions, id), append(im.Last, s.sessions[id])
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(im); err != nil {
		panic(fmt.Sprintf("raftkv: encode snapshot: %v", err)) // a buffer takes all
	}
	return b.Bytes()
}

// restore returns the state of a snapshot; no data is the empty state.
func restore(data []byte) (*state, error) {
	s := &state{values: map[string]int{}, sessions: map[uint64]last{}}
	if len(data) == 0 {
		return s, nil
	}
	var im image
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&im); err != nil {
		return nil, fmt.Errorf("decode snapshot: %w", err)
	}
	for i, k := range im.Keys {
		s.values[k] = im.Values[i]
	}
	for i, id := range im.Sessions {
		s.sessions[id] = im.Last[i]
	}
	return s, nil
}

// encodeRequest returns a write as an entry of the log: op, session, number,
// old and new value as varints, then the key.
func encodeRequest(r *request) []byte {
	b := make([]byte, 0, 32+len(r.key))
	b = append(b, byte(r.op))
	b = binary.LittleEndian.AppendUint64(b, r.session)
	b = binary.AppendUvarint(b, r.number)
	b = binary.AppendVarint(b, int64(r.old))
	b = binary.AppendVarint(b, int64(r.value))
	return append(b, r.key...)
}

// decodeRequest reads what encodeRequest wrote. The log checks its records, so
// an entry that can't be read is a defect of the store, not of the disk.
func decodeRequest(b []byte) request {
	if len(b) < 9 {
		panic(fmt.Sprintf("raftkv: entry of %d bytes", len(b)))
	}
	r := request{op: op(b[0]), session: binary.LittleEndian.Uint64(b[1:])}
	b = b[9:]
	var n int
	r.number, n = binary.Uvarint(b)
	b = b[max(n, 0):]
	old, n := binary.Varint(b)
	b = b[max(n, 0):]
	value, n := binary.Varint(b)
	r.old, r.value, r.key = int(old), int(value), string(b[max(n, 0):])
	return r
}

// sortedTickets returns the tickets in an order that is the same in every run.
func sortedTickets(m map[ticket]cluster.Message) []ticket {
	return slices.SortedFunc(maps.Keys(m), func(a, b ticket) int {
		return cmp.Or(cmp.Compare(a.session, b.session), cmp.Compare(a.number, b.number))
	})
}
