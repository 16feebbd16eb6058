package txn

import (
	"github.com/capsize-go/capsize/checker"
)

// A Kind says what transactions read and write.
type Kind uint8

const (
	Lists      Kind = iota // appends to lists, and reads of them: list-append
	Registers              // writes and reads of registers: rw-register
	Predicates             // rows that are inserted, written and deleted, and reads of all that match: predicate
)

// Options say how a history is judged. The zero value judges a history of lists by every model.
type Options struct {
	Kind   Kind
	Models []Model // those to judge; all if empty
	Steps  int     // how many steps a search may take, where a model needs one; 0 is 20 million. Never wall time, so that a verdict repeats

	// What is known of registers beside their values. Without them only reads tell which write came first.
	LinearizableKeys bool // each key is linearizable: real time orders its versions
	SequentialKeys   bool // each key is sequential: sessions order its versions
}

// An EdgeKind is the kind of a dependency.
type EdgeKind uint8

const (
	WW EdgeKind = 1 << iota // a write depends on the one that it overwrote
	WR                      // a read depends on the write that it saw
	RW                      // a write depends on the read that did not see it: an anti-dependency
	SO                      // a transaction follows another of its session
	RT                      // a transaction began after another had ended
)

// An Edge is a dependency of one transaction on another, with what was observed.
type Edge struct {
	From, To    int32 // indexes in History.Txns
	Kind        EdgeKind
	Predicate   bool   // a read by predicate made it
	Key         string // what both touched; empty for SO and RT
	Value, Next string // the version of Key at From, and that at To
	Reason      Text   // one sentence without the names of the two: "read x as [1], without 5"
}

// An Anomaly is one way in which a history breaks models.
type Anomaly struct {
	Type   string  // as Elle names it: G0, G1a, G-single-item-realtime, lost-update; see [AnomalyTypes]
	Breaks []Model // the weakest models that it breaks
	Reason Text    // one sentence in plain words
	Txns   []int32 // the transactions that show it, in the order of the cycle
	Edges  []Edge  // of a cycle: from each of Txns to the next, and from the last to the first
	Key    string  // of an anomaly of one key
	Count  int     // how many of this type were seen, at least
	Cases  []Case  // of one that no single cycle shows: what follows from each order of writes that nothing observed decides
}

// A Case is a cycle that follows if some writes came in an order that is assumed.
type Case struct {
	Assumed []Edge // from the earlier write to the later
	Cycle   []Edge
}

// A Finding is what is known of one model.
type Finding struct {
	Model   Model
	Verdict checker.Verdict
	Anomaly int    // index in Report.Anomalies of the smallest that shows it; -1 if it is not Invalid
	Reason  string // why it is Unknown
}

// A Report is what [levels.Judge] found.
type Report struct {
	Anomalies []Anomaly // sorted by type, then by the transactions
	Findings  []Finding // in the order of the table of models, the weakest first
	Strongest []Model   // the strongest models that hold
	Weakest   []Model   // the weakest models that do not
	Judged    int       // how many transactions were judged
}

// Finding returns what is known of a model. It is unknown if it was not judged.
func (r *Report) Finding(m Model) Finding {
	for _, f := range r.Findings {
		if f.Model == m {
			return f
		}
	}
	return Finding{Model: m, Verdict: checker.Unknown, Anomaly: -1, Reason: "it was not judged"}
}
