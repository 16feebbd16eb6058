// Package guide has a hunt learn from its runs: beside fresh seeds it runs mutated plans of earlier runs.
//
// A hunt asks a [Corpus] for its runs. Some are fresh seeds, as in a hunt without guidance and in the same order. The others are mutated: the plan of an earlier
// run with a fault dropped, added, moved, made longer or shorter, or drawn anew, spliced or overlaid with another plan, mostly with another seed. Faults are moved anywhere, or to
// about an instant of interest of the earlier run: when a fault began or ended, a leader changed, or calls succeeded again.
//
// [Signal.Observe] says what a run did, as a set of features: what the history shows, which messages went between which roles, or which states the cluster was in. A run with a feature
// that no run had before, or fewer than one in a hundred, joins the corpus. Those with many features are the parents of more runs. Failures do not join: their neighbours
// would find them again.
//
// All draws are keyed by the seed of the campaign and the index of the run, so a hunt with one worker repeats. The corpus is bounded, and is kept as lines of JSON.
//
// The method is that of coverage-guided fuzzers, with features of distributed systems in place of branches: Meng, Pîrlea, Roychoudhury and Sergey,
// Greybox Fuzzing of Distributed Systems, CCS 2023, have happens-before summaries, and Gulcan et al., Model-guided Fuzzing of Distributed Systems, OOPSLA 2025, abstract states.
// Whether it finds more than fresh seeds in the same processor time is measured by internal/guidance; docs/reference/guidance.md has the numbers.
//
// A correct system withstands what a nemesis plans, and no more. So a mutated plan stays within what the nemesis does: see [Envelope].
package guide
