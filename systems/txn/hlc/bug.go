package hlc

import "github.com/capsize-go/capsize/internal/bugset"

// A Bug is a set of mistakes for a [Store] to make.
type Bug uint

const (
	// NoUncertainty has reads take their timestamp for the truth: what a faster clock wrote before they began, under a later
	// timestamp, they do not see. So a client does not see what another one was answered, and cause and effect may come in the wrong
	// order. CockroachDB keeps uncertainty windows for that; what they do not cover is called a causal reverse there.
	// https://www.cockroachlabs.com/blog/living-without-atomic-clocks/
	NoUncertainty Bug = 1 << iota

	// ForgetReads has a new leader of a range begin with an empty timestamp cache, so that it accepts writes below the timestamps of
	// reads that its predecessor has answered. CockroachDB did so in the beta versions that Jepsen tested in 2016.
	// https://jepsen.io/analyses/cockroachdb-beta-20160829
	ForgetReads

	// TightOffset has the store believe that clocks are at most 5 ms apart, which they are not: CockroachDB's --max-offset is
	// to be set by its operator, and clocks beyond it may give stale reads.
	// https://www.cockroachlabs.com/docs/stable/operational-faqs#what-happens-when-node-clocks-are-not-properly-synchronized
	TightOffset

	// SkipRefresh has a transaction whose writes were moved to a later timestamp commit there without a look at whether what it read
	// has changed up to then: of two such transactions each may miss the write of the other. It is what CockroachDB calls a
	// read refresh, and a store that leaves it out is not serializable.
	// https://www.cockroachlabs.com/docs/stable/architecture/transaction-layer#read-refreshing
	SkipRefresh
)

// Bugs are all bugs by their names, with what each does.
var Bugs = bugset.New("hlc",
	bugset.Of(NoUncertainty, "no-uncertainty", "reads do not see what a faster clock has written before they began"),
	bugset.Of(ForgetReads, "forget-reads", "a new leader of a range accepts writes below the timestamps of reads that were answered"),
	bugset.Of(TightOffset, "tight-offset", "clocks are taken to be within 5 ms of one another"),
	bugset.Of(SkipRefresh, "skip-refresh", "a transaction whose writes were moved to a later time commits without a second look at what it read"),
)

// String returns the names of the bugs, comma-separated, or none.
func (b Bug) String() string { return Bugs.Text(b) }
