package primarykv

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/internal/jsontext"
)

// A place is a position in the log, and the epoch that wrote what stands there.
type place struct{ Epoch, Index uint64 }

// before reports whether a log that ends at p is behind one that ends at q.
func (p place) before(q place) bool {
	return p.Epoch < q.Epoch || p.Epoch == q.Epoch && p.Index < q.Index
}

type entry struct {
	Epoch uint64
	Write write
}

// A storage is a node's log behind its snapshot, in memory and in the file "log".
// The file is a row of records, each of which is written and synced at once: so a
// whole record behind a broken one shows that the disk lost what it had synced.
type storage struct {
	h    *cluster.Host
	file *cluster.File

	epoch    uint64 // the highest that the node has heard of
	chosen   string // the node that it has promoted in it
	base     place  // of the snapshot
	snapshot []byte
	entries  []entry // from base on
	lost     bool    // the disk lost what it had synced
	buf      []byte  // of the last record; kept for its memory
}

// A record is what one sync makes durable. Its entries replace all from From on.
type record struct {
	Epoch    uint64
	Chosen   string
	From     uint64  `json:",omitempty"`
	Entries  []entry `json:",omitempty"`
	Base     *place  `json:",omitempty"`
	Snapshot []byte  `json:",omitempty"`
	Lost     bool    `json:",omitempty"`
}

const recordHead = 8 // length and CRC-32

// encode appends a record to b.
func encode(b []byte, r record) []byte {
	start := len(b)
	b = r.appendJSON(append(b, make([]byte, recordHead)...))
	body := b[start+recordHead:]
	binary.LittleEndian.PutUint32(b[start:], uint32(len(body)))
	binary.LittleEndian.PutUint32(b[start+4:], crc32.ChecksumIEEE(body))
	return b
}

// appendJSON appends what [json.Marshal] returns. Records of entries, which are nearly all, are spelled out, since to look up how their
// types are to be written took most of the time of a write.
func (r *record) appendJSON(b []byte) []byte {
	if r.Base != nil || r.Snapshot != nil || r.Lost {
		body, err := json.Marshal(r)
		must(err)
		return append(b, body...)
	}
	b = strconv.AppendUint(append(b, `{"Epoch":`...), r.Epoch, 10)
	b = jsontext.AppendString(append(b, `,"Chosen":`...), r.Chosen)
	if r.From != 0 {
		b = strconv.AppendUint(append(b, `,"From":`...), r.From, 10)
	}
	for i, e := range r.Entries {
		if i == 0 {
			b = append(b, `,"Entries":[`...)
		} else {
			b = append(b, ',')
		}
		b = e.appendJSON(b)
	}
	if len(r.Entries) > 0 {
		b = append(b, ']')
	}
	return append(b, '}')
}

// appendJSON appends what [json.Marshal] returns.
func (e *entry) appendJSON(b []byte) []byte {
	w := &e.Write
	b = strconv.AppendUint(append(b, `{"Epoch":`...), e.Epoch, 10)
	b = strconv.AppendUint(append(b, `,"Write":{"Op":`...), uint64(w.Op), 10)
	b = strconv.AppendUint(append(b, `,"Session":`...), w.Session, 10)
	b = strconv.AppendUint(append(b, `,"Number":`...), w.Number, 10)
	b = jsontext.AppendString(append(b, `,"Key":`...), w.Key)
	b = strconv.AppendInt(append(b, `,"Old":`...), int64(w.Old), 10)
	b = strconv.AppendInt(append(b, `,"Value":`...), int64(w.Value), 10)
	return append(b, "}}"...)
}

// decode returns the first record of b and what follows, if there is a whole one.
func decode(b []byte) (r record, rest []byte, ok bool) {
	if len(b) <= recordHead {
		return r, b, false
	}
	n := int(binary.LittleEndian.Uint32(b))
	if n < 1 || n > len(b)-recordHead {
		return r, b, false
	}
	body := b[recordHead : recordHead+n]
	if crc32.ChecksumIEEE(body) != binary.LittleEndian.Uint32(b[4:]) || json.Unmarshal(body, &r) != nil {
		return r, b, false
	}
	return r, b[recordHead+n:], true
}

