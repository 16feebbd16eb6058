package diskimage

import "slices"

// A Selection is a part of the changes that are not durable yet: those that a sync covers.
type Selection func(*change) bool

// All selects all changes.
func All(*change) bool { return true }

// Covered returns what a sync of f covers of the changes up to seq: of a directory those of its names, of a file those of its
// content, and unless contentOnly those of its name. Earlier changes of the same names are covered too: otherwise
// they would become durable later and undo the newer ones.
func (i *Image) Covered(f *File, contentOnly bool, seq uint64) Selection {
	return i.withEarlierNames(func(c *change) bool {
		switch {
		case c.seq > seq:
			return false
		case f.IsDir():
			return c.dir == f || c.toDir == f
		}
		return c.f == f && (c.dir == nil || !contentOnly)
	})
}

// withEarlierNames adds to a selection all earlier changes of the names that its own changes are about.
func (i *Image) withEarlierNames(own Selection) Selection {
	type entry struct {
		dir  *File
		name string
	}
	var names map[entry]bool
	var more map[uint64]bool
	for _, c := range slices.Backward(i.changes) {
		if c.dir == nil {
			continue
		}
		from, to := entry{c.dir, c.name}, entry{c.toDir, c.to}
		if !own(&c) {
			if !names[from] && !names[to] {
				continue
			}
			if more == nil {
				more = map[uint64]bool{}
			}
			more[c.seq] = true
		}
		if names == nil {
			names = map[entry]bool{}
		}
		names[from] = true
		if c.toDir != nil {
			names[to] = true
		}
	}
	return func(c *change) bool { return own(c) || more[c.seq] }
}

// Any reports whether there is a change that is selected.
func (i *Image) Any(s Selection) bool {
	return slices.ContainsFunc(i.changes, func(c change) bool { return s(&c) })
}

// Persist makes the selected changes durable.
func (i *Image) Persist(s Selection) {
	i.changes = slices.DeleteFunc(i.changes, func(c change) bool {
		if !s(&c) {
			return false
		}
		persist(&c)
		return true
	})
}

// DropWrites drops the selected writes: no later sync makes them durable.
func (i *Image) DropWrites(s Selection) {
	i.changes = slices.DeleteFunc(i.changes, func(c change) bool { return c.kind == write && s(&c) })
}
