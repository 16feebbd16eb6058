package checker

// A clock says, for each session, how many of its turns somebody knows: a vector
// clock (Mattern 1989; Fidge 1988). Clocks are never changed, and share what they have in common, so that
// one more costs what differs: sessions come to an end with each call of unknown
// outcome, and there may be as many as one for every twenty calls.
type clock struct{ top []*clockPage }

// Sizes of the two lower levels.
const (
	clockLeafBits = 5
	clockPageBits = 5
)

type (
	clockPage [1 << clockPageBits]*clockLeaf
	clockLeaf [1 << clockLeafBits]int32
)

// noClock knows nothing.
var noClock = &clock{}

func clockSlots(session int32) (top, page, leaf int) {
	return int(session >> (clockLeafBits + clockPageBits)), int(session>>clockLeafBits) & (1<<clockPageBits - 1), int(session) & (1<<clockLeafBits - 1)
}

// of returns how many turns of a session are known.
func (c *clock) of(session int32) int32 {
	top, page, leaf := clockSlots(session)
	if top >= len(c.top) || c.top[top] == nil || c.top[top][page] == nil {
		return 0
	}
	return c.top[top][page][leaf]
}

// with returns a clock that knows at least n turns of a session.
func (c *clock) with(session, n int32) *clock {
	if c.of(session) >= n {
		return c
	}
	top, page, leaf := clockSlots(session)
	d := &clock{make([]*clockPage, max(len(c.top), top+1))}
	copy(d.top, c.top)
	p := &clockPage{}
	if d.top[top] != nil {
		*p = *d.top[top]
	}
	l := &clockLeaf{}
	if p[page] != nil {
		*l = *p[page]
	}
	l[leaf], p[page], d.top[top] = n, l, p
	return d
}

// join returns a clock that knows what either knows. Where both know the same, it
// shares b's memory: what all know comes to be held once.
func (c *clock) join(b *clock) *clock {
	if c == b || len(b.top) == 0 {
		return c
	}
	if len(c.top) == 0 {
		return b
	}
	long, short := c, b
	if len(b.top) > len(c.top) {
		long, short = b, c
	}
	likeC, likeB := long == c, long == b || len(c.top) == len(b.top)
	var top []*clockPage
	for i := range short.top {
		p := joinPages(c.top[i], b.top[i])
		likeC, likeB = likeC && p == c.top[i], likeB && p == b.top[i]
		if top == nil && !likeC && !likeB {
			top = make([]*clockPage, len(long.top))
			copy(top, long.top)
			for j := range i { // all like one of them so far
				top[j] = joinPages(c.top[j], b.top[j])
			}
		}
		if top != nil {
			top[i] = p
		}
	}
	switch {
	case likeB:
		return b
	case likeC:
		return c
	}
	return &clock{top}
}

func joinPages(a, b *clockPage) *clockPage {
	switch {
	case a == b || b == nil:
		return a
	case a == nil:
		return b
	}
	var p clockPage
	likeA, likeB := true, true
	for i := range p {
		p[i] = joinLeaves(a[i], b[i])
		likeA, likeB = likeA && p[i] == a[i], likeB && p[i] == b[i]
	}
	switch {
	case likeB:
		return b
	case likeA:
		return a
	}
	return &p
}

func joinLeaves(a, b *clockLeaf) *clockLeaf {
	switch {
	case a == b || b == nil:
		return a
	case a == nil:
		return b
	}
	likeA, likeB := true, true
	for i, n := range a {
		likeA, likeB = likeA && n >= b[i], likeB && n <= b[i]
	}
	switch {
	case likeB:
		return b
	case likeA:
		return a
	}
	l := *a
	for i, n := range b {
		l[i] = max(l[i], n)
	}
	return &l
}
