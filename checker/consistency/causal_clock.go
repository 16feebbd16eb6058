package consistency

// A clock says, for each session, how many of its calls are known: a vector
// clock (Mattern 1989; Fidge 1988). Clocks are immutable and share what they have in common, so that
// one more costs what differs: each indeterminate call ends a session,
// so there may be one for every twenty calls.
type clock struct{ top []*clockPage }

// Sizes of the two lower levels.
const (
	clockLeafBits = 5
	clockPageBits = 5
)

// A clockPage and a clockLeaf have the number at which they were made. Of two that are equal,
// clocks keep the older one, and then need not compare the contents.
type (
	clockPage struct {
		made   int
		leaves [1 << clockPageBits]*clockLeaf
	}
	clockLeaf struct {
		made int
		n    [1 << clockLeafBits]int32
	}
)

// A clockMaker makes clocks, and numbers their parts.
type clockMaker struct{ made int }

// zeroClock knows nothing.
var zeroClock = &clock{}

func clockSlots(session int32) (top, page, leaf int) {
	return int(session >> (clockLeafBits + clockPageBits)), int(session>>clockLeafBits) & (1<<clockPageBits - 1), int(session) & (1<<clockLeafBits - 1)
}

// of returns how many calls of a session are known.
func (c *clock) of(session int32) int32 {
	top, page, leaf := clockSlots(session)
	if top >= len(c.top) || c.top[top] == nil || c.top[top].leaves[page] == nil {
		return 0
	}
	return c.top[top].leaves[page].n[leaf]
}

// with returns a clock that knows what c does, and at least n calls of a session.
func (w *clockMaker) with(c *clock, session, n int32) *clock {
	return w.learn(c, zeroClock, session, n)
}

// learn returns a clock that knows what either of two does, and at least n calls of a session.
func (w *clockMaker) learn(a, b *clock, session, n int32) *clock {
	since := w.made // no other clock has what is made from now on
	c := w.join(a, b)
	if c.of(session) >= n {
		return c
	}
	top, page, leaf := clockSlots(session)
	if c == a || c == b || top >= len(c.top) {
		all := make([]*clockPage, max(len(c.top), top+1))
		copy(all, c.top)
		c = &clock{all}
	}
	p := c.top[top]
	if p == nil || p.made <= since {
		p = w.copyPage(p)
		c.top[top] = p
	}
	l := p.leaves[page]
	if l == nil || l.made <= since {
		l = w.copyLeaf(l)
		p.leaves[page] = l
	}
	l.n[leaf] = n
	return c
}

func (w *clockMaker) copyPage(p *clockPage) *clockPage {
	d := &clockPage{}
	if p != nil {
		*d = *p
	}
	w.made++
	d.made = w.made
	return d
}

func (w *clockMaker) copyLeaf(l *clockLeaf) *clockLeaf {
	d := &clockLeaf{}
	if l != nil {
		*d = *l
	}
	w.made++
	d.made = w.made
	return d
}

// join returns a clock that knows what either knows.
func (w *clockMaker) join(a, b *clock) *clock {
	if a == b || len(b.top) == 0 {
		return a
	}
	if len(a.top) == 0 {
		return b
	}
	if len(a.top) < len(b.top) {
		a, b = b, a
	}
	var top []*clockPage
	for i, q := range b.top {
		p := w.joinPages(a.top[i], q)
		if top == nil && p != a.top[i] {
			top = make([]*clockPage, len(a.top))
			copy(top, a.top)
		}
		if top != nil {
			top[i] = p
		}
	}
	if top == nil {
		return a
	}
	return &clock{top}
}

// firstMade returns the older of two equal parts, or the one that equals their maximum; nil if neither does.
func firstMade[T any](a, b *T, madeA, madeB int, likeA, likeB bool) *T {
	switch {
	case likeA && (!likeB || madeA < madeB):
		return a
	case likeB:
		return b
	}
	return nil
}

// joinPages returns the maximum of two pages.
func (w *clockMaker) joinPages(a, b *clockPage) *clockPage {
	switch {
	case a == b || b == nil:
		return a
	case a == nil:
		return b
	}
	var p clockPage
	likeA, likeB := true, true
	for i := range p.leaves {
		l := w.joinLeaves(a.leaves[i], b.leaves[i])
		p.leaves[i] = l
		likeA, likeB = likeA && l == a.leaves[i], likeB && l == b.leaves[i]
	}
	if same := firstMade(a, b, a.made, b.made, likeA, likeB); same != nil {
		return same
	}
	w.made++
	p.made = w.made
	return &p
}

// joinLeaves returns the maximum of two leaves.
func (w *clockMaker) joinLeaves(a, b *clockLeaf) *clockLeaf {
	switch {
	case a == b || b == nil:
		return a
	case a == nil:
		return b
	}
	likeA, likeB := true, true
	for i, n := range a.n {
		likeA, likeB = likeA && n >= b.n[i], likeB && n <= b.n[i]
	}
	if same := firstMade(a, b, a.made, b.made, likeA, likeB); same != nil {
		return same
	}
	w.made++
	l := &clockLeaf{made: w.made, n: a.n}
	for i, n := range b.n {
		l.n[i] = max(l.n[i], n)
	}
	return l
}
