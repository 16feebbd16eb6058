package registerkv

import (
	"fmt"
	"strings"
)

// A Bug is a set of mistakes for a [Store] to make.
type Bug uint

const (
	// NoWriteBack returns what a quorum of reads has, and leaves it there: a value that
	// is being written may be seen by one read and not by the next. Quorums with R + W > N
	// are no more than that; it is what Dynamo's descendants offer. DeCandia et al., Dynamo (SOSP 2007), §4.5;
	// Kleppmann, Designing Data-Intensive Applications (2017), ch. 9.
	NoWriteBack Bug = 1 << iota

	// OnePhaseWrites gives a value the tag that follows the one which the node has itself,
	// and asks nobody for a newer one, as the register for a single writer does: of two writers, the one who
	// knows less is not heard. Attiya, Bar-Noy and Dolev 1995, §5, is for one writer alone.
	OnePhaseWrites

	// AckBeforeSync acknowledges what is not yet on the disk.
	// https://jepsen.io/analyses/nats-2.12.1
	AckBeforeSync
)

var bugs = []struct {
	bug       Bug
	name, doc string
}{
	{NoWriteBack, "no-write-back", "a read returns what a quorum has, and does not write it back"},
	{OnePhaseWrites, "one-phase-writes", "a write asks nobody for the newest tag"},
	{AckBeforeSync, "ack-before-sync", "values are acknowledged before they are on the disk"},
}

// BugNames lists the bugs by name, with what each does.
func BugNames() (names, docs []string) {
	for _, b := range bugs {
		names, docs = append(names, b.name), append(docs, b.doc)
	}
	return names, docs
}

// ParseBug returns the bugs of a comma-separated list of names.
func ParseBug(list string) (Bug, error) {
	var all Bug
	for name := range strings.SplitSeq(list, ",") {
		if name == "" || name == "none" {
			continue
		}
		bug, err := parseOne(name)
		if err != nil {
			return 0, err
		}
		all |= bug
	}
	return all, nil
}

func parseOne(name string) (Bug, error) {
	for _, b := range bugs {
		if b.name == name {
			return b.bug, nil
		}
	}
	names, _ := BugNames()
	return 0, fmt.Errorf("registerkv has no bug %q; it has %s", name, strings.Join(names, ", "))
}

// String returns the names of the bugs, comma-separated, or none.
func (b Bug) String() string {
	var names []string
	for _, x := range bugs {
		if b&x.bug != 0 {
			names = append(names, x.name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ",")
}
