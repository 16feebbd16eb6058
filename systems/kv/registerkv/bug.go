package registerkv

import "github.com/capsize-go/capsize/internal/bugset"

// A Bug is a set of mistakes for a [Store] to make.
type Bug uint

const (
	// NoWriteBack returns what a quorum of reads has, without writing it back: a value that
	// is being written may be seen by one read and not by the next. Quorums with R + W > N
	// guarantee no more, and are what Dynamo's descendants offer. DeCandia et al., Dynamo (SOSP 2007), §4.5;
	// Kleppmann, Designing Data-Intensive Applications (2017), ch. 9.
	NoWriteBack Bug = 1 << iota

	// OnePhaseWrites gives a value the tag that follows the node's own,
	// without a query for a newer one, as the register for a single writer does: of two writers, the one with the older
	// tag loses its write. Attiya, Bar-Noy and Dolev 1995, §5, is for one writer only.
	OnePhaseWrites

	// AckBeforeSync acknowledges what is not yet on the disk.
	// https://jepsen.io/analyses/nats-2.12.1
	AckBeforeSync
)

// Bugs are all bugs by their names, with what each does.
var Bugs = bugset.New("registerkv",
	bugset.Of(NoWriteBack, "no-write-back", "a read returns what a quorum has, and does not write it back"),
	bugset.Of(OnePhaseWrites, "one-phase-writes", "a write does not ask for the newest tag"),
	bugset.Of(AckBeforeSync, "ack-before-sync", "values are acknowledged before they are on the disk"),
)

// String returns the names of the bugs, comma-separated, or none.
func (b Bug) String() string { return Bugs.Text(b) }
