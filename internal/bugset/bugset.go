// Package bugset names the mistakes that a system can be asked to make: bits, by the names that commands and
// files have for them.
package bugset

import (
	"fmt"
	"strings"
)

// A Set is all the mistakes of a system, B being a set of bits.
type Set[B ~uint] struct{ of *set }

// A set is a [Set] without the type of its bits, so that the compiler makes what follows once, and not for each system.
type set struct {
	system string
	bugs   []bug
}

type bug struct {
	bit       uint
	name, doc string
}

// A Bug is one mistake, with what it does in one line.
type Bug[B ~uint] struct{ bug }

// New returns the mistakes of a system.
func New[B ~uint](system string, bugs ...Bug[B]) Set[B] {
	s := &set{system: system}
	for _, b := range bugs {
		s.bugs = append(s.bugs, b.bug)
	}
	return Set[B]{s}
}

// Of returns a mistake.
func Of[B ~uint](bit B, name, doc string) Bug[B] { return Bug[B]{bug{uint(bit), name, doc}} }

// Names lists the bugs by name, with what each does.
func (s Set[B]) Names() (names, docs []string) { return s.of.names() }

// Parse returns the bugs of a comma-separated list of names.
func (s Set[B]) Parse(list string) (B, error) {
	all, err := s.of.parse(list)
	return B(all), err
}

// Text returns the names of the bugs in all, comma-separated, or none.
func (s Set[B]) Text(all B) string { return s.of.text(uint(all)) }

func (s *set) names() (names, docs []string) {
	for _, b := range s.bugs {
		names, docs = append(names, b.name), append(docs, b.doc)
	}
	return names, docs
}

func (s *set) parse(list string) (uint, error) {
	var all uint
	for name := range strings.SplitSeq(list, ",") {
		if name == "" || name == "none" {
			continue
		}
		bit, err := s.parseOne(name)
		if err != nil {
			return 0, err
		}
		all |= bit
	}
	return all, nil
}

func (s *set) parseOne(name string) (uint, error) {
	for _, b := range s.bugs {
		if b.name == name {
			return b.bit, nil
		}
	}
	names, _ := s.names()
	return 0, fmt.Errorf("%s has no bug %q; it has %s", s.system, name, strings.Join(names, ", "))
}

func (s *set) text(all uint) string {
	var names []string
	for _, b := range s.bugs {
		if all&b.bit != 0 {
			names = append(names, b.name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ",")
}
