package quorumkv

import (
	"encoding/binary"
	"hash/crc32"
)

// A log file is a row of records. Each is its length and CRC-32, four bytes each, and then
// a type and the fields. What a record says is merged with what came before it, so none
// depends on another, and one that is damaged costs itself alone.
const (
	recordObject = 'o' // key, object: the node is a home of the key
	recordHint   = 'h' // home, key, object: to be handed over
	recordHanded = 'd' // home, key, object: it has been
)

const recordHead = 8 // length and checksum

func appendRecord(b []byte, kind byte, h hint, o object) []byte {
	start := len(b)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0, kind)
	if kind != recordObject {
		b = binary.AppendUvarint(b, uint64(h.home))
	}
	b = binary.AppendUvarint(b, uint64(len(h.key)))
	b = o.encode(append(b, h.key...))
	body := b[start+recordHead:]
	binary.LittleEndian.PutUint32(b[start:], uint32(len(body)))
	binary.LittleEndian.PutUint32(b[start+4:], crc32.ChecksumIEEE(body))
	return b
}

// nextRecord returns the first record of b and what follows, and whether there is a whole one.
func nextRecord(b []byte) (rec, rest []byte, ok bool) {
	if len(b) <= recordHead {
		return nil, b, false
	}
	n := int(binary.LittleEndian.Uint32(b))
	if n < 1 || n > len(b)-recordHead {
		return nil, b, false
	}
	rec, rest = b[recordHead:recordHead+n], b[recordHead+n:]
	return rec, rest, crc32.ChecksumIEEE(rec) == binary.LittleEndian.Uint32(b[4:])
}

func decodeRecord(rec []byte) (kind byte, h hint, o object, err error) {
	r := reader{b: rec[1:]}
	if kind = rec[0]; kind != recordObject {
		h.home = int(r.uvarint())
	}
	h.key = r.text()
	o = r.object()
	return kind, h, o, r.err
}
