// Package rediskv has clients of a Redis by go-redis as it comes: with its own pool, hello, notifications and timeouts. The
// Redis is miniredis on node n1.
//
// A value is written by SET and swapped by WATCH and MULTI; a counter is added to by INCRBY. No command is tried again, since none
// of those that write may be done twice. [Store] has mistakes that users of go-redis make, off by default;
// docs/reference/bugs.md says which seeds find each.
//
// A seed repeats a run under "capsize test". In a stock build most do: what go-redis draws for itself is from a source
// that is not of the run, and it asks the machine's resolver who n1 is.
package rediskv
