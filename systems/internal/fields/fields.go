// Package fields reads the fields of a binary record, one after the other, as package encoding/binary appends them. A record may have
// been damaged, so no length in it is believed that exceeds what is left.
package fields

import (
	"encoding/binary"
	"errors"
)

// ErrShort is the error of a record that holds less than it says.
var ErrShort = errors.New("a record is too short for what it says")

// A Reader reads the fields at the beginning of B. Once it has failed it returns zeros.
type Reader struct {
	B   []byte // what is left
	Err error  // nil or [ErrShort]
}

func (r *Reader) fail() { r.B, r.Err = nil, ErrShort }

// Fixed reads eight bytes, the least significant first.
func (r *Reader) Fixed() uint64 {
	if len(r.B) < 8 {
		r.fail()
		return 0
	}
	v := binary.LittleEndian.Uint64(r.B)
	r.B = r.B[8:]
	return v
}

// Uvarint reads what [binary.AppendUvarint] appended.
func (r *Reader) Uvarint() uint64 {
	v, n := binary.Uvarint(r.B)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.B = r.B[n:]
	return v
}

// Varint reads what [binary.AppendVarint] appended.
func (r *Reader) Varint() int64 {
	v, n := binary.Varint(r.B)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.B = r.B[n:]
	return v
}

// Count reads how many of something follow, each of which takes a byte at least.
func (r *Reader) Count() int {
	n := r.Uvarint()
	if n > uint64(len(r.B)) {
		r.fail()
		return 0
	}
	return int(n)
}

// Text reads a text that [AppendText] appended.
func (r *Reader) Text() string {
	n := r.Count()
	s := string(r.B[:n])
	r.B = r.B[n:]
	return s
}

// AppendText appends a text with its length before it.
func AppendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}
