package psi

import "github.com/capsize-go/capsize/internal/bugset"

// A Bug is a set of mistakes for a [Store] to make.
type Bug uint

const (
	// NoConflictCheck has a site commit what it likes, and ask no preferred site: of two transactions that replace the same
	// version both commit, and one is lost. Multi-master replication where the last writer wins does that. Galera claimed snapshot
	// isolation without first-committer-wins on what was read.
	// https://aphyr.com/posts/327-jepsen-mariadb-galera-cluster
	NoConflictCheck Bug = 1 << iota

	// DropSnapshots has a site that passes on a transaction of another site leave out the snapshot that it was made on: who gets it
	// applies it at once, before what its client had seen. Lloyd et al., Don't Settle for Eventual (COPS, SOSP 2011), §2, is about
	// what goes wrong then.
	// https://www.cs.cmu.edu/~dga/papers/cops-sosp2011.pdf
	DropSnapshots

	// VolatileLocks has a preferred site keep its votes in memory only: after a crash it votes for another transaction on
	// the same version. Participants of two-phase commit must write a yes down first: Gray, Notes on Data Base Operating
	// Systems (1978).
	// https://doi.org/10.1007/3-540-08755-9_9
	VolatileLocks
)

// Bugs are all bugs by their names, with what each does.
var Bugs = bugset.New("psi",
	bugset.Of(NoConflictCheck, "no-conflict-check", "a site commits without a look at what others commit on the same keys"),
	bugset.Of(DropSnapshots, "drop-snapshots", "a site passes on transactions of others without the snapshots that they depend on"),
	bugset.Of(VolatileLocks, "volatile-locks", "a preferred site forgets in a crash what it has voted for"),
)

// String returns the names of the bugs, comma-separated, or none.
func (b Bug) String() string { return Bugs.Text(b) }
