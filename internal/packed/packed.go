package packed

import (
	"encoding/binary"
	"slices"
)

// Width is how many bytes an integer takes.
const Width = 8

// Append appends an integer.
func Append(b []byte, v int) []byte { return binary.BigEndian.AppendUint64(b, uint64(v)^1<<63) }

// Ints packs integers.
func Ints(vs ...int) string {
	b := make([]byte, 0, Width*len(vs))
	for _, v := range vs {
		b = Append(b, v)
	}
	return string(b)
}

// Len returns how many integers there are.
func Len(s string) int { return len(s) / Width }

// At returns the i-th integer.
func At(s string, i int) int {
	b := s[i*Width : (i+1)*Width] // the compiler makes one load of this
	n := uint64(b[7]) | uint64(b[6])<<8 | uint64(b[5])<<16 | uint64(b[4])<<24 |
		uint64(b[3])<<32 | uint64(b[2])<<40 | uint64(b[1])<<48 | uint64(b[0])<<56
	return int(n ^ 1<<63)
}

// Unpack returns the integers.
func Unpack(s string) []int {
	vs := make([]int, Len(s))
	for i := range vs {
		vs[i] = At(s, i)
	}
	return vs
}

// Search returns where v stands in sorted integers, or should, and whether it
// does.
func Search(s string, v int) (i int, found bool) {
	low, high := 0, Len(s)
	for low < high {
		if mid := (low + high) / 2; At(s, mid) < v {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low, low < Len(s) && At(s, low) == v
}

// Insert puts v into sorted integers.
func Insert(s string, v int) string {
	i, _ := Search(s, v)
	return InsertAt(s, i, v)
}

// InsertAt puts v where the i-th integer was.
func InsertAt(s string, i, v int) string {
	var one [Width]byte
	return s[:i*Width] + string(Append(one[:0], v)) + s[i*Width:]
}

// Delete takes the i-th integer away.
func Delete(s string, i int) string { return s[:i*Width] + s[(i+1)*Width:] }

// Same reports whether integers are those of a sorted sequence, in any order.
func Same(s string, vs []int) bool {
	if len(vs) != Len(s) {
		return false
	}
	if !slices.IsSorted(vs) {
		vs = slices.Sorted(slices.Values(vs))
	}
	for i, v := range vs {
		if At(s, i) != v {
			return false
		}
	}
	return true
}
