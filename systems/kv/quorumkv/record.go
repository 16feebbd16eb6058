package quorumkv

import (
	"encoding/binary"

	"github.com/capsize-go/capsize/systems/internal/fields"
	"github.com/capsize-go/capsize/systems/journal"
)

// A log file is a row of records, framed as package journal does. What a record says is
// merged with what came before it, so none depends on another, and one that is damaged
// costs itself alone: that is why the log is no [journal.Journal], which ends where it is damaged.
const (
	recordObject = 'o' // key, object: the node is a home of the key
	recordHint   = 'h' // home, key, object: to be handed over
	recordHanded = 'd' // home, key, object: it has been
)

func appendRecord(b []byte, kind byte, h hint, o object) []byte {
	start := len(b)
	b = journal.Begin(b, kind)
	if kind != recordObject {
		b = binary.AppendUvarint(b, uint64(h.home))
	}
	return journal.End(o.encode(fields.AppendText(b, h.key)), start)
}

func decodeRecord(rec []byte) (kind byte, h hint, o object, err error) {
	r := fields.Reader{B: rec[1:]}
	if kind = rec[0]; kind != recordObject {
		h.home = int(r.Uvarint())
	}
	h.key = r.Text()
	o = readObject(&r)
	return kind, h, o, r.Err
}
