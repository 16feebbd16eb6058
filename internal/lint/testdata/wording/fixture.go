// Package fixture has comments and names. It says "strikes" of a fault.
package fixture

// Whoever reads this meets a fault that strikes: nobody knows.
type Crowd struct {
	culprit, blamed int // a bit of memory
	Herd            func(struck bool) (told string)
}

const biteSize, bitSize = 1, 2

// Stricken is no old word, as little as diver or bits.
func Stricken(diver []int) (bits int) {
	for somebody := range diver {
		told := somebody // in the end
		bits += told
	}
	return bits
}
