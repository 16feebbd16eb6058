package registerkv

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/systems/journal"
)

// A tag orders the values of a key. The ticket of the write orders two that got
// the same counter.
type tag struct {
	counter uint64
	by      ticket
}

func (t tag) before(o tag) bool {
	if t.counter != o.counter {
		return t.counter < o.counter
	}
	if t.by.session != o.by.session {
		return t.by.session < o.by.session
	}
	return t.by.number < o.by.number
}

// A cell is a value under its tag.
type cell struct {
	tag   tag
	value int
}

// The requests of nodes to replicas, and their answer.
type (
	query struct {
		phase uint64
		key   string
	}
	store struct {
		phase  uint64
		key    string
		cell   cell
		stored answer // what each replica answers
	}
	answer struct {
		phase uint64
		cell  cell
	}
)

// A recoveryRequest requests all that another replica has, and a recoveryReply is the answer: a replica
// whose disk lost what it had acknowledged answers no node until it has it back. What was
// written with its help is on at least one of any n - w + 1 of the others, if there are n replicas
// and w have each write.
type (
	recoveryRequest struct{ life uint64 }
	recoveryReply   struct {
		life uint64
		data map[string]cell
	}
)

// A replica holds the newest cell of each key that it was sent, in memory and on the disk.
type replica struct {
	n    *node
	data map[string]cell
	log  *journal.Journal
	lost bool     // it has to recover
	from []string // the others that have sent what they have
	buf  []byte   // of the last record; kept for its memory
}

const (
	recordCell = 'c' // a key and its cell
	recordLost = 'l' // the disk lost something, and the replica has to recover

	// smallest is the size under which the journal is not written anew.
	smallest = 16 << 10
)

// openReplica reads the journal of a replica, which has to recover if the disk damaged that.
func openReplica(n *node) (*replica, error) {
	r := &replica{n: n, data: map[string]cell{}}
	log, records, damaged, err := journal.Open(n.h, "registers")
	if err != nil {
		return nil, err
	}
	r.log, r.lost = log, damaged
	for _, rec := range records {
		if rec[0] == recordLost {
			r.lost = true
			continue
		}
		key, c, err := decodeCell(rec)
		if err != nil {
			return nil, err
		}
		r.keep(key, c)
	}
	if r.lost {
		n.h.Count("data damaged")
		must(r.log.Replace([]byte{recordLost}))
	}
	return r, nil
}

// tick is called at intervals. A replica that has to recover repeats its requests to the others.
func (r *replica) tick() {
	if r.n.bugs&AckBeforeSync != 0 && r.n.ticks%20 == 0 {
		must(r.log.Sync())
	}
	if !r.lost || r.n.ticks%4 != 0 {
		return
	}
	for _, name := range r.n.replicas {
		if name != r.n.h.Name() && !slices.Contains(r.from, name) {
			r.n.h.Send(name, &recoveryRequest{r.n.life})
		}
	}
}

// receive handles a message. A replica that has to recover handles answers to its requests only.
func (r *replica) receive(m cluster.Message) {
	if r.lost {
		if body, ok := m.Body.(*recoveryReply); ok {
			r.recovered(m.From, body)
		}
		return
	}
	switch body := m.Body.(type) {
	case *query:
		r.n.h.Send(m.From, &answer{body.phase, r.data[body.key]})
	case *store:
		r.store(body)
		r.n.h.Send(m.From, &body.stored)
	case *recoveryRequest:
		r.n.h.Send(m.From, &recoveryReply{body.life, maps.Clone(r.data)})
	}
}

// store makes a cell durable, unless there is a newer one.
func (r *replica) store(s *store) {
	if !r.keep(s.key, s.cell) {
		return
	}
	r.buf = appendCell(r.buf[:0], s.key, s.cell)
	must(r.log.Append(r.buf))
	if r.n.bugs&AckBeforeSync == 0 {
		must(r.log.Sync())
	}
	if r.log.Size() > smallest && r.log.Size() > 4*r.least() {
		must(r.log.Replace(r.records()...))
	}
}

func (r *replica) keep(key string, c cell) (newer bool) {
	if newer = r.data[key].tag.before(c.tag); newer {
		r.data[key] = c
	}
	return newer
}

// least is about how many bytes the cells take.
func (r *replica) least() int64 { return int64(len(r.data)) * 64 }

func (r *replica) records() (all [][]byte) {
	for _, key := range sorting.Keys(r.data) {
		all = append(all, appendCell(nil, key, r.data[key]))
	}
	return all
}

// recovered merges what another replica has. An answer to a request of an earlier life is
// ignored: it may lack what this replica has acknowledged since.
func (r *replica) recovered(from string, s *recoveryReply) {
	if s.life != r.n.life || slices.Contains(r.from, from) {
		return
	}
	r.from = append(r.from, from)
	for _, key := range sorting.Keys(s.data) {
		r.keep(key, s.data[key])
	}
	if len(r.from) > len(r.n.replicas)-r.n.writes {
		must(r.log.Replace(r.records()...))
		r.lost = false
		r.n.h.Count("data recovered")
	}
}

func appendCell(b []byte, key string, c cell) []byte {
	b = append(b, recordCell)
	b = binary.LittleEndian.AppendUint64(b, c.tag.counter)
	b = binary.LittleEndian.AppendUint64(b, c.tag.by.session)
	b = binary.LittleEndian.AppendUint64(b, c.tag.by.number)
	b = binary.LittleEndian.AppendUint64(b, uint64(c.value))
	return append(b, key...)
}

func decodeCell(rec []byte) (key string, c cell, err error) {
	if rec[0] != recordCell || len(rec) < 33 {
		return "", c, fmt.Errorf("a record of kind %q and %d bytes", rec[0], len(rec))
	}
	number := func(i int) uint64 { return binary.LittleEndian.Uint64(rec[1+8*i:]) }
	return string(rec[33:]), cell{tag{number(0), ticket{number(1), number(2)}}, int(number(3))}, nil
}

// must stops a node whose disk fails: it must not continue as if it had written, nor try
// again. After an fsync that failed, one that succeeds proves nothing.
func must(err error) {
	if err != nil && !errors.Is(err, cluster.ErrCrashed) {
		panic(fmt.Errorf("registerkv: %w", err))
	}
}