// openStorage reads what the disk holds.
func openStorage(h *cluster.Host) (*storage, error) {
	s := &storage{h: h}
	var err error
	if s.file, err = h.Disk().Open("log"); err != nil {
		return nil, err
	}
	data := make([]byte, s.file.Size())
	if _, err := io.ReadFull(s.file, data); err != nil && len(data) > 0 {
		return nil, fmt.Errorf("read log: %w", err)
	}
	rest := data
	for {
		r, after, ok := decode(rest)
		if !ok {
			break
		}
		s.replay(r)
		rest = after
	}
	s.lost = s.lost || len(rest) > 0 && len(rest) == len(data)
	s.salvage(rest)
	if s.lost {
		s.lose()
		return s, nil
	}
	return s, s.file.Truncate(int64(len(data) - len(rest)))
}

// replay applies one record of the file.
func (s *storage) replay(r record) {
	s.epoch, s.chosen = max(s.epoch, r.Epoch), r.Chosen
	s.lost = s.lost || r.Lost
	if r.Base != nil {
		s.base, s.snapshot, s.entries = *r.Base, r.Snapshot, nil
	}
	if len(r.Entries) == 0 {
		return
	}
	if r.From <= s.base.Index || r.From > s.last().Index+1 { // it was meant for another place
		s.lost = true
		return
	}
	s.entries = append(s.entries[:r.From-s.base.Index-1], r.Entries...)
}

// salvage looks for whole records behind a broken one, and for their epochs. The
// first record came whole with the name of the file, if there was one before.
func (s *storage) salvage(b []byte) {
	for i := range b {
		if r, _, ok := decode(b[i:]); ok {
			s.epoch = max(s.epoch, r.Epoch)
			s.lost = true
		}
	}
}

// lose forgets the log, on disk as well: its node has to recover.
func (s *storage) lose() {
	s.h.Count("log damaged")
	s.lost, s.base, s.snapshot, s.entries = true, place{}, nil, nil
	s.rewrite()
}

func (s *storage) last() place {
	if n := len(s.entries); n > 0 {
		return place{s.entries[n-1].Epoch, s.base.Index + uint64(n)}
	}
	return s.base
}

// at returns the place of an index that the log holds, and whether it does.
func (s *storage) at(index uint64) (place, bool) {
	switch {
	case index == s.base.Index:
		return s.base, true
	case index < s.base.Index || index > s.last().Index:
		return place{}, false
	}
	return place{s.entries[index-s.base.Index-1].Epoch, index}, true
}

// saveEpoch makes epoch and choice durable.
func (s *storage) saveEpoch(epoch uint64, chosen string) {
	if s.epoch == epoch && s.chosen == chosen {
		return
	}
	s.epoch, s.chosen = epoch, chosen
	s.save(record{})
}

// append replaces all from index from on by entries. Messages share what the log holds, so what is replaced is left as it is.
func (s *storage) append(from uint64, entries []entry) {
	keep := from - s.base.Index - 1
	if from <= s.last().Index {
		s.h.Count("log truncated")
		s.entries = s.entries[:keep:keep]
	}
	s.entries = append(s.entries, entries...)
	s.save(record{From: from, Entries: entries})
}

func (s *storage) save(r record) {
	r.Epoch, r.Chosen = s.epoch, s.chosen
	s.buf = encode(s.buf[:0], r)
	_, err := s.file.Write(s.buf)
	must(err)
	must(s.h.Sync())
}

// compact makes a snapshot take the place of all up to p.
func (s *storage) compact(p place, snapshot []byte) {
	s.entries = append([]entry(nil), s.entries[p.Index-s.base.Index:]...)
	s.base, s.snapshot = p, snapshot
	s.rewrite()
}

// reset replaces all by a snapshot of the primary.
func (s *storage) reset(p place, snapshot []byte) {
	s.base, s.snapshot, s.entries, s.lost = p, snapshot, nil, false
	s.rewrite()
}

// rewrite gives the file new content in one step: a crash leaves the old or the new.
func (s *storage) rewrite() {
	s.h.Count("snapshot")
	f, err := s.h.Disk().Open("log.new")
	must(err)
	must(f.Truncate(0))
	s.file = f
	s.save(record{Base: &s.base, Snapshot: s.snapshot, From: s.base.Index + 1, Entries: s.entries, Lost: s.lost})
	must(s.h.Disk().Rename("log.new", "log"))
	must(s.h.Sync())
}

// must stops a node whose disk fails it: after an fsync that failed, one that
// succeeds proves nothing.
func must(err error) {
	if err != nil && !errors.Is(err, cluster.ErrCrashed) {
		panic(fmt.Errorf("primarykv: storage: %w", err))
	}
}
