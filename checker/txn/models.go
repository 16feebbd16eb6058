package txn

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/internal/names"
)

// A Model is a consistency model of transactions, by its name in this package: "serializable".
type Model string

// The models, the weaker before the stronger. [Model.Implies] says what follows from what, and [Model.Doc] what each is.
const (
	ReadYourWrites                         Model = "read-your-writes"
	MonotonicReads                         Model = "monotonic-reads"
	MonotonicWrites                        Model = "monotonic-writes"
	WritesFollowReads                      Model = "writes-follow-reads"
	PRAM                                   Model = "pram"
	ReadUncommitted                        Model = "read-uncommitted"
	StrongSessionReadUncommitted           Model = "strong-session-read-uncommitted"
	StrongReadUncommitted                  Model = "strong-read-uncommitted"
	ReadCommitted                          Model = "read-committed"
	StrongSessionReadCommitted             Model = "strong-session-read-committed"
	StrongReadCommitted                    Model = "strong-read-committed"
	CursorStability                        Model = "cursor-stability"
	MonotonicAtomicView                    Model = "monotonic-atomic-view"
	UpdateAtomic                           Model = "update-atomic"
	ReadAtomic                             Model = "read-atomic"
	CausalCerone                           Model = "causal-cerone"
	Causal                                 Model = "causal"
	ConsistentView                         Model = "consistent-view"
	UpdateSerializable                     Model = "update-serializable"
	ParallelSnapshotIsolation              Model = "parallel-snapshot-isolation"
	StrongSessionParallelSnapshotIsolation Model = "strong-session-parallel-snapshot-isolation"
	Prefix                                 Model = "prefix"
	SnapshotIsolation                      Model = "snapshot-isolation"
	RepeatableRead                         Model = "repeatable-read"
	Serializable                           Model = "serializable"
	StrongSessionSnapshotIsolation         Model = "strong-session-snapshot-isolation"
	StrongSnapshotIsolation                Model = "strong-snapshot-isolation"
	StrongSessionSerializable              Model = "strong-session-serializable"
	PerKeyStrictSerializable               Model = "per-key-linearizable-serializable"
	StrictSerializable                     Model = "strict-serializable"
)

// A Rule says which cycles of dependencies a model forbids.
type Rule uint8

const (
	NoRule     Rule = iota // none: the model is judged by more than cycles
	RuleWW                 // of ww
	RuleWWWR               // of ww and wr
	RuleCursor             // as RuleWWWR, and unread writes are ordered so that no update is lost
	RuleAtomic             // as RuleCursor, and so that no transaction is seen in part
	RuleSingle             // with one rw at most
	RuleUpdate             // of transactions that write, and at most one that only reads
	RulePrefix             // in which no rw follows directly on rw or ww
	RuleSI                 // in which no rw follows directly on rw
	RuleAny                // any
)

// A Spec is a row of the table of models.
type Spec struct {
	Model   Model
	Rule    Rule
	More    bool     // the rule is not all: what the model forbids beside it has to be looked for
	Also    EdgeKind // the orders that count as dependencies: SO, or SO|RT
	Direct  []Model  // those that it implies, without those that they imply
	Items   []Model  // those that it implies beside them of histories without reads by predicate
	Forbids []string // types of anomalies, beside those that the implied models forbid
	names   []string // what others call it
	doc     string   // one sentence, and its source
}

const (
	adya  = " (Adya, Weak Consistency, 1999)"
	terry = " (Terry et al., Session Guarantees for Weakly Consistent Replicated Data, PDIS 1994)"
	biswa = " (Biswas and Enea, On the Complexity of Checking Transactional Consistency, OOPSLA 2019)"
	ceron = " (Cerone, Bernardi and Gotsman, A Framework for Transactional Consistency Models with Atomic Visibility, CONCUR 2015)"
	daudj = " (Daudjee and Salem, Lazy Database Replication with Snapshot Isolation, VLDB 2006)"
)

