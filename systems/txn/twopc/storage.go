package twopc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/internal/fields"
	"github.com/capsize-go/capsize/systems/journal"
)

// Kinds of records.
const (
	recordLife      = 'b' // a life of the node: of its transactions, those that no record says commit were aborted
	recordPrepared  = 'p' // a branch that has said yes
	recordCommitted = 'c' // that branch has committed
	recordAborted   = 'a' // that branch was aborted
	recordDecision  = 'd' // a transaction of this coordinator commits
	recordEnd       = 'e' // all participants have it on their disks
	recordKey       = 'k' // a key with all that it has: of a journal that was written anew
	recordLost      = 'l' // the disk lost something, and the keys of the node are not served any more
	recordSeal      = 's' // what stands before it had been synced
)

// smallest is the size under which the journal is not written anew.
const smallest = 16 << 10

// A storage is the log of a node, as a coordinator and as a participant.
type storage struct {
	log      *journal.Journal
	lives    []uint64 // of the node, that the log knows of
	lost     bool     // the disk lost something
	unsealed bool     // something was synced since the last seal
}

func (s *storage) write(rec []byte) { must(s.log.Append(rec)) }

func (s *storage) sync() {
	must(s.log.Sync())
	s.unsealed = true
}

// boot reads the log. What was prepared is in doubt, and what is decided has to be sent again.
func (n *node) boot() error {
	log, records, damaged, err := journal.Open(n.h, "log")
	if err != nil {
		return err
	}
	n.disk = storage{log: log, lost: damaged}
	for _, rec := range records {
		if err := n.replay(rec); err != nil {
			return err
		}
	}
	n.disk.lives = append(n.disk.lives, n.life)
	if damaged {
		// Of earlier lives not all decisions are known, nor what was prepared, nor which data is the newest.
		n.h.Count("data damaged")
		n.disk.lives = []uint64{n.life}
		n.participant = newParticipant(n.machine)
		must(log.Replace(n.records()...))
		return nil
	}
	for _, i := range n.branches.ids() {
		n.hold(n.branches.by[i])
	}
	n.disk.write(lifeRecord(n.life))
	n.disk.sync()
	return nil
}

// hold has a branch that was prepared in another life lock again what it writes.
func (n *participant) hold(b *branch) {
	if n.bugs&UnlockEarly != 0 {
		n.apply(b)
		return
	}
	if n.bugs&ForgetLocks != 0 {
		return
	}
	for _, w := range b.writes {
		n.lockOf(w.Key).request(b, exclusive)
		b.locks = append(b.locks, w.Key)
	}
}

// replay does what a record says.
func (n *node) replay(rec []byte) error {
	r := fields.Reader{B: rec[1:]}
	switch rec[0] {
	case recordSeal:
	case recordLost:
		n.disk.lost = true
	case recordLife:
		n.disk.lives = append(n.disk.lives, r.Fixed())
	case recordKey:
		key := r.Text()
		c := &cell{value: int(r.Varint())}
		for range r.Count() {
			c.list = append(c.list, int(r.Varint()))
		}
		c.row = int(r.Varint())
		c.index = readRows(&r)
		n.data[key] = c
	case recordPrepared:
		b := readBranch(&r)
		n.branches.put(b.id(), b)
	case recordCommitted, recordAborted:
		n.replayEnd(readID(&r), rec[0] == recordCommitted)
	case recordDecision:
		i := readID(&r)
		n.decided.put(i, &commitment{waiting: readTexts(&r)})
	case recordEnd:
		n.decided.remove(readID(&r))
	default:
		return fmt.Errorf("a record of kind %q", rec[0])
	}
	if r.Err != nil {
		return fmt.Errorf("a record of kind %q: %w", rec[0], r.Err)
	}
	return nil
}

// replayEnd ends a branch that had been prepared.
func (n *participant) replayEnd(i id, commits bool) {
	n.ended[i] = didAbort
	b := n.branches.by[i]
	if commits {
		n.ended[i] = didCommit
		if b != nil {
			n.apply(b)
		}
	}
	n.branches.remove(i)
}

// keepDisk writes the journal anew when it has much that is of no use any more, and seals what was synced: the end of a journal that has no
// seal looks like one that the disk has damaged.
func (n *node) keepDisk() {
	if n.bugs&(ForgetCommit|VolatileYes) != 0 && n.ticks%25 == 0 {
		n.disk.sync()
	}
	switch size := n.disk.log.Size(); {
	case size > smallest && size > 4*n.least() && (n.bugs&UnlockEarly == 0 || len(n.branches.order) == 0):
		must(n.disk.log.Replace(n.records()...))
		n.disk.unsealed = true
	case n.disk.unsealed:
		n.disk.write([]byte{recordSeal})
		must(n.disk.log.Sync())
		n.disk.unsealed = false
	}
}

