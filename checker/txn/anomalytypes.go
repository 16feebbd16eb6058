package txn

import "strings"

// An AnomalyType is one way to break models, by the name that Elle has for it where Elle has one.
type AnomalyType struct {
	Name string // "G2-item"
	Also string // what it is commonly called: "write skew"; may be empty
	Doc  string // one sentence in plain words
}

var anomalyTypes = []AnomalyType{
	{"G0", "dirty write", "Two transactions overwrote each other: a cycle of writes that replaced others."},
	{"G1a", "aborted read", "A transaction read what a failed one wrote."},
	{"G1b", "intermediate read", "A transaction read what its writer wrote over again before it ended."},
	{"G1c", "circular information flow", "Transactions each depend on what another wrote: a cycle of writes that replaced or were read."},
	{"G-single-item", "read skew", "A transaction saw a part of what others did and missed a part: a cycle with one anti-dependency."},
	{"G-nonadjacent-item", "long fork", "Two transactions saw writes in different orders: a cycle with anti-dependencies, no two of them side by side."},
	{"G2-item", "write skew", "Transactions each read what another was about to replace: a cycle with anti-dependencies side by side."},
	{"G-single", "phantom", "As G-single-item, with a read by predicate."},
	{"G-nonadjacent", "phantom", "As G-nonadjacent-item, with a read by predicate."},
	{"G2", "phantom", "As G2-item, with a read by predicate."},
	{"lost-update", "lost update", "A transaction wrote a key that another had written since it read it."},
	{"dirty-update", "dirty update", "A transaction committed a version on top of one of a failed transaction."},
	{"garbage-read", "garbage read", "A transaction read a value that none wrote."},
	{"internal", "internal inconsistency", "A transaction contradicts what it read or wrote itself before."},
	{"future-read", "future read", "A transaction read what it wrote only later."},
	{"duplicate-elements", "", "A list holds a value twice that was appended once."},
	{"incompatible-order", "", "Two reads of a list are no prefixes of one another."},
	{"cyclic-versions", "", "What is known of the order of versions of a key is a cycle."},
	{"non-atomic-view", "", "A transaction saw a part of another, and missed a part in a later read."},
	{"fractured-read", "fractured read", "A transaction saw a part of another and missed a part."},
	{"update-not-seen", "", "A transaction wrote a key after another without seeing the rest of what that one wrote."},
	{"causality-violation", "", "A transaction saw another, and missed what that one had seen."},
	{"session-causality-violation", "", "A transaction saw another, and missed what that one or its session had seen or done before."},
	{"own-write-unseen", "", "A transaction missed what its session had written."},
	{"non-monotonic-reads", "", "A transaction missed what its session had read."},
	{"non-monotonic-writes", "", "A transaction saw a write of a session, and missed an earlier one of it."},
	{"writes-before-reads", "", "A transaction saw a write of a session, and missed what that session had read before."},
	{"own-row-unseen", "", "A transaction read by a predicate without a row that it had written itself."},
	{"predicate-mismatch", "", "A read by predicate returned a row that does not match."},
	{"predicate-read-miss", "", "A read by predicate returned no version of a row of which all match."},
	{"stale-key", "", "The transactions on one key have no order that explains them and keeps real time."},
}

// AnomalyTypes returns the types of anomalies. Those of cycles, which begin with G and a number or "G-", have variants: one that needs
// the order of a session has -process behind it, and one that needs real time -realtime.
func AnomalyTypes() []AnomalyType { return append([]AnomalyType(nil), anomalyTypes...) }

// AnomalyDoc returns what is known of a type of anomaly, or of a variant of it.
func AnomalyDoc(name string) (AnomalyType, bool) {
	base := strings.TrimSuffix(strings.TrimSuffix(name, "-process"), "-realtime")
	for _, t := range anomalyTypes {
		if t.Name != base {
			continue
		}
		switch {
		case strings.HasSuffix(name, "-process"):
			t.Doc = strings.TrimSuffix(t.Doc, ".") + ", if the order of sessions counts."
		case strings.HasSuffix(name, "-realtime"):
			t.Doc = strings.TrimSuffix(t.Doc, ".") + ", if real time counts."
		}
		t.Name = name
		return t, true
	}
	return AnomalyType{}, false
}
