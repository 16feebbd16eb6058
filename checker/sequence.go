package checker

import (
	"encoding/binary"
	"slices"
)

// States must be comparable, so models keep several integers as a string of
// eight bytes for each, which sort as the integers do.
const intBytes = 8

func putInt(b []byte, v int) []byte { return binary.BigEndian.AppendUint64(b, uint64(v)^1<<63) }

func packInts(vs ...int) string {
	b := make([]byte, 0, intBytes*len(vs))
	for _, v := range vs {
		b = putInt(b, v)
	}
	return string(b)
}

func intCount(s string) int { return len(s) / intBytes }

func intAt(s string, i int) int {
	b := s[i*intBytes : (i+1)*intBytes] // the compiler makes one load of this
	n := uint64(b[7]) | uint64(b[6])<<8 | uint64(b[5])<<16 | uint64(b[4])<<24 |
		uint64(b[3])<<32 | uint64(b[2])<<40 | uint64(b[1])<<48 | uint64(b[0])<<56
	return int(n ^ 1<<63)
}

func unpackInts(s string) []int {
	vs := make([]int, intCount(s))
	for i := range vs {
		vs[i] = intAt(s, i)
	}
	return vs
}

// searchInt returns where v stands in sorted integers, or should, and whether it
// does.
func searchInt(s string, v int) (i int, found bool) {
	low, high := 0, intCount(s)
	for low < high {
		if mid := (low + high) / 2; intAt(s, mid) < v {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low, low < intCount(s) && intAt(s, low) == v
}

// insertInt puts v into sorted integers.
func insertInt(s string, v int) string {
	i, _ := searchInt(s, v)
	return insertIntAt(s, i, v)
}

// insertIntAt puts v where the i-th integer was.
func insertIntAt(s string, i, v int) string {
	var one [intBytes]byte
	return s[:i*intBytes] + string(putInt(one[:0], v)) + s[i*intBytes:]
}

// deleteInt takes the i-th integer away.
func deleteInt(s string, i int) string { return s[:i*intBytes] + s[(i+1)*intBytes:] }

// sameInts reports whether integers are those of a sorted sequence, in any order.
func sameInts(s string, vs []int) bool {
	if len(vs) != intCount(s) {
		return false
	}
	if !slices.IsSorted(vs) {
		vs = slices.Sorted(slices.Values(vs))
	}
	for i, v := range vs {
		if intAt(s, i) != v {
			return false
		}
	}
	return true
}