// least is about how many bytes the journal takes when it is written anew.
func (n *participant) least() int64 {
	size := 0
	for _, c := range n.data { // order: a sum
		size += 48 + 3*len(c.list) + 12*len(c.index)
	}
	return int64(size)
}

// records returns the journal as it is written anew.
func (n *node) records() (all [][]byte) {
	if n.disk.lost {
		all = append(all, []byte{recordLost})
	}
	for _, life := range n.disk.lives {
		all = append(all, lifeRecord(life))
	}
	for _, key := range sorting.Keys(n.data) {
		all = append(all, keyRecord(key, n.data[key]))
	}
	for _, i := range n.branches.order {
		if b := n.branches.by[i]; b.prepared {
			all = append(all, preparedRecord(b))
		}
	}
	for _, i := range n.decided.order {
		all = append(all, decisionRecord(i, n.decided.by[i].waiting))
	}
	return all
}

func lifeRecord(life uint64) []byte {
	return binary.LittleEndian.AppendUint64([]byte{recordLife}, life)
}

func keyRecord(key string, c *cell) []byte {
	rec := fields.AppendText([]byte{recordKey}, key)
	rec = binary.AppendVarint(rec, int64(c.value))
	rec = binary.AppendUvarint(rec, uint64(len(c.list)))
	for _, v := range c.list {
		rec = binary.AppendVarint(rec, int64(v))
	}
	return appendRows(binary.AppendVarint(rec, int64(c.row)), c.index)
}

func appendRows(rec []byte, rows map[string]int) []byte {
	rec = binary.AppendUvarint(rec, uint64(len(rows)))
	for _, key := range sorting.Keys(rows) {
		rec = binary.AppendVarint(fields.AppendText(rec, key), int64(rows[key]))
	}
	return rec
}

func readRows(r *fields.Reader) (rows map[string]int) {
	for range r.Count() {
		if rows == nil {
			rows = map[string]int{}
		}
		key := r.Text()
		rows[key] = int(r.Varint())
	}
	return rows
}

func idRecord(kind byte, i id) []byte { return appendID([]byte{kind}, i) }

func decisionRecord(i id, participants []string) []byte {
	return appendTexts(idRecord(recordDecision, i), participants)
}

func preparedRecord(b *branch) []byte {
	rec := idRecord(recordPrepared, b.id())
	rec = binary.AppendVarint(rec, int64(b.age.at))
	rec = appendTexts(rec, b.others)
	rec = binary.AppendUvarint(rec, uint64(len(b.writes)))
	for _, w := range b.writes {
		rec = fields.AppendText(rec, w.F)
		rec = fields.AppendText(rec, w.Key)
		rec = appendRows(binary.AppendVarint(rec, int64(w.Value)), w.Rows)
	}
	return rec
}

func readBranch(r *fields.Reader) *branch {
	b := &branch{prepared: true}
	b.age.id = readID(r)
	b.age.at = time.Duration(r.Varint())
	b.others = readTexts(r)
	for range r.Count() {
		b.writes = append(b.writes, model.TxnOp{F: r.Text(), Key: r.Text(), Value: int(r.Varint()), Rows: readRows(r)})
	}
	return b
}

func appendID(rec []byte, i id) []byte {
	rec = fields.AppendText(rec, i.node)
	rec = binary.LittleEndian.AppendUint64(rec, i.life)
	return binary.AppendUvarint(rec, i.seq)
}

func readID(r *fields.Reader) id { return id{r.Text(), r.Fixed(), r.Uvarint()} }

func appendTexts(rec []byte, list []string) []byte {
	rec = binary.AppendUvarint(rec, uint64(len(list)))
	for _, s := range list {
		rec = fields.AppendText(rec, s)
	}
	return rec
}

func readTexts(r *fields.Reader) (list []string) {
	for range r.Count() {
		list = append(list, r.Text())
	}
	return list
}

// must stops a node whose disk fails: it must not go on as if it had written, nor try again. After an fsync that failed, one that
// succeeds proves nothing.
func must(err error) {
	if err != nil && !errors.Is(err, cluster.ErrCrashed) {
		panic(fmt.Errorf("twopc: %w", err))
	}
}