// Table has each model after those that it implies.
var Table = []Spec{
	{Model: ReadYourWrites, Forbids: []string{"own-write-unseen"}, names: []string{"ryw"},
		doc: "A transaction sees what its session wrote before" + terry},
	{Model: MonotonicReads, Forbids: []string{"non-monotonic-reads"}, names: []string{"mr"},
		doc: "A transaction sees what its session read before" + terry},
	{Model: MonotonicWrites, Forbids: []string{"non-monotonic-writes"}, names: []string{"mw"},
		doc: "A transaction that sees a write of a session sees the writes of that session before it" + terry},
	{Model: WritesFollowReads, Forbids: []string{"writes-before-reads"}, names: []string{"wfr"},
		doc: "A transaction that sees a write of a session sees what that session had read before it" + terry},
	{Model: PRAM, Direct: []Model{ReadYourWrites, MonotonicReads, MonotonicWrites}, names: []string{"pipelined-ram", "fifo"},
		doc: "Read your writes, monotonic reads and monotonic writes (Lipton and Sandberg, PRAM, 1988; Brzezinski et al. 2004)"},
	{Model: ReadUncommitted, Rule: RuleWW, Forbids: []string{"duplicate-elements", "cyclic-versions"}, names: []string{"PL-1"},
		doc: "Writes of two transactions are in one order on all keys" + adya},
	{Model: StrongSessionReadUncommitted, Rule: RuleWW, Also: SO, Direct: []Model{ReadUncommitted}, names: []string{"strong-session-PL-1"},
		doc: "Read uncommitted, and the order of writes keeps that of sessions" + adya},
	{Model: StrongReadUncommitted, Rule: RuleWW, Also: SO | RT, Direct: []Model{StrongSessionReadUncommitted}, names: []string{"strong-PL-1"},
		doc: "Read uncommitted, and the order of writes keeps real time" + adya},
	{Model: ReadCommitted, Rule: RuleWWWR, Direct: []Model{ReadUncommitted}, names: []string{"PL-2"},
		Forbids: []string{"G1a", "G1b", "garbage-read", "incompatible-order", "dirty-update", "future-read"},
		doc:     "No transaction reads what was aborted, overwritten by its own writer, or depends on itself" + adya},
	{Model: StrongSessionReadCommitted, Rule: RuleWWWR, Also: SO, Direct: []Model{ReadCommitted, StrongSessionReadUncommitted},
		names: []string{"strong-session-PL-2"},
		doc:   "Read committed, and the flow of information keeps the order of sessions" + adya},
	{Model: StrongReadCommitted, Rule: RuleWWWR, Also: SO | RT, Direct: []Model{StrongSessionReadCommitted, StrongReadUncommitted},
		names: []string{"strong-PL-2"},
		doc:   "Read committed, and the flow of information keeps real time" + adya},
	{Model: CursorStability, Rule: RuleCursor, Direct: []Model{ReadCommitted}, Forbids: []string{"lost-update"}, names: []string{"PL-CS", "G-cursor"},
		doc: "Between reading a key and writing it, no other transaction writes it" + adya},
	{Model: MonotonicAtomicView, Direct: []Model{ReadCommitted}, Forbids: []string{"non-atomic-view"}, names: []string{"mav"},
		doc: "Once a transaction has seen another, its later reads see all of it (Bailis et al., Highly Available Transactions, VLDB 2013)"},
	{Model: UpdateAtomic, Rule: RuleAtomic, More: true, Direct: []Model{CursorStability, MonotonicAtomicView},
		Forbids: []string{"internal", "own-row-unseen", "fractured-read", "update-not-seen"},
		doc:     "A transaction sees others wholly or not at all, and those that wrote its keys before it" + ceron},
	{Model: ReadAtomic, Direct: []Model{MonotonicAtomicView, StrongSessionReadCommitted, ReadYourWrites}, Forbids: []string{"internal", "own-row-unseen", "fractured-read"}, names: []string{"ra"},
		doc: "A transaction sees others wholly or not at all, and those of its session before it" + biswa},
	{Model: CausalCerone, Direct: []Model{MonotonicAtomicView}, Forbids: []string{"internal", "own-row-unseen", "fractured-read", "causality-violation"},
		doc: "A transaction that sees another sees what that one saw; sessions count for nothing" + ceron},
	{Model: Causal, Direct: []Model{ReadAtomic, CausalCerone, PRAM, WritesFollowReads}, Forbids: []string{"session-causality-violation"},
		names: []string{"cc", "causal-consistency", "causal-convergence"},
		doc:   "A transaction that sees another sees what that one saw, and what came before that one in its session" + biswa},
	{Model: ConsistentView, Rule: RuleSingle, Direct: []Model{CursorStability, MonotonicAtomicView}, names: []string{"PL-2+"},
		doc: "No cycle of dependencies has one anti-dependency only" + adya},
	{Model: UpdateSerializable, Rule: RuleUpdate, Direct: []Model{ConsistentView}, names: []string{"PL-3U"},
		doc: "Transactions that write are serializable, also together with any one that only reads" + adya},
	{Model: ParallelSnapshotIsolation, Rule: RuleSingle, Direct: []Model{UpdateAtomic, CausalCerone, ConsistentView}, names: []string{"psi"},
		doc: "Each reads a causal snapshot, and of two that write a key one sees the other " +
			"(Sovran et al., Transactional storage for geo-replicated systems, SOSP 2011; Cerone and Gotsman 2018)"},
	{Model: StrongSessionParallelSnapshotIsolation, Rule: RuleSingle, Also: SO, Direct: []Model{ParallelSnapshotIsolation, Causal},
		names: []string{"strong-session-psi"},
		doc:   "Parallel snapshot isolation, and each sees what came before it in its session (Cerone and Gotsman, Analysing Snapshot Isolation, 2018)"},
	{Model: Prefix, Rule: RulePrefix, Also: SO, Direct: []Model{Causal}, names: []string{"pc", "prefix-consistency"},
		doc: "Transactions commit in one order, and each reads a prefix of it that has its session's" + biswa},
	{Model: SnapshotIsolation, Rule: RuleSI, Direct: []Model{ParallelSnapshotIsolation}, names: []string{"PL-SI", "si", "generalized-snapshot-isolation"},
		doc: "Transactions commit in one order, each reads a prefix of it, and of two at the same time at most one writes a key (Cerone and Gotsman 2018)"},
	{Model: RepeatableRead, Rule: RuleAny, Direct: []Model{CursorStability}, Items: []Model{UpdateSerializable}, names: []string{"PL-2.99"},
		doc: "No cycle of dependencies, but for those that come of reads by predicate" + adya},
	{Model: Serializable, Rule: RuleAny, Direct: []Model{RepeatableRead, UpdateSerializable, SnapshotIsolation},
		names: []string{"PL-3", "conflict-serializable", "view-serializable", "1SR", "ser"},
		doc:   "There is one order of all transactions that explains what each read" + adya},
	{Model: StrongSessionSnapshotIsolation, Rule: RuleSI, Also: SO,
		Direct: []Model{SnapshotIsolation, StrongSessionParallelSnapshotIsolation, Prefix, StrongSessionReadCommitted}, names: []string{"strong-session-si", "strong-session-PL-SI"},
		doc: "Snapshot isolation, and each sees what came before it in its session" + daudj},
	{Model: StrongSnapshotIsolation, Rule: RuleSI, Also: SO | RT, Direct: []Model{StrongSessionSnapshotIsolation, StrongReadCommitted},
		names: []string{"strong-si", "strong-PL-SI"},
		doc:   "Snapshot isolation, and each sees all that had ended before it began" + daudj},
	{Model: StrongSessionSerializable, Rule: RuleAny, Also: SO, Direct: []Model{Serializable, StrongSessionSnapshotIsolation},
		names: []string{"session-serializable", "strong-session-1SR", "strong-session-PL-3"},
		doc:   "Serializable, and the order keeps that of sessions" + daudj},
	{Model: PerKeyStrictSerializable, Direct: []Model{Serializable}, Forbids: []string{"stale-key"}, names: []string{"per-key-strict-serializable"},
		doc: "Serializable, and the transactions on each key alone are strictly so (as CockroachDB promises; elle issue 27)"},
	{Model: StrictSerializable, Rule: RuleAny, Also: SO | RT,
		Direct: []Model{StrongSessionSerializable, StrongSnapshotIsolation, PerKeyStrictSerializable},
		names:  []string{"PL-SS", "strong-serializable", "strong-PL-3", "ssr", "strong-1SR"},
		doc:    "Serializable, and the order keeps real time (Papadimitriou 1979; Herlihy and Wing 1990)"},
}

