package crdtkv

import (
	"encoding/binary"

	"github.com/capsize-go/capsize/systems/internal/dots"
	"github.com/capsize-go/capsize/systems/internal/fields"
)

// recordDelta is the kind of all records: a delta. Its tables and its set of dots each begin with how much they hold.
const recordDelta = 'd'

// record returns a state as it stands in the journal: the same for equal states.
func record(d *state) []byte {
	b := append(make([]byte, 0, 64), recordDelta)
	b = binary.AppendUvarint(b, uint64(len(d.counters)))
	for _, r := range d.counters {
		b = r.value.n.append(r.value.p.append(fields.AppendText(b, r.key)))
	}
	return d.seen.Append(appendBags(appendBags(b, d.sets), d.registers))
}

func (c gcounter) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(c)))
	for _, x := range c {
		b = binary.AppendUvarint(binary.LittleEndian.AppendUint64(b, x.replica), x.n)
	}
	return b
}

func appendBags(b []byte, bags table[bag]) []byte {
	b = binary.AppendUvarint(b, uint64(len(bags)))
	for _, r := range bags {
		b = binary.AppendUvarint(fields.AppendText(b, r.key), uint64(len(r.value)))
		for _, t := range r.value {
			b = binary.AppendUvarint(binary.LittleEndian.AppendUint64(b, t.dot.Actor), t.dot.N)
			b = binary.AppendVarint(b, int64(t.value))
		}
	}
	return b
}

// decode reads a record.
func decode(rec []byte) (*state, error) {
	r := fields.Reader{B: rec[1:]}
	d := &state{}
	for range r.Count() {
		d.counters = append(d.counters, row[pncounter]{r.Text(), pncounter{readCounter(&r), readCounter(&r)}})
	}
	d.sets, d.registers = readBags(&r), readBags(&r)
	d.seen = dots.Read(&r)
	return d, r.Err
}

func readCounter(r *fields.Reader) (c gcounter) {
	for range r.Count() {
		c = append(c, count{r.Fixed(), r.Uvarint()})
	}
	return c
}

func readBags(r *fields.Reader) (bags table[bag]) {
	for range r.Count() {
		key := r.Text()
		var b bag
		for range r.Count() {
			b = append(b, tagged{dot{Actor: r.Fixed(), N: r.Uvarint()}, int(r.Varint())})
		}
		bags = append(bags, row[bag]{key, b})
	}
	return bags
}
