// Package guide has a hunt learn from its runs: beside fresh seeds it runs mutated plans, of runs that did what no run before them did.
//
// A hunt asks a [Corpus] for its runs. Of these, some are fresh seeds, as in a hunt without guidance and in the same order, and a share of them
// are mutated: the plan of an earlier run with a fault dropped, added, moved, made longer or shorter, drawn anew, spliced with another plan, or the same plan
// with another seed. [Observe] says what a run did, as a set of features, by one of the signals: what the history shows, which messages went between which roles, or which
// states the cluster was in. A run with a feature that no run had before joins the corpus, and those with rare features have more descendants. Failures do not join it:
// their neighbours would find them again.
//
// The method is that of coverage-guided fuzzing, with the rareness of features as energy (Böhme, Manès and Cha, Boosting Fuzzer Efficiency, ESEC/FSE
// 2020) and with features of distributed systems (Meng, Pîrlea, Roychoudhury and Sergey, Greybox Fuzzing of Distributed Systems, CCS 2023; Gulcan et al.,
// Model-guided Fuzzing of Distributed Systems, OOPSLA 2025). Whether it finds more than fresh seeds in the same time is measured by internal/guidance, and
// docs/reference/guidance.md has the numbers.
//
// A correct system withstands what a nemesis plans, and no more. So a mutated plan stays within what the nemesis does: see [Envelope].
package guide
