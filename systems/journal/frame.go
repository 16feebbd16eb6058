package journal

import (
	"encoding/binary"
	"hash/crc32"
)

// Each record is its length and its CRC-32, four bytes each, and then a kind and what
// follows it.
const head = 8

// Begin appends the beginning of a record of a kind, which [End] completes.
func Begin(b []byte, kind byte) []byte {
	return append(b, 0, 0, 0, 0, 0, 0, 0, 0, kind)
}

// End fills in length and checksum of the record that begins at start and ends where b does.
func End(b []byte, start int) []byte {
	body := b[start+head:]
	binary.LittleEndian.PutUint32(b[start:], uint32(len(body)))
	binary.LittleEndian.PutUint32(b[start+4:], crc32.ChecksumIEEE(body))
	return b
}

// Next returns the first record of b, from its kind on, and what follows it, and whether b
// begins with a whole one. A careless reader takes the checksum for right.
func Next(b []byte, careless bool) (rec, rest []byte, ok bool) {
	if len(b) <= head {
		return nil, b, false
	}
	n := int(binary.LittleEndian.Uint32(b))
	if n < 1 || n > len(b)-head {
		return nil, b, false
	}
	rec, rest = b[head:head+n], b[head+n:]
	if !careless && crc32.ChecksumIEEE(rec) != binary.LittleEndian.Uint32(b[4:]) {
		return nil, b, false
	}
	return rec, rest, true
}
