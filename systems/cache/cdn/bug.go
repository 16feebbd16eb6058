package cdn

import "github.com/capsize-go/capsize/internal/bugset"

// A Bug is a set of mistakes for the caches of a [Stack] to make.
type Bug uint

const (
	// IgnoreAge makes a cache count age from the arrival of a response, ignore its Age and Date, and send no
	// Age: then lifetimes add up. RFC 9111, §4.2.3.
	// https://github.com/guzzle/cache-subscriber/issues/59
	IgnoreAge Bug = 1 << iota

	// IgnoreVary makes a cache reuse a response for a request that differs in a header which Vary names. RFC 9111, §4.1.
	// https://github.com/ujeenet/rustango/issues/1251
	IgnoreVary

	// StorePrivate makes a shared cache store what is for one user, as a rule to "cache everything" does. RFC 9111, §5.2.2.7.
	// Steam, December 25, 2015: a change of how pages were cached had users see those of others.
	StorePrivate

	// CoalescePrivate makes a cache send the response of one load to all requests that wait for it, also if it must not be
	// shared: request collapsing that checks the response too late. RFC 9111, §4.
	// https://github.com/unjs/ocache/issues/61
	CoalescePrivate

	// NoEpoch makes a cache store the response of a load that was pending when a purge came, and lets requests after the
	// purge join that load.
	// https://github.com/varnishcache/varnish-cache/pull/4082
	NoEpoch
)

// Bugs are all bugs by their names, with what each does.
var Bugs = bugset.New("cdn",
	bugset.Of(IgnoreAge, "ignore-age", "caches count the age of an answer from its arrival, and do not pass its age on"),
	bugset.Of(IgnoreVary, "ignore-vary", "caches do not look at what an answer depends on"),
	bugset.Of(StorePrivate, "store-private", "shared caches store answers that are private to one user"),
	bugset.Of(CoalescePrivate, "coalesce-private", "all requests that wait for one load get its answer, even if it is private to one user"),
	bugset.Of(NoEpoch, "no-epoch", "a load that was under way when a purge came is stored after it"),
)

// String returns the names of the bugs, comma-separated, or none.
func (b Bug) String() string { return Bugs.Text(b) }
