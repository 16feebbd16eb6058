package txn

import (
	"fmt"
	"slices"
	"strings"
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

// A rule says which cycles of dependencies a model forbids.
type rule uint8

const (
	ruleNone   rule = iota // none: the model is judged by more than cycles
	ruleWW                 // of ww
	ruleWWWR               // of ww and wr
	ruleCursor             // as ruleWWWR, and unread writes are ordered so that no update is lost
	ruleAtomic             // as ruleCursor, and so that no transaction is seen in part
	ruleSingle             // with one rw at most
	ruleUpdate             // of transactions that write, and at most one that only reads
	rulePrefix             // in which no rw follows directly on rw or ww
	ruleSI                 // in which no rw follows directly on rw
	ruleAny                // any
)

// A spec is a row of the table of models.
type spec struct {
	model   Model
	rule    rule
	more    bool     // the rule is not all: what the model forbids beside it has to be looked for
	also    EdgeKind // the orders that count as dependencies: SO, or SO|RT
	direct  []Model  // those that it implies, without those that they imply
	forbids []string // types of anomalies, beside those that the implied models forbid
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

// table has each model after those that it implies.
var table = []spec{
	{model: ReadYourWrites, forbids: []string{"own-write-unseen"}, names: []string{"ryw"},
		doc: "A transaction sees what its session wrote before" + terry},
	{model: MonotonicReads, forbids: []string{"non-monotonic-reads"}, names: []string{"mr"},
		doc: "A transaction sees what its session read before" + terry},
	{model: MonotonicWrites, forbids: []string{"non-monotonic-writes"}, names: []string{"mw"},
		doc: "A transaction that sees a write of a session sees the writes of that session before it" + terry},
	{model: WritesFollowReads, forbids: []string{"writes-before-reads"}, names: []string{"wfr"},
		doc: "A transaction that sees a write of a session sees what that session had read before it" + terry},
	{model: PRAM, direct: []Model{ReadYourWrites, MonotonicReads, MonotonicWrites}, names: []string{"pipelined-ram", "fifo"},
		doc: "Read your writes, monotonic reads and monotonic writes (Lipton and Sandberg, PRAM, 1988; Brzezinski et al. 2004)"},
	{model: ReadUncommitted, rule: ruleWW, forbids: []string{"duplicate-elements", "cyclic-versions"}, names: []string{"PL-1"},
		doc: "Writes of two transactions are in one order on all keys" + adya},
	{model: StrongSessionReadUncommitted, rule: ruleWW, also: SO, direct: []Model{ReadUncommitted}, names: []string{"strong-session-PL-1"},
		doc: "Read uncommitted, and the order of writes keeps that of sessions" + adya},
	{model: StrongReadUncommitted, rule: ruleWW, also: SO | RT, direct: []Model{StrongSessionReadUncommitted}, names: []string{"strong-PL-1"},
		doc: "Read uncommitted, and the order of writes keeps real time" + adya},
	{model: ReadCommitted, rule: ruleWWWR, direct: []Model{ReadUncommitted}, names: []string{"PL-2"},
		forbids: []string{"G1a", "G1b", "garbage-read", "incompatible-order", "dirty-update", "future-read"},
		doc:     "No transaction reads what was aborted, overwritten by its own writer, or comes of itself" + adya},
	{model: StrongSessionReadCommitted, rule: ruleWWWR, also: SO, direct: []Model{ReadCommitted, StrongSessionReadUncommitted},
		names: []string{"strong-session-PL-2"},
		doc:   "Read committed, and the flow of information keeps the order of sessions" + adya},
	{model: StrongReadCommitted, rule: ruleWWWR, also: SO | RT, direct: []Model{StrongSessionReadCommitted, StrongReadUncommitted},
		names: []string{"strong-PL-2"},
		doc:   "Read committed, and the flow of information keeps real time" + adya},
	{model: CursorStability, rule: ruleCursor, direct: []Model{ReadCommitted}, forbids: []string{"lost-update"}, names: []string{"PL-CS", "G-cursor"},
		doc: "Between reading a key and writing it, no other transaction writes it" + adya},
	{model: MonotonicAtomicView, direct: []Model{ReadCommitted}, forbids: []string{"non-atomic-view"}, names: []string{"mav"},
		doc: "Once a transaction has seen another, its later reads see all of it (Bailis et al., Highly Available Transactions, VLDB 2013)"},
	{model: UpdateAtomic, rule: ruleAtomic, more: true, direct: []Model{CursorStability, MonotonicAtomicView},
		forbids: []string{"internal", "fractured-read", "update-not-seen"},
		doc:     "A transaction sees others wholly or not at all, and those that wrote its keys before it" + ceron},
	{model: ReadAtomic, direct: []Model{MonotonicAtomicView, StrongSessionReadCommitted, ReadYourWrites}, forbids: []string{"internal", "fractured-read"}, names: []string{"ra"},
		doc: "A transaction sees others wholly or not at all, and those of its session before it" + biswa},
	{model: CausalCerone, direct: []Model{MonotonicAtomicView}, forbids: []string{"internal", "fractured-read", "causality-violation"},
		doc: "A transaction that sees another sees what that one saw; sessions count for nothing" + ceron},
	{model: Causal, direct: []Model{ReadAtomic, CausalCerone, PRAM, WritesFollowReads}, forbids: []string{"session-causality-violation"},
		names: []string{"cc", "causal-consistency", "causal-convergence"},
		doc:   "A transaction that sees another sees what that one saw, and what came before that one in its session" + biswa},
	{model: ConsistentView, rule: ruleSingle, direct: []Model{CursorStability, MonotonicAtomicView}, names: []string{"PL-2+"},
		doc: "No cycle of dependencies has one anti-dependency only" + adya},
	{model: UpdateSerializable, rule: ruleUpdate, direct: []Model{ConsistentView}, names: []string{"PL-3U"},
		doc: "Transactions that write are serializable, also together with any one that only reads" + adya},
	{model: ParallelSnapshotIsolation, rule: ruleSingle, direct: []Model{UpdateAtomic, CausalCerone, ConsistentView}, names: []string{"psi"},
		doc: "Each reads a causal snapshot, and of two that write a key one sees the other " +
			"(Sovran et al., Transactional storage for geo-replicated systems, SOSP 2011; Cerone and Gotsman 2018)"},
	{model: StrongSessionParallelSnapshotIsolation, rule: ruleSingle, also: SO, direct: []Model{ParallelSnapshotIsolation, Causal},
		names: []string{"strong-session-psi"},
		doc:   "Parallel snapshot isolation, and each sees what came before it in its session (Cerone and Gotsman, Analysing Snapshot Isolation, 2018)"},
	{model: Prefix, rule: rulePrefix, also: SO, direct: []Model{Causal}, names: []string{"pc", "prefix-consistency"},
		doc: "Transactions commit in one order, and each reads a prefix of it that has its session's" + biswa},
	{model: SnapshotIsolation, rule: ruleSI, direct: []Model{ParallelSnapshotIsolation}, names: []string{"PL-SI", "si", "generalized-snapshot-isolation"},
		doc: "Transactions commit in one order, each reads a prefix of it, and of two at the same time at most one writes a key (Cerone and Gotsman 2018)"},
	{model: RepeatableRead, rule: ruleAny, direct: []Model{ConsistentView, UpdateSerializable}, names: []string{"PL-2.99"},
		doc: "No cycle of dependencies, but for those that come of reads by predicate" + adya},
	{model: Serializable, rule: ruleAny, direct: []Model{RepeatableRead, SnapshotIsolation},
		names: []string{"PL-3", "conflict-serializable", "view-serializable", "1SR", "ser"},
		doc:   "There is one order of all transactions that explains what each read" + adya},
	{model: StrongSessionSnapshotIsolation, rule: ruleSI, also: SO,
		direct: []Model{SnapshotIsolation, StrongSessionParallelSnapshotIsolation, Prefix, StrongSessionReadCommitted}, names: []string{"strong-session-si", "strong-session-PL-SI"},
		doc: "Snapshot isolation, and each sees what came before it in its session" + daudj},
	{model: StrongSnapshotIsolation, rule: ruleSI, also: SO | RT, direct: []Model{StrongSessionSnapshotIsolation, StrongReadCommitted},
		names: []string{"strong-si", "strong-PL-SI"},
		doc:   "Snapshot isolation, and each sees all that had ended before it began" + daudj},
	{model: StrongSessionSerializable, rule: ruleAny, also: SO, direct: []Model{Serializable, StrongSessionSnapshotIsolation},
		names: []string{"session-serializable", "strong-session-1SR", "strong-session-PL-3"},
		doc:   "Serializable, and the order keeps that of sessions" + daudj},
	{model: PerKeyStrictSerializable, direct: []Model{Serializable}, forbids: []string{"stale-key"}, names: []string{"per-key-strict-serializable"},
		doc: "Serializable, and the transactions on each key alone are strictly so (as CockroachDB promises; elle issue 27)"},
	{model: StrictSerializable, rule: ruleAny, also: SO | RT,
		direct: []Model{StrongSessionSerializable, StrongSnapshotIsolation, PerKeyStrictSerializable},
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

// aliases of refused names.
var refusedAs = map[string]string{"pl-2l": "monotonic-view", "pl-fcv": "forward-consistent-view", "pl-msr": "monotonic-snapshot-read"}

var (
	position = map[Model]int{}    // of each model in the table
	implied  = map[Model][]bool{} // by position: whether it follows
	byName   = map[string]Model{} // in lower case
)

func init() {
	for i, s := range table {
		position[s.model] = i
		follows := make([]bool, len(table))
		follows[i] = true
		for _, d := range s.direct {
			for j, f := range implied[d] {
				follows[j] = follows[j] || f
			}
		}
		implied[s.model] = follows
		byName[string(s.model)] = s.model
		for _, n := range s.names {
			byName[strings.ToLower(n)] = s.model
		}
	}
}

// Models returns all models, each after those that it implies.
func Models() []Model {
	all := make([]Model, len(table))
	for i, s := range table {
		all[i] = s.model
	}
	return all
}

// Implies reports whether each history that keeps m keeps other, which may be m itself.
func (m Model) Implies(other Model) bool {
	i, ok := position[other]
	return ok && implied[m] != nil && implied[m][i]
}

// Doc says in one sentence what the model is, and where it is defined.
func (m Model) Doc() string { return m.spec().doc }

// Names returns what others call the model: Adya's and Elle's names, and short ones.
func (m Model) Names() []string { return slices.Clone(m.spec().names) }

func (m Model) spec() spec {
	if i, ok := position[m]; ok {
		return table[i]
	}
	return spec{}
}

// title is the model's name in a sentence.
func (m Model) title() string { return strings.ReplaceAll(string(m), "-", " ") }

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
	if like := nearest(n); like != "" {
		return "", fmt.Errorf("model %q is unknown; did you mean %q?", name, like)
	}
	return "", fmt.Errorf("model %q is unknown; the models are %s", name, joinModels(Models()))
}

func joinModels(ms []Model) string {
	var names []string
	for _, m := range ms {
		names = append(names, string(m))
	}
	return strings.Join(names, ", ")
}

// nearest returns the known name that needs the fewest edits to become name, if those are few.
func nearest(name string) string {
	best, least := "", len(name)/3+2
	known := make([]string, 0, len(byName))
	for n := range byName {
		known = append(known, n)
	}
	slices.Sort(known)
	for _, n := range known {
		if d := edits(name, n); d < least {
			best, least = n, d
		}
	}
	return best
}

// edits is the distance of Levenshtein.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := last
			if a[i] != b[j] {
				cost = 1 + min(last, row[j], row[j+1])
			}
			last, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

// Strongest returns those of the models that no other of them implies.
func Strongest(held []Model) []Model {
	var all []Model
	for _, m := range held {
		if !slices.ContainsFunc(held, func(o Model) bool { return o != m && o.Implies(m) }) {
			all = append(all, m)
		}
	}
	return all
}

func titles(ms []Model) string {
	var all []string
	for _, m := range ms {
		all = append(all, m.title())
	}
	return strings.Join(all, ", ")
}
