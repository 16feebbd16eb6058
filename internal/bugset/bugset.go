// Package bugset names the mistakes that a system can be told to make: bits, by the names that commands and
// files have for them.
package bugset

import (
	"fmt"
	"strings"
)

// A Set is all the mistakes of a system, B being a set of bits.
type Set[B ~uint] struct {
	system string
	bugs   []Bug[B]
}

// A Bug is one mistake, with what it does in one line.
type Bug[B ~uint] struct {
	bit       B
	name, doc string
}

// New returns the mistakes of a system.
func New[B ~uint](system string, bugs ...Bug[B]) Set[B] { return Set[B]{system, bugs} }

// Of returns a mistake.
func Of[B ~uint](bit B, name, doc string) Bug[B] { return Bug[B]{bit, name, doc} }

// Names lists the bugs by name, with what each does.
func (s Set[B]) Names() (names, docs []string) {
	for _, b := range s.bugs {
		names, docs = append(names, b.name), append(docs, b.doc)
	}
	return names, docs
}

// Parse returns the bugs of a comma-separated list of names.
func (s Set[B]) Parse(list string) (B, error) {
	var all B
	for name := range strings.SplitSeq(list, ",") {
		if name == "" || name == "none" {
			continue
		}
		bug, err := s.parseOne(name)
		if err != nil {
			return 0, err
		}
		all |= bug
	}
	return all, nil
}

func (s Set[B]) parseOne(name string) (B, error) {
	for _, b := range s.bugs {
		if b.name == name {
			return b.bit, nil
		}
	}
	names, _ := s.Names()
	return 0, fmt.Errorf("%s has no bug %q; it has %s", s.system, name, strings.Join(names, ", "))
}

// Text returns the names of the bugs in all, comma-separated, or none.
func (s Set[B]) Text(all B) string {
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
