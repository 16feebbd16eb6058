package txn

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
)

// String returns ww, wr, rw, so or rt.
func (k EdgeKind) String() string {
	switch k {
	case WW:
		return "ww"
	case WR:
		return "wr"
	case RW:
		return "rw"
	case SO:
		return "so"
	case RT:
		return "rt"
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// MarshalText returns the kind's name.
func (k EdgeKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// OpText is an operation as reports show it: "r x → [1 2]", "append y 4".
func (h *History) OpText(o Op) string {
	switch o.F {
	case Append:
		return fmt.Sprintf("append %s %s", h.Keys[o.Key], h.Spell(o.Value))
	case Write:
		return fmt.Sprintf("w %s %s", h.Keys[o.Key], h.Spell(o.Value))
	case Insert:
		return fmt.Sprintf("insert %s %s", h.Keys[o.Key], h.Spell(o.Value))
	case Delete:
		return "delete " + h.Keys[o.Key]
	case ReadAll:
		return h.rowsText(o)
	}
	switch {
	case !o.Known:
		return fmt.Sprintf("r %s → ?", h.Keys[o.Key])
	case o.Value != Nil:
		return fmt.Sprintf("r %s → %s", h.Keys[o.Key], h.Spell(o.Value))
	case o.Len == 0 && h.registers:
		return fmt.Sprintf("r %s → nil", h.Keys[o.Key])
	}
	return fmt.Sprintf("r %s → %s", h.Keys[o.Key], h.SpellList(o))
}

func (h *History) rowsText(o Op) string {
	if !o.Known {
		return fmt.Sprintf("rp %s → ?", h.Predicates[o.Key])
	}
	var rows []string
	for i := o.Off; i+1 < o.Off+o.Len; i += 2 {
		rows = append(rows, h.Keys[h.Pool[i]]+" "+h.Spell(h.Pool[i+1]))
	}
	return fmt.Sprintf("rp %s → {%s}", h.Predicates[o.Key], strings.Join(rows, ", "))
}

// TxnText has the operations of a transaction; of a long one those on the keys of an anomaly.
func (h *History) TxnText(t int32, a Anomaly) string {
	ops := h.OpsOf(t)
	var all []string
	left := 0
	for _, o := range ops {
		if len(ops) > 6 && !a.touches(h, o) {
			left++
			continue
		}
		all = append(all, h.OpText(o))
	}
	if left > 0 {
		all = append(all, fmt.Sprintf("and %d more", left))
	}
	return strings.Join(all, ", ")
}

// touches reports whether an operation is on a key that an anomaly is about.
func (a Anomaly) touches(h *History, o Op) bool {
	if o.F == ReadAll {
		return true
	}
	key := h.Keys[o.Key]
	return a.Key == key || slices.ContainsFunc(a.Edges, func(e Edge) bool { return e.Key == key })
}

// edgeText is an edge in a sentence: "T12 → T15  rw on x: T12 read x as [1], without 5".
func (h *History) edgeText(e Edge) string {
	on := e.Kind.String()
	if e.Key != "" {
		on += " on " + e.Key
	}
	return fmt.Sprintf("T%d → T%d  %s: T%d %s", e.From, e.To, on, e.From, e.Reason)
}

// Text says what was found in the history: for each weakest model that is broken the smallest anomaly that shows it, with its
// transactions and what was observed of each dependency; then which models hold.
func (r *Report) Text(h *History) string {
	var b strings.Builder
	shown := map[int]bool{}
	for _, m := range r.Weakest {
		f := r.Finding(m)
		fmt.Fprintf(&b, "✗ %s   %s: %s\n", m.Title(), r.Anomalies[f.Anomaly].Type, r.Anomalies[f.Anomaly].Reason)
		if !shown[f.Anomaly] {
			shown[f.Anomaly] = true
			b.WriteByte('\n')
			r.Anomalies[f.Anomaly].Write(&b, h)
			b.WriteByte('\n')
		}
	}
	for i, a := range r.Anomalies {
		if !shown[i] {
			fmt.Fprintf(&b, "also %s: %s\n", a.Type, a.Reason)
		}
	}
	for _, f := range r.Findings {
		if f.Verdict == checker.Unknown {
			fmt.Fprintf(&b, "? %s   %s\n", f.Model.Title(), f.Reason)
		}
	}
	if len(r.Strongest) > 0 {
		fmt.Fprintf(&b, "%s: %s\n", r.still("holds"), Titles(r.Strongest))
	}
	if len(r.Weakest) > 0 {
		fmt.Fprintf(&b, "broken: %s\n", Titles(r.broken()))
	}
	if h.Sessionless {
		b.WriteString("the history has no processes: each transaction counts as a session of its own\n")
	}
	return b.String()
}

func (r *Report) still(verb string) string {
	if len(r.Weakest) > 0 {
		return verb + " still"
	}
	return verb
}

// broken returns all models that do not hold.
func (r *Report) broken() []Model {
	var all []Model
	for _, f := range r.Findings {
		if f.Verdict == checker.Invalid {
			all = append(all, f.Model)
		}
	}
	return all
}

// Write writes the transactions of an anomaly and its edges.
func (a Anomaly) Write(b *strings.Builder, h *History) {
	for _, t := range a.Cast() {
		end := ""
		switch h.Txns[t].Type {
		case history.Fail:
			end = "   (failed)"
		case history.Info:
			end = "   (indeterminate)"
		}
		fmt.Fprintf(b, "  T%-6d process %-5d %s%s\n", t, h.Txns[t].Process, h.TxnText(t, a), end)
	}
	if len(a.Cases) > 0 {
		a.writeCases(b, h)
		return
	}
	for _, e := range a.Edges {
		fmt.Fprintf(b, "  %s\n", h.edgeText(e))
	}
}

// MarshalJSON writes the report as {"anomalies": [{"type", "models", "reason", "count", "txns", "edges": [{"from", "to", "kind", "key",
// "value", "next", "reason"}], "cases": [{"assumed", "cycle"}]}], "findings": [{"model", "verdict", "anomaly", "reason"}], "strongest", "weakest", "judged"}. Transactions
// are numbers from 0 in the order in which they began. The same history gives the same bytes.
func (r *Report) MarshalJSON() ([]byte, error) {
	type edge struct {
		From      int32    `json:"from"`
		To        int32    `json:"to"`
		Kind      EdgeKind `json:"kind"`
		Predicate bool     `json:"predicate,omitempty"`
		Key       string   `json:"key,omitempty"`
		Value     string   `json:"value,omitempty"`
		Next      string   `json:"next,omitempty"`
		Reason    Text     `json:"reason"`
	}
	type branch struct {
		Assumed []edge `json:"assumed"`
		Cycle   []edge `json:"cycle"`
	}
	type anomaly struct {
		Type   string   `json:"type"`
		Models []Model  `json:"models"`
		Reason Text     `json:"reason"`
		Key    string   `json:"key,omitempty"`
		Count  int      `json:"count"`
		Txns   []int32  `json:"txns"`
		Edges  []edge   `json:"edges"`
		Cases  []branch `json:"cases,omitempty"`
	}
	type finding struct {
		Model   Model           `json:"model"`
		Verdict checker.Verdict `json:"verdict"`
		Anomaly *int            `json:"anomaly,omitempty"` // index in anomalies
		Reason  string          `json:"reason,omitempty"`
	}
	out := struct {
		Anomalies []anomaly `json:"anomalies"`
		Findings  []finding `json:"findings"`
		Strongest []Model   `json:"strongest"`
		Weakest   []Model   `json:"weakest"`
		Judged    int       `json:"judged"`
	}{[]anomaly{}, []finding{}, append([]Model{}, r.Strongest...), append([]Model{}, r.Weakest...), r.Judged}
	for _, a := range r.Anomalies {
		x := anomaly{a.Type, append([]Model{}, a.Breaks...), a.Reason, a.Key, a.Count, append([]int32{}, a.Txns...), []edge{}, nil}
		for _, e := range a.Edges {
			x.Edges = append(x.Edges, edge(e))
		}
		for _, c := range a.Cases {
			var b branch
			for _, e := range c.Assumed {
				b.Assumed = append(b.Assumed, edge(e))
			}
			for _, e := range c.Cycle {
				b.Cycle = append(b.Cycle, edge(e))
			}
			x.Cases = append(x.Cases, b)
		}
		out.Anomalies = append(out.Anomalies, x)
	}
	for _, f := range r.Findings {
		x := finding{Model: f.Model, Verdict: f.Verdict, Reason: f.Reason}
		if f.Anomaly >= 0 {
			x.Anomaly = &f.Anomaly
		}
		out.Findings = append(out.Findings, x)
	}
	return json.Marshal(out)
}

// writeCases writes what follows from each order of writes that nothing observed decides.
func (a Anomaly) writeCases(b *strings.Builder, h *History) {
	for i, c := range a.Cases {
		word := "or"
		if i == 0 {
			word = "either"
		}
		for _, e := range c.Assumed {
			fmt.Fprintf(b, "  %s T%d wrote %s to %s before T%d wrote %s\n", word, e.From, e.Value, e.Key, e.To, e.Next)
			word = "and"
		}
		for _, e := range c.Cycle {
			fmt.Fprintf(b, "      %s\n", h.edgeText(e))
		}
	}
}

// Cast returns the transactions of an anomaly and those of its cases that are not among them: all that its texts name.
func (a Anomaly) Cast() []int32 {
	all := slices.Clone(a.Txns)
	for _, c := range a.Cases {
		for _, e := range slices.Concat(c.Assumed, c.Cycle) {
			for _, t := range []int32{e.From, e.To} {
				if !slices.Contains(all, t) {
					all = append(all, t)
				}
			}
		}
	}
	return all
}
