package cdn

import "github.com/capsize-go/capsize/internal/bugset"

// A Bug is a set of mistakes for the caches of a [Stack] to make.
type Bug uint

const (
	// IgnoreAge has a cache count from when an answer reached it, whatever its Age and Date say, and not tell
	// others how old it is: then lifetimes add up. RFC 9111, §4.2.3.
	// https://github.com/guzzle/cache-subscriber/issues/59
	IgnoreAge Bug = 1 << iota

	// IgnoreVary has a cache give the answer to one request to another that differs in what the answer depends on. RFC 9111, §4.1.
	// https://github.com/ujeenet/rustango/issues/1251
	IgnoreVary

	// StorePrivate has a shared cache store what is for one user, as a rule to "cache everything" does. RFC 9111, §5.2.2.7.
	// Steam, December 25, 2015: a change of how pages were cached had users see those of others.
	StorePrivate

	// CoalescePrivate has a cache give all who wait for one load its answer, also if it is not to be shared: request
	// collapsing that looks at what it got too late. RFC 9111, §4.
	// https://github.com/unjs/ocache/issues/61
	CoalescePrivate

	// NoEpoch has a cache store what a purge should have dropped, had it been there already: the load was under
	// way when the purge came. It also has those who ask after the purge join that load.
	// https://github.com/varnishcache/varnish-cache/pull/4082
	NoEpoch
)

var bugs = bugset.New("cdn",
	bugset.Of(IgnoreAge, "ignore-age", "caches count the age of an answer from its arrival, and do not pass its age on"),
	bugset.Of(IgnoreVary, "ignore-vary", "caches do not look at what an answer depends on"),
	bugset.Of(StorePrivate, "store-private", "shared caches store answers that are private to one user"),
	bugset.Of(CoalescePrivate, "coalesce-private", "all requests that wait for one load get its answer, even if it is private to one user"),
	bugset.Of(NoEpoch, "no-epoch", "a load that was under way when a purge came is stored after it"),
)

// BugNames lists the bugs by name, with what each does.
func BugNames() (names, docs []string) { return bugs.Names() }

// ParseBug returns the bugs of a comma-separated list of names.
func ParseBug(list string) (Bug, error) { return bugs.Parse(list) }

// String returns the names of the bugs, comma-separated, or none.
func (b Bug) String() string { return bugs.Text(b) }
