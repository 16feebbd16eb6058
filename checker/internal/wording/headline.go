package wording

import (
	"context"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
)

// A headline says the result of a checker in a few words.
type headline struct {
	Broken string // of an invalid result
	What   string // of an unknown one: what could not be judged
}

// Headlines are those of the checkers of this package, by their names. Checkers of others set
// [checker.Result.Broken].
var Headlines = map[string]headline{
	"linearizable":        {"not linearizable", "linearizability"},
	"sequential":          {"not sequentially consistent", "sequential consistency"},
	"causal":              {"not causally consistent", "causal consistency"},
	"causal-convergent":   {"not causally convergent", "causal convergence"},
	"causal-memory":       {"not causally consistent (causal memory)", "causal memory"},
	"pram":                {"not PRAM consistent", "PRAM consistency"},
	"2-atomic":            {"a read was more than one write behind", "staleness of at most one write"},
	"convergent":          {"replicas did not converge", "convergence"},
	"read-your-writes":    {"a session did not read its own writes", "reads of own writes"},
	"monotonic-reads":     {"a session read back in time", "the order of reads in a session"},
	"monotonic-writes":    {"writes of a session were seen out of order", "the order of writes in a session"},
	"writes-follow-reads": {"a write was seen without the write that it followed", "the order of writes after reads"},
	"monotonic":           {"values went backwards", "the order of values"},
	"lost":                {"writes were lost", "lost writes"},
	"staleness":           {"a value was read that was never written", "staleness"},
	"consistency":         {"no consistency model holds", "consistency"},
	"unique-ids":          {"an id was given twice", "uniqueness of ids"},
	"set":                 {"the set lost or invented elements", "the elements of the set"},
	"set-full":            {"the set lost or invented elements", "the elements of the set"},
	"counter":             {"the counter was out of bounds", "the counter"},
	"queue":               {"the queue gave out what was never put in", "the elements of the queue"},
	"total-queue":         {"the queue lost or invented elements", "the elements of the queue"},
	"bank":                {"the total of the accounts was wrong", "the total of the accounts"},
	"long-fork":           {"long fork found", "long forks"},
	"causal-reverse":      {"a write was seen without an earlier one", "the order of writes"},
	"stats":               {"too many calls failed or were too slow", "availability and latency"},
	"availability":        {"too many calls failed", "availability"},
	"latency":             {"calls were too slow", "latency"},
	"rate":                {"there were too few calls a second", "the rate of calls"},
	"fresh":               {"stale reads", "freshness of reads"},
	"cache-sessions":      {"a process read back in time", "the order of reads of a process"},
	"own-writes":          {"a process did not read its own writes", "reads of own writes"},
	"foreign":             {"a response for another user was served", "foreign responses"},
	"aged":                {"an expired copy was served", "ages of copies"},
	"coalesced":           {"a key was loaded too often", "the number of loads"},
	"answered":            {"a request did not end in time", "the ends of requests"},
	"leaks":               {"a resource was never given back", "leaks of resources"},
	"detected":            {"a failing node was not detected in time", "the detection of failures"},
	"unrelated":           {"a failure reached unrelated requests", "the reach of failures"},
	"amplification":       {"retries multiplied the load", "the load by retries"},
	"recovers":            {"goodput did not recover", "recovery"},
	"admitted":            {"more was admitted than allowed", "what was admitted"},
	"balanced":            {"the load was not balanced", "the balance of the load"},
	"orphans":             {"work went on that no request waited for", "orphaned work"},
	"effects":             {"a request did not take effect exactly once", "the effects of requests"},
	"revoked":             {"access went on after it was revoked", "revocation"},
	"in-flight":           {"more was held at once than allowed", "what was held at once"},
	"parts":               {"an incomplete answer did not say so", "completeness of answers"},
}

// Worded sets Broken and Undecided of a result to the headlines of the checker of that name, where they are empty.
func Worded(r checker.Result, name string) checker.Result {
	h, ok := Headlines[name]
	if ok && r.Broken == "" {
		r.Broken = h.Broken
	}
	if ok && r.Undecided == "" {
		r.Undecided = h.What + " could not be judged"
	}
	return r
}

// Named returns the checker with all its results [Worded].
func Named(name string, c checker.Checker) checker.Checker {
	return checker.Func(func(ctx context.Context, h *history.History) checker.Result { return Worded(c.Check(ctx, h), name) })
}