// refused says of names that others have why they are no models here.
var refused = map[string]string{
	"linearizable":            "it is a model of single operations; of transactions it is strict-serializable",
	"sequential":              "it is a model of single operations; of transactions it is strong-session-serializable",
	"monotonic-view":          "it orders the reads inside of a transaction, which histories do not tell apart well; consistent-view implies it",
	"forward-consistent-view": "it depends on when transactions began inside of the database; snapshot-isolation implies it",
	"monotonic-snapshot-read": "it depends on when single reads happened inside of the database; snapshot-isolation implies it",
}

// refusedAs has other spellings of the names in refused.
var refusedAs = map[string]string{"pl-2l": "monotonic-view", "pl-fcv": "forward-consistent-view", "pl-msr": "monotonic-snapshot-read"}

var (
	Position = map[Model]int{}    // of each model in the table
	implied  = map[Model][]bool{} // by position: whether it follows
	ofItems  = map[Model][]bool{} // as implied, of histories without reads by predicate
	byName   = map[string]Model{} // in lower case
)

func init() {
	for i, s := range Table {
		Position[s.Model] = i
		implied[s.Model] = closure(i, s.Direct, implied)
		ofItems[s.Model] = closure(i, slices.Concat(s.Direct, s.Items), ofItems)
		byName[string(s.Model)] = s.Model
		for _, n := range s.names {
			byName[strings.ToLower(n)] = s.Model
		}
	}
}

