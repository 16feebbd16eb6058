package view

// The numbers of values count from 0, in the order in which they first occur. The first few are in a
// list, which is faster to search than a map.
type numbers[K comparable] struct {
	first    []K
	more     map[K]int32
	n        int32
	expected int
}

// fewNumbers is how many values a list of them holds.
const fewNumbers = 12

// NewNumbers returns numbers for about expected values.
func NewNumbers[K comparable](expected int) *numbers[K] {
	return &numbers[K]{first: make([]K, 0, min(expected, fewNumbers)), expected: expected}
}

// Of returns the number of v, a new one if v is new.
func (c *numbers[K]) Of(v K) int32 {
	n, ok := c.find(v)
	if ok {
		return n
	}
	n = c.n
	c.n++
	switch {
	case len(c.first) < fewNumbers:
		c.first = append(c.first, v)
	case c.more == nil:
		c.more = make(map[K]int32, c.expected)
		fallthrough
	default:
		c.more[v] = n
	}
	return n
}

// find returns the number of v, if it has one.
func (c *numbers[K]) find(v K) (n int32, ok bool) {
	for i := range c.first {
		if c.first[i] == v {
			return int32(i), true
		}
	}
	n, ok = c.more[v]
	return n, ok
}
