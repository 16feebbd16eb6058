// Package inorder has sets that keep the order in which their elements were added.
package inorder

// A Set is a set of elements that are not the zero value. Its zero value is empty.
type Set[T comparable] struct {
	list    []T // with zero values for those that were removed
	at      map[T]int
	removed int
}

// Add adds x, which is not in the set.
func (s *Set[T]) Add(x T) {
	if s.at == nil {
		s.at = map[T]int{}
	}
	s.at[x] = len(s.list)
	s.list = append(s.list, x)
}

// Remove removes x if it is in the set.
func (s *Set[T]) Remove(x T) {
	i, ok := s.at[x]
	if !ok {
		return
	}
	delete(s.at, x)
	var none T
	s.list[i] = none
	if s.removed++; s.removed > 32 && 2*s.removed > len(s.list) {
		s.list, s.removed = s.All(), 0
		for i, x := range s.list {
			s.at[x] = i
		}
	}
}

// All returns the elements.
func (s *Set[T]) All() (all []T) {
	var none T
	for _, x := range s.list {
		if x != none {
			all = append(all, x)
		}
	}
	return all
}
