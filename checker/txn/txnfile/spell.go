package txnfile

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/history"
)

// Spell returns what a transaction did, with what its reads returned if it is ok: for people, "append x 1, r y → [2 3]", and as JSON,
// [["append","x",1],["r","y",[2,3]]].
func Spell(h *txn.History, t int32) (text string, json []byte) {
	w := &writer{h: h, format: JSON, lists: isLists(h)}
	edn := &writer{h: h, format: EDN, lists: w.lists}
	ok := h.Txns[t].Type == history.OK
	var all []string
	json = append(json, '[')
	for i, o := range h.OpsOf(t) {
		if i > 0 {
			json = append(json, ',')
		}
		b, err := w.operation(json, o, ok)
		if err != nil { // of a value that JSON has no place for
			b = append(json, "null"...)
		}
		json = b
		all = append(all, edn.opText(o, ok))
	}
	return strings.Join(all, ", "), append(json, ']')
}

// opText returns an operation for people.
func (w *writer) opText(o txn.Op, ok bool) string {
	b, err := w.operation(nil, o, ok)
	if err != nil {
		return nameOfOp(o.F)
	}
	b = bytes.TrimSuffix(bytes.TrimPrefix(b, []byte("[:")), []byte("]"))
	read := o.F == txn.Read || o.F == txn.ReadAll
	if read || o.F == txn.Delete {
		value := string(b[len(w.opKey(o)):])
		switch {
		case read && ok && o.Known:
			return w.opKey(o) + " →" + value
		default:
			return w.opKey(o)
		}
	}
	return string(b)
}

// opKey returns an operation without its value.
func (w *writer) opKey(o txn.Op) string {
	if o.F == txn.ReadAll {
		return nameOfOp(o.F) + " " + w.h.Predicates[o.Key]
	}
	key, err := w.text(nil, named(w.h.Keys[o.Key]), false)
	if err != nil {
		return nameOfOp(o.F)
	}
	return nameOfOp(o.F) + " " + string(key)
}

// Digest returns the SHA-256, in hex, of all that the history says, whatever file it was in and however its columns are laid out.
// Two files have the same history if they have the same digest.
func Digest(h *txn.History) string {
	sum := sha256.New()
	var b []byte
	flush := func() {
		_, _ = sum.Write(b) // a hash takes all
		b = b[:0]
	}
	number := func(n int32) { b = binary.LittleEndian.AppendUint32(b, uint32(n)) }
	for _, names := range [][]string{h.Keys, h.Predicates, h.Spelled} {
		b = fmt.Appendf(b, "%q", names)
	}
	b = fmt.Appendf(b, "%v %v", h.Untimed, h.Sessionless)
	for i, t := range h.Txns {
		for _, n := range []int32{t.Session, t.Process, int32(t.Type), t.Begin, t.End, t.Last - t.First} {
			number(n)
		}
		if i < len(h.Places) {
			p := h.Places[i]
			b = binary.LittleEndian.AppendUint64(b, uint64(p.Invoked))
			b = binary.LittleEndian.AppendUint64(b, uint64(p.Completed))
			b = append(b, p.Node...)
		}
		for _, o := range h.OpsOf(int32(i)) {
			known := int32(0)
			if o.Known {
				known = 1
			}
			for _, n := range []int32{int32(o.F), known, o.Key, o.Value, o.Len} {
				number(n)
			}
			for _, v := range h.List(o) {
				number(v)
			}
		}
		if len(b) > 1<<15 {
			flush()
		}
	}
	flush()
	return hex.EncodeToString(sum.Sum(nil))
}
