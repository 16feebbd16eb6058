package raftkv

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/internal/sorting"
)

// A state is what the replicas agree on: the values, and for each session the
// last request that was applied, with its answer.
type state struct {
	values   map[string]version
	sessions map[uint64]last
	clock    int64 // the latest stamp of all requests that were applied
}

// A version is a value, and when it was set: in nanoseconds by the clock of who led
// then, and never before what was set earlier. Clocks err, so the time is for people
// to read, and nothing that the store promises rests on it.
type version struct {
	value    int
	modified int64
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
	s.clock = max(s.clock, req.stamp)
	found := s.values[req.key].value
	answer := 0
	switch req.op {
	case opPut:
		s.values[req.key] = version{req.value, s.clock}
	case opCAS:
		if answer = found; found == req.old {
			s.values[req.key] = version{req.value, s.clock}
		}
	}
	s.sessions[req.session] = last{req.number, answer}
	return answer
}

// read answers a get.
func (s *state) read(key string) response {
	v := s.values[key]
	return response{value: v.value, modified: v.modified}
}

// items returns the values in the order of their keys, as a trace has them.
func (s *state) items() (all []trace.Item) {
	for _, k := range sorting.Keys(s.values) {
		all = append(all, trace.Item{Key: k, Value: fmt.Sprint(s.values[k].value)})
	}
	return all
}

// An image is a snapshot on disk: the state in the order of its keys, since the
// order of a map would differ from run to run. Keys are bytes, since JSON changes a
// string that is not UTF-8.
type image struct {
	Keys     [][]byte
	Values   []int
	Modified []int64
	Clock    int64
	Sessions []uint64
	Last     []last
}

// snapshot returns the state as JSON, in the order of the keys, so that equal states have
// equal snapshots.
func (s *state) snapshot(bugs Bug) []byte {
	im := image{Clock: s.clock}
	for _, k := range sorting.Keys(s.values) {
		v := s.values[k]
		im.Keys, im.Values, im.Modified = append(im.Keys, []byte(k)), append(im.Values, v.value), append(im.Modified, v.modified)
	}
	for _, id := range sorting.Keys(s.sessions) {
		if bugs&ForgetSessions != 0 {
			break
		}
		im.Sessions, im.Last = append(im.Sessions, id), append(im.Last, s.sessions[id])
	}
	b, err := json.Marshal(im)
	if err != nil {
		panic(fmt.Sprintf("raftkv: encode snapshot: %v", err)) // an image is numbers and strings
	}
	return b
}

// restore returns the state of a snapshot; no data is the empty state.
func restore(data []byte) (*state, error) {
	s := &state{values: map[string]version{}, sessions: map[uint64]last{}}
	if len(data) == 0 {
		return s, nil
	}
	var im image
	if err := json.Unmarshal(data, &im); err != nil {
		return nil, fmt.Errorf("decode snapshot: %w", err)
	}
	s.clock = im.Clock
	for i, k := range im.Keys {
		s.values[string(k)] = version{im.Values[i], im.Modified[i]}
	}
	for i, id := range im.Sessions {
		s.sessions[id] = im.Last[i]
	}
	return s, nil
}

// encodeRequest returns a write, stamped, as an entry of the log: op, session, stamp,
// then number, old and new value as varints, then the key.
func encodeRequest(r *request, stamp int64) []byte {
	b := make([]byte, 0, 40+len(r.key))
	b = append(b, byte(r.op))
	b = binary.LittleEndian.AppendUint64(b, r.session)
	b = binary.LittleEndian.AppendUint64(b, uint64(stamp))
	b = binary.AppendUvarint(b, r.number)
	b = binary.AppendVarint(b, int64(r.old))
	b = binary.AppendVarint(b, int64(r.value))
	return append(b, r.key...)
}

// decodeRequest reads what encodeRequest wrote. The log checks its records, so
// an entry that can't be read is a defect of the store, not of the disk.
func decodeRequest(b []byte) request {
	if len(b) < 17 {
		panic(fmt.Sprintf("raftkv: entry of %d bytes", len(b)))
	}
	r := request{op: op(b[0]), session: binary.LittleEndian.Uint64(b[1:]), stamp: int64(binary.LittleEndian.Uint64(b[9:]))}
	b = b[17:]
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