// closure returns what follows from the model at a position: itself, and what follows from those that it implies.
func closure(at int, direct []Model, of map[Model][]bool) []bool {
	follows := make([]bool, len(Table))
	follows[at] = true
	for _, d := range direct {
		for j, f := range of[d] {
			follows[j] = follows[j] || f
		}
	}
	return follows
}

// Models returns all models, each after those that it implies.
func Models() []Model {
	all := make([]Model, len(Table))
	for i, s := range Table {
		all[i] = s.Model
	}
	return all
}

// Implies reports whether each history that keeps m keeps other, which may be m itself. Of a history without reads by predicate
// more follows: see [History.Implies].
func (m Model) Implies(other Model) bool {
	i, ok := Position[other]
	return ok && implied[m] != nil && implied[m][i]
}

// Implies reports whether the history keeps other if it keeps m. Repeatable read forbids cycles with anti-dependencies of items only
// (Adya's G2-item), and so implies nothing that forbids phantoms, such as consistent view (G-single) and update serializable. Without
// reads by predicate all anti-dependencies are of items.
func (h *History) Implies(m, other Model) bool {
	i, ok := Position[other]
	return ok && h.Implied(m) != nil && h.Implied(m)[i]
}

// Implied returns by position in the table which models the history keeps if it keeps m; nil if m is no model.
func (h *History) Implied(m Model) []bool {
	if len(h.Predicates) > 0 {
		return implied[m]
	}
	return ofItems[m]
}

// Doc says in one sentence what the model is, and where it is defined.
func (m Model) Doc() string { return m.Spec().doc }

// Names returns what others call the model: Adya's and Elle's names, and short ones.
func (m Model) Names() []string { return slices.Clone(m.Spec().names) }

// Spec returns the row of the table that a model has; of a model that is none, it is empty.
func (m Model) Spec() Spec {
	if i, ok := Position[m]; ok {
		return Table[i]
	}
	return Spec{}
}

// Title is the model's name in a sentence.
func (m Model) Title() string { return strings.ReplaceAll(string(m), "-", " ") }

// FindModel returns the model of a name, which may be one of Elle's or Adya's, such as "PL-3". Case, underscores and a colon before it
// make no difference. The error of an unknown name has the one that is most like it; that of a model which can't be judged of
// transactions says why.
func FindModel(name string) (Model, error) {
	n := strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, ":")), "_", "-")
	if m, ok := byName[n]; ok {
		return m, nil
	}
	if as, ok := refusedAs[n]; ok {
		n = as
	}
	if why, ok := refused[n]; ok {
		return "", fmt.Errorf("model %q: %s", name, why)
	}
	if like := names.Nearest(n, slices.Sorted(maps.Keys(byName))); like != "" {
		return "", fmt.Errorf("model %q is unknown; did you mean %q?", name, like)
	}
	return "", fmt.Errorf("model %q is unknown; the models are %s", name, joinModels(Models()))
}

func joinModels(ms []Model) string {
	var all []string
	for _, m := range ms {
		all = append(all, string(m))
	}
	return strings.Join(all, ", ")
}

// Strongest returns those of the models that no other of them implies.
func Strongest(held []Model) []Model { return strongest(held, Model.Implies) }

// Strongest returns those of the models that no other of them implies of the history.
func (h *History) Strongest(held []Model) []Model { return strongest(held, h.Implies) }

func strongest(held []Model, implies func(m, other Model) bool) []Model {
	var all []Model
	for _, m := range held {
		if !slices.ContainsFunc(held, func(o Model) bool { return o != m && implies(o, m) }) {
			all = append(all, m)
		}
	}
	return all
}

// Titles returns the titles of models, comma-separated, as a report has them.
func Titles(ms []Model) string {
	var all []string
	for _, m := range ms {
		all = append(all, m.Title())
	}
	return strings.Join(all, ", ")
}

// Weakest returns those of the models that imply no other of them.
func Weakest(failing []Model) []Model { return weakest(failing, Model.Implies) }

// Weakest returns those of the models that imply no other of them of the history.
func (h *History) Weakest(failing []Model) []Model { return weakest(failing, h.Implies) }

func weakest(failing []Model, implies func(m, other Model) bool) []Model {
	var all []Model
	for _, m := range failing {
		if !slices.ContainsFunc(failing, func(o Model) bool { return o != m && implies(m, o) }) {
			all = append(all, m)
		}
	}
	return all
}
